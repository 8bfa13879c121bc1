"""What the sandbox provider delivered: the queries of both stores."""

import json
from typing import Final

from sqlalchemy import Connection, LargeBinary, Row, Select, delete, literal, select

from posthouse.core.delivery.model import SandboxMessage
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared.documents import upsert_for
from posthouse.stores.shared.schema import sandbox

KEPT: Final = 1_000
"""Newest messages kept for each workspace."""


def keep(connection: Connection, kept: SandboxMessage) -> None:
    """Keeps one delivery, lets go of the oldest beyond :data:`KEPT`."""
    row = {
        "workspace_id": kept.workspace_id,
        "at": kept.at,
        "sender": kept.sender,
        "recipients": json.dumps(kept.recipients, ensure_ascii=False),
        "content": kept.content,
    }
    statement = upsert_for(connection, sandbox).values(message_id=kept.message_id, **row)
    connection.execute(statement.on_conflict_do_update(index_elements=["message_id"], set_=row))
    mine = sandbox.c.workspace_id == kept.workspace_id
    too_many = select(sandbox.c.message_id).where(mine).order_by(sandbox.c.at.desc()).offset(KEPT).limit(KEPT)
    connection.execute(delete(sandbox).where(sandbox.c.message_id.in_(too_many)))


def listed(connection: Connection, workspace_id: Id, limit: int, before: Id | None) -> list[SandboxMessage]:
    """Newest first, without content."""
    statement = _select(with_content=False).where(sandbox.c.workspace_id == workspace_id)
    if before is not None:
        statement = statement.where(sandbox.c.message_id < before)
    found = connection.execute(statement.order_by(sandbox.c.message_id.desc()).limit(limit))
    return [_message(row) for row in found]


def one(connection: Connection, workspace_id: Id, message_id: Id) -> SandboxMessage | None:
    """One of them with its content."""
    mine = (sandbox.c.message_id == message_id) & (sandbox.c.workspace_id == workspace_id)
    row = connection.execute(_select(with_content=True).where(mine)).first()
    return None if row is None else _message(row)


def _select(*, with_content: bool) -> Select[Id, Id, int, str, str, bytes]:
    c = sandbox.c
    content = c.content if with_content else literal(b"", LargeBinary)
    return select(c.message_id, c.workspace_id, c.at, c.sender, c.recipients, content)


def _message(row: Row[Id, Id, int, str, str, bytes]) -> SandboxMessage:
    message_id, workspace_id, at, sender, recipients, content = row
    return SandboxMessage(message_id, workspace_id, at, sender, tuple(json.loads(recipients)), content)
