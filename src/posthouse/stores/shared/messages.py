"""Messages read back: the queries of both stores."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, case, func, literal, select

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Lane, Message, Status
from posthouse.core.templates.model import UnknownPolicy
from posthouse.stores.shared.documents import insert_unless_there
from posthouse.stores.shared.schema import (
    blobs,
    idempotency,
    messages,
    queue,
    releases,
    states,
    templates,
)

POLICIES: Final = (UnknownPolicy.RESEND, UnknownPolicy.HOLD)
"""By the number kept in ``messages.policy``."""


def message(connection: Connection, workspace_id: Id, message_id: Id, now: int) -> Message | None:
    """One message with its state."""
    mine = (messages.c.id == message_id) & (messages.c.workspace_id == workspace_id)
    row = connection.execute(_select(now).where(mine)).first()
    return None if row is None else _message(row)


def message_anywhere(connection: Connection, message_id: Id, now: int) -> Message | None:
    """One message, whichever workspace it is of."""
    row = connection.execute(_select(now).where(messages.c.id == message_id)).first()
    return None if row is None else _message(row)


def messages_by_id(connection: Connection, message_ids: Sequence[Id], now: int) -> dict[Id, Message]:
    """Messages by their identifiers."""
    rows = connection.execute(_select(now).where(messages.c.id.in_(message_ids)))
    return {row[0]: _message(row) for row in rows}


def status_now(connection: Connection, workspace_id: Id, message_id: Id, now: int) -> Status | None:
    """Where a message is in its life, None: no such message."""
    found = message(connection, workspace_id, message_id, now)
    return None if found is None else found.status


def add_blob(connection: Connection, workspace_id: Id, digest: bytes, data: bytes, at: int) -> None:
    """Keeps bytes under their SHA-256; again is fine."""
    row = {"workspace_id": workspace_id, "digest": digest, "created_at": at, "data": data}
    connection.execute(insert_unless_there(connection, blobs).values(**row))


def blob(connection: Connection, workspace_id: Id, digest: bytes) -> bytes | None:
    """The bytes again."""
    mine = (blobs.c.workspace_id == workspace_id) & (blobs.c.digest == digest)
    return connection.execute(select(blobs.c.data).where(mine)).scalar()


def kept_answer(connection: Connection, workspace_id: Id, key: str) -> tuple[bytes, bytes] | None:
    """The hash of the body and the answer that are kept under an idempotency key."""
    c = idempotency.c
    mine = (c.workspace_id == workspace_id) & (c.key == key)
    row = connection.execute(select(c.body_hash, c.answer).where(mine)).first()
    return None if row is None else (bytes(row[0]), bytes(row[1]))


def blob_sizes(connection: Connection, workspace_id: Id, digests: Sequence[bytes]) -> dict[bytes, int]:
    """How many bytes each has, of those that the workspace keeps; the bytes themselves are not read."""
    mine = (blobs.c.workspace_id == workspace_id) & blobs.c.digest.in_(digests)
    rows = connection.execute(select(blobs.c.digest, func.length(blobs.c.data)).where(mine))
    return {bytes(digest): size for digest, size in rows}


def _select(now: int) -> Select[*tuple[Any, ...]]:
    """All columns of a message as read back; the place in its life is worked out in the statement."""
    m, q = messages.c, queue.c
    status = case(
        (states.c.status.is_not(None), states.c.status),
        (q.held != 0, int(Status.HELD)),
        (and_(q.lease.is_not(None), q.available_at > now), int(Status.SENDING)),
        (q.lease.is_not(None), int(Status.QUEUED)),
        (q.attempts > 0, int(Status.DEFERRED)),
        (m.due_at > now, int(Status.SCHEDULED)),
        else_=literal(int(Status.QUEUED)),
    )
    columns = [
        m.id, m.workspace_id, m.key_id, m.live, m.channel, m.lane, m.template_id, templates.c.key, m.release_id,
        releases.c.version, m.locale, m.recipient, m.recipient_name, m.variables, m.created_at, m.due_at, m.expires_at,
        m.policy, m.extras, m.tags, m.correlation, m.supersedes, status, states.c.attempts, q.attempts,
        q.available_at, states.c.ended_at,
    ]  # fmt: skip
    statement = select(*columns).select_from(messages)
    for place in (queue, states):
        statement = statement.outerjoin(place, place.c.message_id == m.id)
    return statement.outerjoin(templates, templates.c.id == m.template_id).outerjoin(
        releases, releases.c.id == m.release_id
    )


def _message(row: Row[*tuple[Any, ...]]) -> Message:
    (
        message_id, workspace_id, key_id, live, channel, lane, template_id, template_key, release_id,
        version, locale, recipient, recipient_name, variables, created_at, due_at, expires_at,
        policy, extras, tags, correlation, supersedes, status, attempts, attempts_so_far,
        next_at, ended_at,
    ) = row  # fmt: skip
    return Message(
        id=message_id,
        workspace_id=workspace_id,
        key_id=key_id,
        live=bool(live),
        channel=Channel(channel),
        lane=Lane(lane),
        template_id=template_id,
        template_key=template_key,
        release_id=release_id,
        version=version,
        locale=locale,
        recipient=recipient,
        recipient_name=recipient_name,
        variables=variables,
        created_at=created_at,
        due_at=due_at,
        expires_at=expires_at,
        policy=POLICIES[policy],
        extras=extras,
        tags=tuple(json.loads(tags)) if tags else (),
        correlation=correlation,
        supersedes=supersedes,
        status=Status(status),
        attempts=attempts if attempts is not None else attempts_so_far or 0,
        next_at=next_at if ended_at is None else None,
        ended_at=ended_at,
    )
