"""How far the stream of events is settled: a lower ``seq`` may be committed after a higher one.

A number is drawn from the sequence before its transaction commits, so whoever reads up to the highest visible number would miss those
that are still under way. A transaction that draws one holds a lock on ``events`` from before the drawing until after its rows are
visible (PostgreSQL, *Explicit Locking*: ROW EXCLUSIVE). So: read how far the sequence is, then list who holds that lock. Once none of
these transactions is left, nothing up to that number can appear any more. Writers are neither slowed nor asked; readers of other
tables, backups and vacuums do not count.
"""

import asyncio
from collections import deque
from typing import Final

from posthouse.core.kernel.errors import UnavailableError
from posthouse.stores.postgres.pool import Connection, Database

_DRAWN: Final = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM events_seq"
_WRITERS: Final = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'events'::regclass AND mode = 'RowExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_PAUSES: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
"""Seconds to wait for writers under way; after the last, what is settled so far must do."""
_MOST_LOOKS: Final = 64


class Horizon:
    """Remembers how far the stream was settled, and looks how far it is now.

    Args:
        database: where the events are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._end: int | None = None
        self._looks: deque[tuple[int, frozenset[str]]] = deque()
        self._one_at_a_time = asyncio.Lock()

    async def end(self) -> int:
        """A number that nothing can appear at or below any more. It covers all that was committed before the call, unless a writer hangs.

        Raises:
            UnavailableError: the server is not there; or a writer has hung since before the first look, so there is no such number yet.
        """
        async with self._one_at_a_time:
            wanted = await self._look()
            for pause in _PAUSES:
                if self._end is not None and self._end >= wanted:
                    break
                await asyncio.sleep(pause)
                await self._look()
            if self._end is None:
                raise UnavailableError("A transaction that writes events does not end; try again in a minute.")
            return self._end

    async def _look(self) -> int:
        """How far the sequence is; on the way, settles what can be."""

        async def work(connection: Connection, _slot: int) -> tuple[int, frozenset[str]]:
            drawn = await connection.fetchval(_DRAWN)  # first: whoever draws later has a higher number
            return drawn, frozenset(row[0] for row in await connection.fetch(_WRITERS))

        drawn, writers = await self._database.run(work)
        if len(self._looks) == _MOST_LOOKS:
            self._looks.pop()  # a writer hangs: the newer look says as much and more
        self._looks.append((drawn, writers))
        while self._looks and not self._looks[0][1] & writers:
            self._end = max(self._end or 0, self._looks.popleft()[0])
        return drawn
