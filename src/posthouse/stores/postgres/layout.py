"""What PostgreSQL needs beyond the shared schema: partitions by time and the settings of the busy tables.

Migrations run :func:`tuning` once; partitions are made ahead by ``posthouse migrate`` and by the daily maintenance. Rows for a time
without a partition (a clock far off, a maintenance that never ran) land in the default partition, and move out of it when
their month is made: nothing is ever refused for want of a partition.
"""

import datetime as dt
from collections.abc import Iterator
from typing import Final

from asyncpg import Connection

PARTITIONED: Final = {
    "messages": "id",
    "message_tags": "message_id",
    "message_words": "message_id",
    "states": "message_id",
    "events": "message_id",
    "engagements": "message_id",
    "verdicts": "message_id",
}
"""Tables that are cut by time, and the UUIDv7 column that tells it."""

MONTHS_AHEAD: Final = 3
OTHER: Final = "other"

_LEAF_SETTINGS: Final = {"messages": " WITH (toast_tuple_target = 4080)"}
"""Rows of up to 4 KB stay in one piece, uncompressed: pglz would cost more than all the rest of an accept."""

_TUNING: Final = (
    # Every row of the queue dies within seconds: clean up by count, not by share of the table, and never sleep while at it.
    # No truncation at the end of a vacuum: it would lock claims out.
    """
    ALTER TABLE queue SET (
        fillfactor = 80, vacuum_truncate = off,
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 200000
    )
    """,
    # Few rows, updated in place all day: room in each page keeps the updates heap-only.
    """
    ALTER TABLE counters SET (
        fillfactor = 50,
        autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0
    )
    """,
    # The rows of this hour and day are added to all the time, those before hardly ever.
    """
    ALTER TABLE rollups SET (
        fillfactor = 80,
        autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0
    )
    """,
    "ALTER TABLE meta SET (fillfactor = 50)",
)

_IS_THERE: Final = "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = $1 AND pg_table_is_visible(oid))"
"""Asks the table: ``to_regclass`` may answer from a cache that has not heard yet of what another process just made."""


def tuning() -> tuple[str, ...]:
    """Statements that give the busy tables their storage and vacuum settings; running them again changes nothing."""
    return _TUNING


def months(now: int, ahead: int = MONTHS_AHEAD) -> Iterator[tuple[str, str, str]]:
    """The month of an instant (microseconds) and the following ones: suffix, lowest UUID, lowest UUID of the next month."""
    moment = dt.datetime.fromtimestamp(now / 1_000_000, tz=dt.UTC)
    year, month = moment.year, moment.month
    for _ in range(ahead + 1):
        following = month_after(year, month)
        yield f"{year:04}_{month:02}", month_bound(year, month), month_bound(*following)
        year, month = following


def default_partitions() -> Iterator[str]:
    """Statements that make the safety net of each partitioned table."""
    for table in PARTITIONED:
        settings = _LEAF_SETTINGS.get(table, "")
        yield f"CREATE TABLE IF NOT EXISTS {table}_{OTHER} PARTITION OF {table} DEFAULT{settings}"


def month_partition(table: str, suffix: str, low: str, high: str) -> str:
    """Statements (to run as one transaction) that make one month's partition and fetch its rows from the safety net.

    The partition is filled first and attached then: only the safety net, which should be empty, is locked meanwhile.
    """
    leaf, net, column = f"{table}_{suffix}", f"{table}_{OTHER}", PARTITIONED[table]
    mine = f"{column} >= '{low}' AND {column} < '{high}'"
    steps = (  # names and bounds are made in this file, from numbers
        f"LOCK TABLE {net} IN ACCESS EXCLUSIVE MODE",
        f"CREATE TABLE {leaf} (LIKE {table} INCLUDING ALL){_LEAF_SETTINGS.get(table, '')}",
        f"WITH moved AS (DELETE FROM {net} WHERE {mine} RETURNING *) INSERT INTO {leaf} SELECT * FROM moved",  # noqa: S608
        f"ALTER TABLE {table} ATTACH PARTITION {leaf} FOR VALUES FROM ('{low}') TO ('{high}')",
    )
    return "; ".join(steps)


async def ensure_partitions(connection: Connection, now: int, ahead: int = MONTHS_AHEAD) -> list[str]:
    """Makes the partitions that are missing from the month of ``now`` on; the names of those made.

    Safe to run from several processes at a time: one works, the others find the work done.
    """
    made = []
    for suffix, low, high in months(now, ahead):
        for table in PARTITIONED:
            leaf = f"{table}_{suffix}"
            if await connection.fetchval(_IS_THERE, leaf):
                continue
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_xact_lock(hashtext('posthouse partitions'))")
                if not await connection.fetchval(_IS_THERE, leaf):
                    await connection.execute("SET LOCAL lock_timeout = '5s'")
                    await connection.execute(month_partition(table, suffix, low, high))
                    made.append(leaf)
    return made


def month_after(year: int, month: int) -> tuple[int, int]:
    """The next month."""
    return (year + 1, 1) if month == 12 else (year, month + 1)


def month_bound(year: int, month: int) -> str:
    """The lowest UUIDv7 of a month."""
    first = dt.datetime(year, month, 1, tzinfo=dt.UTC)
    milliseconds = f"{int(first.timestamp()) * 1000:012x}"
    return f"{milliseconds[:8]}-{milliseconds[8:]}-0000-0000-000000000000"
