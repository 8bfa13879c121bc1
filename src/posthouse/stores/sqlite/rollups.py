"""Roll-ups by hand: reading the next events, and adding what they come to."""

import sqlite3
from operator import itemgetter
from typing import Any, Final

from posthouse.core.analytics.measures import COLUMNS
from posthouse.core.analytics.model import Cell, Fact, Step
from posthouse.stores.shared.rollups import CELL_COLUMNS, COMBO_COLUMNS, combo_row, counts_row, merged
from posthouse.stores.sqlite.rows import insert

_FACTS: Final = """
SELECT e.seq, e.message_id, e.workspace_id, e.type, e.at, e.key, e.data, v.verdict, m.created_at, m.due_at,
    coalesce(lower(hex(m.template_id)), ''), coalesce(r.version, 0), m.channel, m.lane, m.live,
    coalesce(lower(hex(m.key_id)), ''), m.locale, m.recipient, m.tags
FROM events e CROSS JOIN messages m ON m.id = e.message_id
LEFT JOIN releases r ON r.id = m.release_id
LEFT JOIN verdicts v ON e.type >= 30 AND v.message_id = e.message_id AND v.type = e.type AND v.key = e.key
WHERE e.seq > ? AND e.seq <= ? ORDER BY e.seq
"""
_MOVE: Final = "UPDATE rollup_positions SET seq = ? WHERE edition = ? AND seq = ?"
_BEGIN: Final = "INSERT INTO rollup_positions (edition, seq) VALUES (?, ?) ON CONFLICT DO NOTHING"
_HISTOGRAM: Final = """
SELECT histogram FROM rollup_latencies WHERE edition = ? AND workspace_id = ? AND grain = ? AND period = ? AND combo = ?
"""
_ADD_COMBO: Final = f"""
INSERT INTO rollup_combos ({", ".join(COMBO_COLUMNS)}) VALUES ({", ".join("?" * len(COMBO_COLUMNS))})
ON CONFLICT DO NOTHING
"""  # noqa: S608 - names of ours
_ADD_CELL: Final = f"""
INSERT INTO rollups ({", ".join(CELL_COLUMNS)}) VALUES ({", ".join("?" * len(CELL_COLUMNS))})
ON CONFLICT (edition, workspace_id, grain, period, combo) DO UPDATE SET
    {", ".join(f"{name} = {name} + excluded.{name}" for name in COLUMNS)}
"""  # noqa: S608 - names of ours
_ADD_HISTOGRAM: Final = """
INSERT INTO rollup_latencies (edition, workspace_id, grain, period, combo, histogram) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (edition, workspace_id, grain, period, combo) DO UPDATE SET histogram = excluded.histogram
"""
_ADD_ZONE: Final = "INSERT INTO rollup_zones (edition, workspace_id, zone) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_ADD_SEEN: Final = """
INSERT INTO rollup_seen (edition, message_id, seen) VALUES (?, ?, ?)
ON CONFLICT (edition, message_id) DO UPDATE SET seen = excluded.seen
"""


class Rows:
    """The rows of a step, made before anybody waits for the transaction."""

    def __init__(self, edition: int, step: Step) -> None:
        self.edition = edition
        self.combos = [combo_row(number, combo) for number, combo in step.combos.items()]
        self.zones = [(edition, workspace, zone) for workspace, zone in step.zones.items()]
        self.seen = [(edition, message, bits) for message, bits in step.seen.items()]
        cells = [((edition, *place), cell) for place, cell in sorted(step.cells.items(), key=itemgetter(0))]
        self.cells = [(*key, *counts_row(cell)) for key, cell in cells]
        """In the order of the table, so that neighbours are written together."""
        self.measured = [(key, cell) for key, cell in cells if cell.latencies]


def facts(raw: sqlite3.Connection, after: int, until: int) -> list[Fact]:
    """The events of a stretch of the stream."""
    return list(map(Fact._make, raw.execute(_FACTS, (after, until))))


def keep(raw: sqlite3.Connection, rows: Rows, since: int, until: int) -> bool:
    """Adds a step. Runs in the writer's transaction."""
    moved = raw.execute(_MOVE, (until, rows.edition, since)).rowcount
    if not moved and since == 0 == rows.edition:
        moved = raw.execute(_BEGIN, (0, until)).rowcount
    if not moved:
        return False
    insert(raw, _ADD_COMBO, rows.combos)
    insert(raw, _ADD_ZONE, rows.zones)
    insert(raw, _ADD_SEEN, rows.seen)
    insert(raw, _ADD_CELL, rows.cells)
    insert(raw, _ADD_HISTOGRAM, [(*key, _histogram(raw, key, cell)) for key, cell in rows.measured])
    return True


def _histogram(raw: sqlite3.Connection, key: tuple[Any, ...], cell: Cell) -> bytes:
    kept = raw.execute(_HISTOGRAM, key).fetchone()
    return merged(kept[0] if kept else None, cell)
