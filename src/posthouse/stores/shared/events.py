"""Events written and counted in one go: the same for both stores, where the number of rows is small.

The hot doors (accept, record) do the same by hand in each store; the contract suite proves the two alike.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from posthouse.core.delivery.model import CounterKey
from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event, EventType, Lane
from posthouse.core.tracking.model import Verdict
from posthouse.stores.shared.documents import insert_unless_there, upsert_for
from posthouse.stores.shared.schema import counters, events, messages, verdicts

CHUNK: Final = 500
"""Rows or identifiers a statement."""


class CounterRow(NamedTuple):
    """The key of one row of ``counters`` but its shard, in the order of the columns."""

    workspace_id: Id
    hour: int
    template: str
    channel: int
    lane: int
    live: int
    provider: str
    type: int


def encode_data(event: Event) -> bytes | None:
    """The JSON of an event's data, None for none."""
    return msgspec.json.encode(event.data) if event.data else None


def write_events(connection: Connection, shard: int, new: Sequence[Event]) -> list[Event]:
    """Adds facts of messages that exist and counts those that were not there before: these are the answer."""
    counted: Counter[CounterRow] = Counter()
    added: list[Event] = []
    for start in range(0, len(new), CHUNK):
        chunk = new[start : start + CHUNK]
        dimensions = _dimensions(connection, {event.message_id for event in chunk})
        known = [event for event in chunk if event.message_id in dimensions]
        for event in _insert(connection, known):
            added.append(event)
            template, channel, lane, live = dimensions[event.message_id]
            hour, kind = event.at // HOUR, int(event.type)
            counted[CounterRow(event.workspace_id, hour, template, channel, lane, live, "", kind)] += 1
    add_counts(connection, shard, counted)
    return added


def add_counts(connection: Connection, shard: int, counted: Counter[CounterRow]) -> None:
    """Adds to the counters, in the order of their keys so that two transactions never wait in a ring."""
    if not counted:
        return
    statement = upsert_for(connection, counters)
    raised = statement.on_conflict_do_update(
        index_elements=[column.name for column in counters.primary_key],
        set_={"count": counters.c.count + statement.excluded.count},
    )
    rows = [{**key._asdict(), "shard": shard, "count": counted[key]} for key in sorted(counted)]
    connection.execute(raised, rows)


def events_of(connection: Connection, workspace_id: Id, message_id: Id) -> list[Event]:
    """The facts of one message, oldest first; verdicts as they were told last."""
    c, v = events.c, verdicts.c
    same = (v.message_id == c.message_id) & (v.type == c.type) & (v.key == c.key)
    statement = (
        select(c.type, c.at, c.key, c.data, c.seq, v.verdict, v.reason, v.rules)
        .outerjoin(verdicts, same)
        .where(c.message_id == message_id, c.workspace_id == workspace_id)
    )
    return [
        Event(message_id, workspace_id, EventType(kind), at, key, _with_verdict(data, *told), seq)
        for kind, at, key, data, seq, *told in connection.execute(statement.order_by(c.at, c.seq))
    ]


def _with_verdict(data: bytes | None, verdict: int | None, reason: str | None, rules: int | None) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(data) if data else {}
    if verdict is None:
        return decoded
    return {**decoded, "verdict": Verdict(verdict).word, "reason": reason, "rules": rules}


def counter_key(row: CounterRow) -> CounterKey:
    """What a row of counters is about, its provider left aside."""
    lane, channel, live, kind = Lane(row.lane), Channel(row.channel), bool(row.live), EventType(row.type)
    return CounterKey(row.workspace_id, row.hour, row.template, channel, lane, live, kind)


def _dimensions(connection: Connection, ids: Iterable[Id]) -> dict[Id, tuple[str, int, int, int]]:
    c = messages.c
    found = connection.execute(select(c.id, c.template_id, c.channel, c.lane, c.live).where(c.id.in_(list(ids))))
    return {row[0]: (row[1].hex() if row[1] else "", row[2], row[3], int(row[4])) for row in found}


def _insert(connection: Connection, new: Sequence[Event]) -> list[Event]:
    """Inserts what is not there yet; the events that were new."""
    if not new:
        return []
    rows = [
        {
            "message_id": event.message_id,
            "type": int(event.type),
            "key": event.key,
            "workspace_id": event.workspace_id,
            "at": event.at,
            "data": encode_data(event),
        }
        for event in new
    ]
    statement = insert_unless_there(connection, events).returning(events.c.message_id, events.c.type, events.c.key)
    written = {(message_id, kind, key) for message_id, kind, key in connection.execute(statement, rows)}
    first: dict[tuple[Id, int, str], Event] = {}
    for event in new:
        first.setdefault((event.message_id, int(event.type), event.key), event)
    return [event for identity, event in first.items() if identity in written]
