"""Roll-ups by hand: reading the next events, and adding what they come to."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any, Final

from posthouse.core.analytics.measures import COLUMNS
from posthouse.core.analytics.model import Fact, Place, Step
from posthouse.stores.postgres.pool import Connection, Database
from posthouse.stores.shared.rollups import CELL_COLUMNS, COMBO_COLUMNS, combo_row, counts_row, merged

_FACTS: Final = """
WITH told AS MATERIALIZED (
    SELECT seq, message_id, workspace_id, type, at, key, data FROM events WHERE seq > $1 AND seq <= $2
)
SELECT e.seq, e.message_id, e.workspace_id, e.type, e.at, e.key, e.data,
    CASE WHEN e.type >= 30 THEN (
        SELECT v.verdict FROM verdicts v WHERE v.message_id = e.message_id AND v.type = e.type AND v.key = e.key
    ) END,
    m.created_at, m.due_at, coalesce(replace(m.template_id::text, '-', ''), ''),
    coalesce((SELECT r.version FROM releases r WHERE r.id = m.release_id), 0), m.channel, m.lane, m.live::int,
    coalesce(replace(m.key_id::text, '-', ''), ''), m.locale, m.recipient, m.tags
FROM told e
CROSS JOIN LATERAL (SELECT * FROM messages WHERE messages.id = e.message_id OFFSET 0) AS m
ORDER BY e.seq
"""
"""The events of a stretch of the stream; OFFSET 0 leaves the planner no choice but one index step a message."""
_MOVE: Final = "UPDATE rollup_positions SET seq = $1 WHERE edition = $2 AND seq = $3 RETURNING edition"
_BEGIN: Final = """
INSERT INTO rollup_positions (edition, seq) VALUES (0, $1) ON CONFLICT DO NOTHING RETURNING edition
"""
_HISTOGRAMS: Final = """
SELECT k.workspace_id, k.grain, k.period, k.combo, r.histogram
FROM unnest($2::uuid[], $3::smallint[], $4::bigint[], $5::bigint[]) AS k (workspace_id, grain, period, combo)
CROSS JOIN LATERAL (
    SELECT histogram FROM rollup_latencies l WHERE l.edition = $1::int AND l.workspace_id = k.workspace_id
        AND l.grain = k.grain AND l.period = k.period AND l.combo = k.combo OFFSET 0
) AS r
"""
_COMBO_TYPES: Final = (
    "bigint",
    "uuid",
    "bigint",
    "smallint",
    "text",
    "int",
    "smallint",
    "smallint",
    "smallint",
    *["text"] * 5,
)
_CELL_TYPES: Final = ("int", "uuid", "smallint", "bigint", "bigint", *["int"] * len(COLUMNS))


def _arrays(types: Sequence[str]) -> str:
    return ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(types, 1))


_ADD_COMBOS: Final = f"""
INSERT INTO rollup_combos ({", ".join(COMBO_COLUMNS)}) SELECT * FROM unnest({_arrays(_COMBO_TYPES)}) ON CONFLICT DO NOTHING
"""  # noqa: S608 - names of ours
_ADD_ZONES: Final = """
INSERT INTO rollup_zones (edition, workspace_id, zone) SELECT * FROM unnest($1::int[], $2::uuid[], $3::text[])
ON CONFLICT DO NOTHING
"""
_ADD_SEEN: Final = """
INSERT INTO rollup_seen (edition, message_id, seen) SELECT * FROM unnest($1::int[], $2::uuid[], $3::smallint[])
ON CONFLICT (edition, message_id) DO UPDATE SET seen = excluded.seen
"""
_ADD_CELLS: Final = f"""
INSERT INTO rollups AS r ({", ".join(CELL_COLUMNS)}) SELECT * FROM unnest({_arrays(_CELL_TYPES)})
ON CONFLICT (edition, workspace_id, grain, period, combo) DO UPDATE SET
    {", ".join(f"{name} = r.{name} + excluded.{name}" for name in COLUMNS)}
"""  # noqa: S608 - names of ours
_ADD_HISTOGRAMS: Final = """
INSERT INTO rollup_latencies (edition, workspace_id, grain, period, combo, histogram)
SELECT * FROM unnest($1::int[], $2::uuid[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bytea[])
ON CONFLICT (edition, workspace_id, grain, period, combo) DO UPDATE SET histogram = excluded.histogram
"""


async def facts(database: Database, after: int, until: int) -> list[Fact]:
    """The events of a stretch of the stream."""

    async def work(connection: Connection, _slot: int) -> list[Fact]:
        return [Fact._make(row) for row in await connection.fetch(_FACTS, after, until)]

    return await database.run(work)


async def keep(database: Database, edition: int, since: int, until: int, step: Step) -> bool:
    """Adds a step in one transaction. The position is moved first: whoever comes second waits there, and finds it moved."""
    combos = [combo_row(number, combo) for number, combo in step.combos.items()]
    zones = [(edition, workspace, zone) for workspace, zone in step.zones.items()]
    seen = [(edition, message, bits) for message, bits in sorted(step.seen.items())]
    cells = sorted(step.cells.items(), key=itemgetter(0))

    async def work(connection: Connection, _slot: int) -> bool:
        async with connection.transaction():
            moved = await connection.fetchval(_MOVE, until, edition, since)
            if moved is None and since == 0 == edition:
                moved = await connection.fetchval(_BEGIN, until)
            if moved is None:
                return False
            kept = await _histograms(connection, edition, [key for key, cell in cells if cell.latencies])
            histograms = [(edition, *key, merged(kept.get(key), cell)) for key, cell in cells if cell.latencies]
            rows = [(edition, *key, *counts_row(cell)) for key, cell in cells]
            for statement, some in (
                (_ADD_COMBOS, combos), (_ADD_ZONES, zones), (_ADD_SEEN, seen), (_ADD_CELLS, rows), (_ADD_HISTOGRAMS, histograms),
            ):  # fmt: skip
                if some:
                    await connection.execute(statement, *zip(*some, strict=True))
            return True

    return await database.run(work)


async def _histograms(connection: Connection, edition: int, keys: Sequence[Place]) -> dict[Place, bytes]:
    if not keys:
        return {}
    columns: list[Any] = list(zip(*keys, strict=True))
    rows = await connection.fetch(_HISTOGRAMS, edition, *columns)
    return {Place._make(tuple(row)[:4]): row[4] for row in rows}
