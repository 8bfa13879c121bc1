"""Finding messages: the search of both stores.

One filter *drives*: its index is walked backwards, so that order costs nothing; the others are looked up for each message that it
gives. Which one drives is asked of the indexes themselves, by counting so far and no farther. Where every filter has many messages
and few match all, a search looks at :data:`MOST` of them and says where to look on.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, literal, or_, select

from posthouse.core.kernel.clock import MINUTE
from posthouse.core.kernel.ids import Id, lowest_at
from posthouse.core.messages.model import Found, Message, MessageQuery, Status
from posthouse.stores.shared.column_types import Folded
from posthouse.stores.shared.messages import messages_by_id
from posthouse.stores.shared.schema import message_tags, messages, queue, states, templates
from posthouse.stores.shared.word_schema import message_words

FIRST_LOOK: Final = 250
"""Messages that the first step looks at; each further step at four times as many."""
MOST: Final = 5_000
"""That one search looks at: some tens of milliseconds."""
COUNTED: Final = 2_000
"""How far an index is counted to find the narrowest: less than a millisecond."""
_SLACK_MS: Final = MINUTE // 1000
"""How far an identifier's own time may lie from ``created_at``, milliseconds."""
_MOST_MS: Final = (1 << 48) - 1
_M: Final = messages.c


class Driver(NamedTuple):
    """An index to walk: ``where`` is what its first columns must be, ``name`` the filter that it answers."""

    name: str
    table: Table
    key: ColumnElement[Id]
    where: tuple[ColumnElement[bool], ...]


def search(connection: Connection, query: MessageQuery, now: int) -> Found:
    """At most ``query.limit`` messages, newest first. ``since`` is included, ``until`` is not."""
    template_id = _template_id(connection, query)
    if query.template_key is not None and template_id is None:
        return Found([])
    driver = _narrowest(connection, query, list(_drivers(query, template_id)))
    rest = _rest(query, template_id, driver.name, now)
    found: list[Id] = []
    before, looked, step = query.before, 0, FIRST_LOOK
    if not rest:
        walked = connection.execute(_walk(query, driver, before).limit(query.limit))
        return Found(_whole(connection, list(walked.scalars()), now))
    while True:
        walk = _walk(query, driver, before)
        found += _matching(connection, walk.limit(step), rest)
        if len(found) >= query.limit:
            return Found(_whole(connection, found[: query.limit], now))
        before = connection.execute(walk.offset(step - 1).limit(1)).scalar()
        looked += step
        if before is None or looked >= MOST:
            return Found(_whole(connection, found, now), before)
        step = min(step * 4, MOST - looked)


def _template_id(connection: Connection, query: MessageQuery) -> Id | None:
    if query.template_key is None:
        return None
    t = templates.c
    mine = (t.workspace_id == query.workspace_id) & (t.key == query.template_key)
    found: Id | None = connection.execute(select(t.id).where(mine)).scalar()
    return found


def _drivers(query: MessageQuery, template_id: Id | None) -> Iterator[Driver]:
    """The indexes that could be walked, those that are narrow by nature first; the key of all messages comes last."""
    workspace = query.workspace_id
    mine = _M.workspace_id == workspace
    for word in query.words:
        yield Driver(f"word {word}", message_words, message_words.c.message_id, (message_words.c.word == word,))
    if query.correlation is not None:
        yield Driver(
            "correlation",
            messages,
            _M.id,
            (mine, _M.correlation.is_not(None), Folded(_M.correlation) == Folded(query.correlation)),
        )
    if query.recipient is not None:
        yield Driver("recipient", messages, _M.id, (mine, Folded(_M.recipient) == Folded(query.recipient)))
    if template_id is not None:
        yield Driver("template", messages, _M.id, (mine, _M.template_id == template_id))
    if query.tag is not None:
        t = message_tags.c
        yield Driver("tag", message_tags, t.message_id, (t.workspace_id == workspace, t.tag == query.tag))
    if query.status is not None and query.status.pending:
        yield Driver("pending", queue, queue.c.message_id, ())
    elif query.status is not None:
        s = states.c
        yield Driver("status", states, s.message_id, (s.workspace_id == workspace, s.status == int(query.status)))
    yield Driver("", messages, _M.id, ())


