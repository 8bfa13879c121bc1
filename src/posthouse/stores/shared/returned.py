"""Returned mail filed: the queries of both stores, each in the caller's transaction."""

from typing import Final

from sqlalchemy import Connection, delete, insert, select, update

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Message, Status
from posthouse.core.returned.ports import FORWARD, Filing, Unmatched
from posthouse.stores.shared import late, messages, tracking
from posthouse.stores.shared.documents import from_document, insert_unless_there, to_document
from posthouse.stores.shared.events import write_events
from posthouse.stores.shared.queue import not_being_sent
from posthouse.stores.shared.schema import queue, states
from posthouse.stores.shared.suppression_schema import receipts
from posthouse.stores.shared.suppression_schema import unmatched as unmatched_table
from posthouse.stores.shared.suppressions import suppress

KEPT: Final = 1_000
SETTLED_AT_ONCE: Final = 500


def message_of(connection: Connection, message_id: Id, now: int) -> Message | None:
    """A message of any workspace."""
    return messages.message_anywhere(connection, message_id, now)


def file_return(connection: Connection, shard: int, filing: Filing) -> None:
    """Writes one returned mail down: suppressions first, as every writer of them takes their lock first."""
    if filing.suppressions or filing.soft_bounces:
        suppress(connection, filing.suppressions, filing.soft_bounces)
    if filing.events:
        known = tracking.tracked(connection, list({event.message_id for event in filing.events}))
        erased = {message_id for message_id, one in known.items() if one.erased}
        late.give_an_end(connection, [known[one] for one in erased])
        told = [late.without_person(event) if event.message_id in erased else event for event in filing.events]
        write_events(connection, shard, told)
    if filing.status is not None:
        message_id, status, at = filing.status
        if not _move(connection, message_id, status, at):
            row = {"message_id": message_id, "status": int(status), "at": at}
            connection.execute(insert_unless_there(connection, receipts).values(**row))
    if filing.unmatched is not None:
        _keep_unmatched(connection, filing.unmatched)


def settle_receipts(connection: Connection, before: int) -> int:
    """Brings noted reports to messages that have ended; how many were settled or dropped."""
    c = receipts.c
    rows = connection.execute(select(c.message_id, c.status, c.at).order_by(c.at).limit(SETTLED_AT_ONCE)).all()
    settled = 0
    for message_id, status, at in rows:
        if _move(connection, message_id, Status(status), at) or at < before:
            mine = (c.message_id == message_id) & (c.status == status)
            settled += connection.execute(delete(receipts).where(mine)).rowcount
    return settled


def unmatched(connection: Connection, limit: int) -> list[Unmatched]:
    """The list, newest first."""
    c = unmatched_table.c
    found = connection.execute(select(c.document).order_by(c.id.desc()).limit(limit))
    return [from_document(document, Unmatched) for document in found.scalars()]


def _move(connection: Connection, message_id: Id, status: Status, at: int) -> bool:
    """Moves a message forward, out of the queue if need be; False: it is being sent at this moment."""
    s = states.c
    now = connection.execute(select(s.status).where(s.message_id == message_id)).scalar()
    if now is None:
        mine = (queue.c.message_id == message_id) & not_being_sent(at)
        gone = connection.execute(delete(queue).where(mine).returning(queue.c.workspace_id, queue.c.attempts)).first()
        if gone is None:
            return False
        row = {"message_id": message_id, "workspace_id": gone[0], "ended_at": at, "attempts": gone[1]}
        connection.execute(insert(states).values(**row, status=int(status)))
    elif now in FORWARD[status]:
        mine = (s.message_id == message_id) & (s.status == now)
        connection.execute(update(states).where(mine).values(status=int(status), ended_at=at))
    return True


def _keep_unmatched(connection: Connection, mail: Unmatched) -> None:
    c = unmatched_table.c
    row = {"id": mail.id, "digest": mail.digest, "document": to_document(mail)}
    connection.execute(insert_unless_there(connection, unmatched_table).values(**row))
    oldest = select(c.id).order_by(c.id.desc()).limit(1).offset(KEPT - 1).scalar_subquery()
    connection.execute(delete(unmatched_table).where(c.id < oldest))
