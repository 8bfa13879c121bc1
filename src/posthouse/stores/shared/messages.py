"""Messages read back and searched: the queries of both stores."""

import json
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, case, literal, or_, select

from posthouse.core.kernel.clock import MINUTE
from posthouse.core.kernel.ids import Id, lowest_at
from posthouse.core.messages.model import Channel, Lane, Message, MessageQuery, Status
from posthouse.core.templates.model import UnknownPolicy
from posthouse.stores.shared.documents import insert_unless_there
from posthouse.stores.shared.schema import blobs, message_tags, messages, queue, releases, states, templates

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


def search(connection: Connection, query: MessageQuery, now: int) -> list[Message]:
    """At most ``query.limit`` messages, newest first. ``since`` is included, ``until`` is not."""
    driver = _driving_column(query)
    statement = _select(now).where(messages.c.workspace_id == query.workspace_id, *_filters(query, driver, now))
    if query.tag is not None:
        statement = statement.join(message_tags, message_tags.c.message_id == messages.c.id)
    rows = connection.execute(statement.order_by(driver.desc()).limit(query.limit))
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


def _filters(query: MessageQuery, driver: ColumnElement[Id], now: int) -> list[ColumnElement[bool]]:
    """Every filter that is given, as conditions."""
    m = messages.c
    found = _time_filters(query, driver)
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
        found += _status_filters(query.status, query.workspace_id, now)
    return found


def _time_filters(query: MessageQuery, driver: ColumnElement[Id]) -> list[ColumnElement[bool]]:
    """Instants narrow the range of identifiers first (they sort by time), then hold exactly."""
    found: list[ColumnElement[bool]] = []
    if query.before is not None:
        found.append(driver < query.before)
    if query.since is not None:
        found += [driver >= lowest_at(query.since // 1000 - _SLACK_MS), messages.c.created_at >= query.since]
    if query.until is not None:
        until_ms = min(query.until // 1000 + _SLACK_MS, _MOST_MS)
        found += [driver < lowest_at(until_ms), messages.c.created_at < query.until]
    return found


def _driving_column(query: MessageQuery) -> ColumnElement[Id]:
    """The identifier column of the table that narrows most: it is walked backwards, so order costs nothing."""
    narrowed = query.recipient is not None or query.correlation is not None or query.template_key is not None
    if query.tag is not None and not narrowed:
        return message_tags.c.message_id
    if query.status is not None and not narrowed:
        return queue.c.message_id if query.status.pending else states.c.message_id
    return messages.c.id


def _status_filters(status: Status, workspace_id: Id, now: int) -> list[ColumnElement[bool]]:
    q = queue.c
    if not status.pending:
        return [states.c.workspace_id == workspace_id, states.c.status == int(status)]
    free = and_(q.held == 0, q.lease.is_(None))
    conditions: dict[Status, ColumnElement[bool]] = {
        Status.HELD: q.held != 0,
        Status.SENDING: and_(q.held == 0, q.lease.is_not(None), q.available_at > now),
        Status.DEFERRED: and_(free, q.attempts > 0),
        Status.SCHEDULED: and_(free, q.attempts == 0, messages.c.due_at > now),
        Status.QUEUED: and_(
            q.held == 0,
            or_(
                and_(q.lease.is_(None), q.attempts == 0, messages.c.due_at <= now),
                and_(q.lease.is_not(None), q.available_at <= now),
            ),
        ),
    }
    return [q.workspace_id == workspace_id, conditions[status]]


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
    return (
        select(*columns)
        .outerjoin(queue, q.message_id == m.id)
        .outerjoin(states, states.c.message_id == m.id)
        .outerjoin(templates, templates.c.id == m.template_id)
        .outerjoin(releases, releases.c.id == m.release_id)
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