def _narrowest(connection: Connection, query: MessageQuery, drivers: Sequence[Driver]) -> Driver:
    """The first that gives few messages, else the one that gives fewest as far as was counted."""
    candidates = drivers[:-1]
    if len(candidates) < 2:
        return drivers[0]
    best, least = candidates[0], COUNTED + 1
    for driver in candidates:
        some = select(driver.key).where(*driver.where, *_bounds(query, driver.key)).limit(COUNTED)
        count = int(connection.execute(select(func.count()).select_from(some.subquery())).scalar() or 0)
        if count < least:
            best, least = driver, count
        if count <= FIRST_LOOK:
            break
    return best


def _bounds(query: MessageQuery, key: ColumnElement[Id]) -> list[ColumnElement[bool]]:
    """Instants narrow the range of identifiers, which sort by time."""
    found: list[ColumnElement[bool]] = []
    if query.before is not None:
        found.append(key < query.before)
    if query.since is not None:
        found.append(key >= lowest_at(query.since // 1000 - _SLACK_MS))
    if query.until is not None:
        found.append(key < lowest_at(min(query.until // 1000 + _SLACK_MS, _MOST_MS)))
    return found


def _walk(query: MessageQuery, driver: Driver, before: Id | None) -> Select[Id]:
    """The identifiers that a driver gives, newest first."""
    older = [] if before is None else [driver.key < before]
    return select(driver.key).where(*driver.where, *_bounds(query, driver.key), *older).order_by(driver.key.desc())


def _matching(connection: Connection, walk: Select[Id], rest: Sequence[ColumnElement[bool]]) -> list[Id]:
    """Those that the other filters let pass, newest first."""
    walked = walk.subquery("walked")
    statement = select(_M.id).select_from(walked.join(messages, _M.id == next(iter(walked.c)))).where(*rest)
    return sorted(connection.execute(statement).scalars(), reverse=True)


def _whole(connection: Connection, found: Sequence[Id], now: int) -> list[Message]:
    """The messages of identifiers, in their order."""
    by_id = messages_by_id(connection, found, now) if found else {}
    return [by_id[one] for one in found if one in by_id]


def _rest(query: MessageQuery, template_id: Id | None, driven: str, now: int) -> list[ColumnElement[bool]]:
    """What the driver does not answer, as conditions on a message."""
    found: list[ColumnElement[bool]] = [
        _there(message_words.c.word == word, message_words.c.message_id == _M.id)
        for word in query.words
        if driven != f"word {word}"
    ]
    if driven in {"", "pending"} or driven.startswith("word "):
        found.append(
            func.coalesce(_M.workspace_id, _M.workspace_id) == query.workspace_id
        )  # no planner takes an index for it
    wanted: dict[str, tuple[Any, ColumnElement[Any]]] = {
        "template": (template_id, _M.template_id),
        "live": (query.live, _M.live),
    }
    found += [column == value for name, (value, column) in wanted.items() if value is not None and name != driven]
    folded = {"correlation": (query.correlation, _M.correlation), "recipient": (query.recipient, _M.recipient)}
    found += [
        Folded(column) == Folded(word) for name, (word, column) in folded.items() if word is not None and name != driven
    ]
    if query.tag is not None and driven != "tag":
        t = message_tags.c
        found.append(_there(t.workspace_id == query.workspace_id, t.tag == query.tag, t.message_id == _M.id))
    if query.since is not None:
        found.append(_M.created_at >= query.since)
    if query.until is not None:
        found.append(_M.created_at < query.until)
    if query.status is not None and query.status.pending:
        found.append(_there(queue.c.message_id == _M.id, _pending(query.status, now)))
    elif query.status is not None and driven != "status":
        found.append(_there(states.c.message_id == _M.id, states.c.status == int(query.status)))
    return found


def _there(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether there is such a row, asked for each message: PostgreSQL once made a join of EXISTS that read all messages with a common word."""
    return select(literal(1)).where(*conditions).limit(1).scalar_subquery() == 1


def _pending(status: Status, now: int) -> ColumnElement[bool]:
    q = queue.c
    let_go = q.held == 0
    free = and_(let_go, q.lease.is_(None))
    conditions: dict[Status, ColumnElement[bool]] = {
        Status.HELD: q.held != 0,
        Status.SENDING: and_(let_go, q.lease.is_not(None), q.available_at > now),
        Status.DEFERRED: and_(free, q.attempts > 0),
        Status.SCHEDULED: and_(free, q.attempts == 0, _M.due_at > now),
        Status.QUEUED: and_(
            let_go,
            or_(
                and_(q.lease.is_(None), q.attempts == 0, _M.due_at <= now),
                and_(q.lease.is_not(None), q.available_at <= now),
            ),
        ),
    }
    return conditions[status]
