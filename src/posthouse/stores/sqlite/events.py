"""Events and counters by hand: what accept and record share."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Final, TypeAlias

from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.ids import Id
from posthouse.stores.sqlite.rows import insert

EventRow: TypeAlias = tuple[Id, int, str, Id, int, bytes | None]
"""message, type, key, workspace, at, data."""
Dimensions: TypeAlias = tuple[str, int, int, bool, str]
"""template, channel, lane, live, provider: what an event is counted by besides its workspace, hour and type."""

_ADD_EVENT: Final = """
INSERT INTO events (message_id, type, key, workspace_id, at, data) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (message_id, type, key) DO NOTHING
"""
_LAST_EVENT: Final = "SELECT coalesce(max(seq), 0) FROM events"
_EVENTS_AFTER: Final = "SELECT message_id, type, key FROM events WHERE seq > ?"
_ADD_COUNT: Final = """
INSERT INTO counters (workspace_id, hour, template, channel, lane, live, provider, type, shard, count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, hour, template, channel, lane, live, provider, type, shard)
DO UPDATE SET count = count + excluded.count
"""


def write_events(
    raw: sqlite3.Connection, shard: int, rows: Sequence[EventRow], dimensions: Sequence[Dimensions]
) -> set[tuple[Id, int, str]] | None:
    """Adds events and counts those that were not there before; message, type and key of these, None: all."""
    if not rows:
        return None
    last = raw.execute(_LAST_EVENT).fetchone()[0]
    written = insert(raw, _ADD_EVENT, rows)
    new = None if written == len(rows) else {tuple(row) for row in raw.execute(_EVENTS_AFTER, (last,))}
    fresh = None if new is None else set(new)
    counted: Counter[tuple[Id, int, str, int, int, bool, str, int]] = Counter()
    for (message_id, kind, key, workspace, at, _), (template, channel, lane, live, provider) in zip(
        rows, dimensions, strict=True
    ):
        if new is not None:
            if (message_id, kind, key) not in new:
                continue
            new.discard((message_id, kind, key))
        counted[workspace, at // HOUR, template, channel, lane, live, provider, kind] += 1
    add_counts(raw, shard, counted)
    return fresh


def add_counts(
    raw: sqlite3.Connection, shard: int, counted: Counter[tuple[Id, int, str, int, int, bool, str, int]]
) -> None:
    """Adds to the counters, one row for each combination."""
    insert(raw, _ADD_COUNT, [(*key, shard, count) for key, count in counted.items()])
