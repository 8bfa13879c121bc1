"""Messages read back and searched: the queries of both stores."""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, case, func, literal, or_, select

from posthouse.core.kernel.clock import MINUTE
from posthouse.core.kernel.ids import Id, lowest_at
from posthouse.core.messages.model import Channel, Lane, Message, MessageQuery, Status
from posthouse.core.templates.model import UnknownPolicy
from posthouse.stores.shared.documents import insert_unless_there
from posthouse.stores.shared.schema import (
    blobs,
    idempotency,
    message_tags,
    messages,
    queue,
    releases,
    states,
    templates,
)

POLICIES: Final = (UnknownPolicy.RESEND, UnknownPolicy.HOLD)
"""By the number kept in ``messages.policy``."""
_SLACK_MS: Final = MINUTE // 1000
"""How far an identifier's own time may lie from ``created_at``, milliseconds."""
_MOST_MS: Final = (1 << 48) - 1


def message(connection: Connection, workspace_id: Id, message_id: Id, now: int) -> Message | None:
    """One message with its state."""
    mine = (messages.c.id == message_id) & (messages.c.workspace_id == workspace_id)
    row = connection.execute(_select(now).where(mine)).first()
    return None if row is None else _message(row)


def message_anywhere(connection: Connection, message_id: Id, now: int) -> Message | None:
    """One message, whichever workspace it is of."""
    row = connection.execute(_select(now).where(messages.c.id == message_id)).first()
    return None if row is None else _message(row)


def search(connection: Connection, query: MessageQuery, now: int) -> list[Message]:
    """At most ``query.limit`` messages, newest first. ``since`` is included, ``until`` is not."""
    driver = _driving_table(query)
    key = _key_of(driver)
    statement = _select(now, driver).where(*_filters(query, driver, now))
    if query.tag is not None and driver is not message_tags:
        statement = statement.join(message_tags, message_tags.c.message_id == messages.c.id)
    rows = connection.execute(statement.order_by(key.desc()).limit(query.limit))
    return [_message(row) for row in rows]


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


def _narrow(query: MessageQuery) -> bool:
    """Whether an index of ``messages`` answers the query."""
    return query.recipient is not None or query.correlation is not None or query.template_key is not None


def _driving_table(query: MessageQuery) -> Table:
    """The table that narrows most: its key is walked backwards, so that order costs nothing."""
    if _narrow(query):
        return messages
    if query.tag is not None:
        return message_tags
    if query.status is not None:
        return queue if query.status.pending else states
    return messages


def _key_of(table: Table) -> ColumnElement[Id]:
    return table.c.id if table is messages else table.c.message_id


def _filters(query: MessageQuery, driver: Table, now: int) -> list[ColumnElement[bool]]:
    """Every filter that is given, as conditions."""
    m = messages.c
    found = [_workspace_filter(query, driver), *_time_filters(query, _key_of(driver))]
    if query.recipient is not None:
        found.append(m.recipient == query.recipient)
    if query.correlation is not None:
        found.append(m.correlation == query.correlation)
    if query.live is not None:
        found.append(m.live == query.live)
    if query.template_key is not None:
        wanted = (templates.c.workspace_id == query.workspace_id) & (templates.c.key == query.template_key)
        found.append(m.template_id == select(templates.c.id).where(wanted).scalar_subquery())
    if query.tag is not None:
        found += [message_tags.c.workspace_id == query.workspace_id, message_tags.c.tag == query.tag]
    if query.status is not None:
        found.append(_status_filter(query.status, now))
    return found


def _workspace_filter(query: MessageQuery, driver: Table) -> ColumnElement[bool]:
    """On the driving table alone, and there only where an index begins with it.

    Where none helps, the column is hidden from the planner (coalesce), which would otherwise take any index that begins with the
    workspace and sort everything it finds.
    """
    column = driver.c.workspace_id
    indexed = driver is message_tags or driver is states or (driver is messages and _narrow(query))
    return (column if indexed else func.coalesce(column, column)) == query.workspace_id


def _time_filters(query: MessageQuery, key: ColumnElement[Id]) -> list[ColumnElement[bool]]:
    """Instants narrow the range of identifiers first (they sort by time), then hold exactly."""
    found: list[ColumnElement[bool]] = []
    if query.before is not None:
        found.append(key < query.before)
    if query.since is not None:
        found += [key >= lowest_at(query.since // 1000 - _SLACK_MS), messages.c.created_at >= query.since]
    if query.until is not None:
        until_ms = min(query.until // 1000 + _SLACK_MS, _MOST_MS)
        found += [key < lowest_at(until_ms), messages.c.created_at < query.until]
    return found


def _status_filter(status: Status, now: int) -> ColumnElement[bool]:
    q = queue.c
    if not status.pending:
        return states.c.status == int(status)
    let_go = func.coalesce(q.held, 0) == 0  # hidden from the planner, which would take queue_due and sort
    free = and_(let_go, q.lease.is_(None))
    conditions: dict[Status, ColumnElement[bool]] = {
        Status.HELD: q.held != 0,
        Status.SENDING: and_(let_go, q.lease.is_not(None), q.available_at > now),
        Status.DEFERRED: and_(free, q.attempts > 0),
        Status.SCHEDULED: and_(free, q.attempts == 0, messages.c.due_at > now),
        Status.QUEUED: and_(
            let_go,
            or_(
                and_(q.lease.is_(None), q.attempts == 0, messages.c.due_at <= now),
                and_(q.lease.is_not(None), q.available_at <= now),
            ),
        ),
    }
    return conditions[status]


def _select(now: int, driver: Table = messages) -> Select[*tuple[Any, ...]]:
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
    statement = select(*columns).select_from(driver)
    if driver is not messages:
        statement = statement.join(messages, m.id == driver.c.message_id)
    for place in (queue, states):
        if place is not driver:
            statement = statement.outerjoin(place, place.c.message_id == _key_of(driver))
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
