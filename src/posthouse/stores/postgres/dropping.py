"""Old events dropped by the month: a partition is gone in an instant, where deleting its rows would take hours and leave dead ones."""

import datetime as dt
import re
from typing import Final

import asyncpg

from posthouse.stores.postgres.layout import month_after, month_bound
from posthouse.stores.postgres.pool import Connection
from posthouse.stores.shared.documents import EVENTS_ERASED, ROLLUP_EDITION
from posthouse.stores.shared.words import POSITION

_MONTHS: Final = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'events'::regclass ORDER BY c.relname
"""
_LEAF: Final = re.compile(r"events_(\d{4})_(\d{2})")
_READ_BY_ALL: Final = f"""
SELECT least(
    (SELECT max(seq) - 1 FROM events),
    (SELECT coalesce(max(p.seq), 0) FROM rollup_positions p
     WHERE p.edition = coalesce((SELECT number FROM meta WHERE name = '{ROLLUP_EDITION}'), 0)),
    (SELECT coalesce(max(number), 0) FROM meta WHERE name = '{POSITION}'))
"""  # noqa: S608 - names of ours
_WAITS: Final = "SELECT EXISTS (SELECT 1 FROM queue WHERE message_id < $1)"
_COUNT: Final = "SELECT count(*), coalesce(max(seq), 0), coalesce(max(at), 0) FROM {leaf}"
_CAME_SINCE: Final = "SELECT EXISTS (SELECT 1 FROM {leaf} WHERE seq > $1)"
"""While nobody may read: a glance at the index. What has a lower number was committed before: everybody had read up to it."""
_NOTE: Final = """
INSERT INTO meta AS m (name, number) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET number = m.number + $2
"""


async def drop_events_before(connection: Connection, instant: int) -> int:
    """Drops the months of events that ended before an instant, with the verdicts beside them; how many months.

    A month stays whole while anything of it waits to be sent, or has events that are younger than the instant (an old mail opened yesterday)
    or that somebody has yet to read: its rows are then erased one by one. Rows are counted before the table is locked, and whoever holds it is not
    waited for longer than a moment: nobody who reads or writes events is held up.
    """
    dropped = 0
    for leaf in [row[0] for row in await connection.fetch(_MONTHS)]:
        found = _LEAF.fullmatch(leaf)
        if found is None:
            continue
        end = month_after(int(found[1]), int(found[2]))
        if _microseconds(*end) > instant:
            break
        try:
            dropped += await _drop(connection, leaf, month_bound(*end), instant)
        except asyncpg.LockNotAvailableError:
            break
    return dropped


async def _drop(connection: Connection, leaf: str, end: str, instant: int) -> int:
    async with connection.transaction():
        if await connection.fetchval(_WAITS, bytes.fromhex(end.replace("-", ""))):
            return 0
        read = await connection.fetchval(_READ_BY_ALL)
        count, newest, latest = await connection.fetchrow(_COUNT.format(leaf=leaf))
        if newest > (read or 0) or latest >= instant:
            return 0
        await connection.execute("SET LOCAL lock_timeout = '500ms'")
        await connection.execute(f"LOCK TABLE {leaf} IN ACCESS EXCLUSIVE MODE")
        if await connection.fetchval(_CAME_SINCE.format(leaf=leaf), newest):
            return 0
        await connection.execute(f"DROP TABLE {leaf}")
        await connection.execute(f"DROP TABLE IF EXISTS {leaf.replace('events', 'verdicts')}")
        await connection.execute(_NOTE, EVENTS_ERASED, count)
        return 1


def _microseconds(year: int, month: int) -> int:
    return int(dt.datetime(year, month, 1, tzinfo=dt.UTC).timestamp()) * 1_000_000
