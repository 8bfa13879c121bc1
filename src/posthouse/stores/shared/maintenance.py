"""Markers, idempotency housekeeping and the counters: the queries of both stores."""

from collections import Counter
from typing import Final

from sqlalchemy import Connection, delete, func, literal_column, select, text, tuple_

from posthouse.core.delivery.model import CounterKey
from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared.documents import EPOCH, IDEMPOTENCY_GENERATION, raise_number, set_number
from posthouse.stores.shared.events import CounterRow, counter_key
from posthouse.stores.shared.schema import counters, events, idempotency, messages, meta, queue, states

PURGED_AT_ONCE: Final = 5_000
"""Keys a transaction: short enough that nobody waits for it."""

_PURGE_FIRST: Final = text("""
DELETE FROM idempotency WHERE seq IN (
    SELECT seq FROM (SELECT seq, generation FROM idempotency ORDER BY seq LIMIT :most) AS first WHERE generation < :generation)
""")
"""On SQLite the oldest stand first: what is too old is at the beginning, and nothing beyond it need be looked at."""


def number(connection: Connection, name: str) -> int:
    """One fact of ``meta``, 0 when nobody set it."""
    return int(connection.execute(select(meta.c.number).where(meta.c.name == name)).scalar() or 0)


def epoch(connection: Connection) -> int:
    """The restore marker."""
    return number(connection, EPOCH)


def set_epoch(connection: Connection, value: int) -> None:
    """Sets the restore marker."""
    set_number(connection, EPOCH, value)


def advance_idempotency_generation(connection: Connection) -> int:
    """Counts one more hour."""
    return raise_number(connection, IDEMPOTENCY_GENERATION)


def purge_idempotency(connection: Connection, older_than_generation: int) -> int:
    """Forgets at most :data:`PURGED_AT_ONCE` keys of earlier generations; how many."""
    c = idempotency.c
    if connection.dialect.name == "sqlite":
        known = {"most": PURGED_AT_ONCE, "generation": older_than_generation}
        return connection.execute(_PURGE_FIRST, known).rowcount
    old = select(c.workspace_id, c.key).where(c.generation < older_than_generation).limit(PURGED_AT_ONCE)
    return connection.execute(delete(idempotency).where(tuple_(c.workspace_id, c.key).in_(old))).rowcount


def counted(connection: Connection, workspace_id: Id | None) -> dict[CounterKey, int]:
    """The counters, providers and shards summed."""
    c = counters.c
    statement = select(c.workspace_id, c.hour, c.template, c.channel, c.lane, c.live, c.provider, c.type, c.count)
    if workspace_id is not None:
        statement = statement.where(c.workspace_id == workspace_id)
    total: Counter[CounterKey] = Counter()
    for *key, count in connection.execute(statement):
        total[counter_key(CounterRow(*key))] += count
    return dict(total)


def recounted(connection: Connection, workspace_id: Id | None) -> dict[CounterKey, int]:
    """The same from the events themselves."""
    e, m = events.c, messages.c
    hour = e.at.op("/")(literal_column(str(HOUR)))
    key = (e.workspace_id, hour, m.template_id, m.channel, m.lane, m.live, e.type)
    statement = select(*key, func.count()).join(messages, m.id == e.message_id).group_by(*key)
    if workspace_id is not None:
        statement = statement.where(e.workspace_id == workspace_id)
    total: Counter[CounterKey] = Counter()
    for workspace, hours, template, channel, lane, live, kind, count in connection.execute(statement):
        row = CounterRow(workspace, hours, template.hex() if template else "", channel, lane, int(live), "", kind)
        total[counter_key(row)] += count
    return dict(total)


def misplaced(connection: Connection) -> int:
    """Messages that are not in exactly one of queue and states, and rows of these without a message."""
    m, q, s = messages.c, queue.c, states.c
    both = select(func.count()).select_from(queue).join(states, s.message_id == q.message_id)
    neither = (
        select(func.count())
        .select_from(messages)
        .outerjoin(queue, q.message_id == m.id)
        .outerjoin(states, s.message_id == m.id)
        .where(q.message_id.is_(None), s.message_id.is_(None))
    )
    waifs = [
        select(func.count()).select_from(table).outerjoin(messages, m.id == table.c.message_id).where(m.id.is_(None))
        for table in (queue, states)
    ]
    return sum(int(connection.execute(statement).scalar() or 0) for statement in (both, neither, *waifs))
