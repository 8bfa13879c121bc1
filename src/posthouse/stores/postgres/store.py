"""The store at scale: every port of the core, on PostgreSQL."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection as SqlConnection

from posthouse.core.analytics.model import Fact, Step
from posthouse.core.delivery.model import Claimed, LaneDepth, Settlement
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import ConflictError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.waiting import AskedOnce
from posthouse.core.messages.model import AcceptResult, Lane, NewMessage
from posthouse.stores.postgres import dropping, guard, layout, rollups
from posthouse.stores.postgres.accept import accept
from posthouse.stores.postgres.bell import EVENTS, Bell
from posthouse.stores.postgres.claim import Claimer
from posthouse.stores.postgres.pool import Connection, Database
from posthouse.stores.postgres.record import record, someone_may_begin
from posthouse.stores.postgres.stream import Horizon
from posthouse.stores.shared import queue
from posthouse.stores.shared.documents import GENERATION, SUPPRESSION_GENERATION
from posthouse.stores.shared.migrate import HEAD
from posthouse.stores.shared.store import SharedStore

P = ParamSpec("P")
T = TypeVar("T")

_PENDING_BY_LANE: Final = """
SELECT s.lane::text::smallint, (s.share * greatest(c.reltuples, 0))::bigint
FROM pg_class c
JOIN pg_stats p ON p.schemaname = c.relnamespace::regnamespace::text AND p.tablename = c.relname AND p.attname = 'lane'
CROSS JOIN LATERAL unnest(p.most_common_vals::text::text[], p.most_common_freqs) AS s (lane, share)
WHERE c.oid = 'queue'::regclass
"""
"""How many rows each lane of the queue had at its last analysis."""

_PING: Final = """
INSERT INTO meta AS m (name, number) VALUES ('ping', 1) ON CONFLICT (name) DO UPDATE SET number = m.number + 1
"""


class PostgresStore(SharedStore):
    """All ports, on one PostgreSQL database.

    Args:
        url: ``postgresql://user:password@host/database``.
        clock: for partitions made when the store opens.
        shard: a small number of this process's own (0 to 2,000); processes with different ones never wait for each other's counters.
        unsafe: open even if the server is set up to lose confirmed rows.
        connections: how many to hold at most (3 or more).
    """

    def __init__(self, url: str, *, clock: Clock, shard: int = 0, unsafe: bool = False, connections: int = 8) -> None:
        super().__init__(shard, lambda: self._bell.ring(EVENTS))
        self._clock = clock
        self._unsafe = unsafe
        self._database = Database(url, durable=not unsafe, connections=connections)
        self._bell = Bell(self._database.connect)
        self._claimer = Claimer(self._database)
        self._horizon = Horizon(self._database)
        self._settings = AskedOnce(lambda: self._number(GENERATION))

    async def open(self) -> None:
        """Connects, after a look at the server's durability and at the schema.

        Raises:
            StoreRefusedError: a setting of the server would lose messages, or the schema is of another version.
            UnavailableError: the server is not there.
        """
        if not self._unsafe:
            await self.check_durability()
        await self._database.open()
        try:
            await self._database.run(_check)
            await self._bell.start()
        except BaseException:
            await self._database.close()
            raise

    async def close(self) -> None:
        """Hangs up. Running statements get five seconds."""
        self._told.stop()
        await self._bell.stop()
        self._settings.cancel()
        await self._database.close()

    # --- the hot half

    async def accept(self, batch: Sequence[NewMessage]) -> list[AcceptResult]:
        """See MessageStore. After UnavailableError from a lost connection the group may be kept nevertheless."""
        if not batch:
            return []
        results = await accept(self._database, self._shard, batch)
        self._bell.ring()
        self._told.ring()
        return results

    async def claim(self, lanes: Sequence[tuple[Lane, int]], *, now: int, until: int, lease: int) -> list[Claimed]:
        """See QueueStore."""
        return await self._claimer.claim(lanes, now=now, until=until, lease=lease)

    async def extend(self, held: Sequence[tuple[Id, int]], until: int) -> set[Id]:
        """See QueueStore."""
        return await self._claimer.extend(held, until)

    async def record(self, batch: Sequence[Settlement]) -> list[bool]:
        """See QueueStore."""
        if not batch:
            return []
        effective, late = await record(self._database, self._shard, batch)
        self._told.ring()
        if late:
            await self.append(late)
        if someone_may_begin(batch):
            self._bell.ring()
        return effective

    async def generation(self) -> int:
        """See WorkspaceStore. One question for all caches that ask at the same time."""
        return await self._settings()

    async def suppression_generation(self) -> int:
        """See SuppressionStore."""
        return await self._number(SUPPRESSION_GENERATION)

    async def _number(self, name: str) -> int:
        """A row of meta, by the shortest way: these are asked for many times a second."""

        async def work(connection: Connection, _slot: int) -> int:
            return await connection.fetchval("SELECT number FROM meta WHERE name = $1", name) or 0

        return await self._database.run(work)

    async def depth(self, now: int) -> list[LaneDepth]:
        """See QueueStore. Beyond 10,000 a lane the estimate is as old as the last analysis of the queue."""

        async def work(connection: Connection, _slot: int) -> dict[int, int]:
            return {row[0]: row[1] for row in await connection.fetch(_PENDING_BY_LANE)}

        return await self._read(queue.depth, now, await self._database.run(work))

    async def wake(self, seconds: float) -> bool:
        """See QueueStore."""
        return await self._bell.wait(seconds)

    async def stream_end(self) -> int:
        """See StreamStore. Once the store was opened, it lags behind only while a writer hangs."""
        return await self._horizon.end()

    async def stream_wake(self, seconds: float) -> bool:
        """See StreamStore."""
        return await self._bell.wait(seconds, EVENTS)

    async def rollup_facts(self, after: int, until: int) -> list[Fact]:
        """See RollupStore."""
        return await rollups.facts(self._database, after, until)

    async def keep_rollup(self, edition: int, since: int, until: int, step: Step) -> bool:
        """See RollupStore."""
        return await rollups.keep(self._database, edition, since, until, step)

    # --- maintenance

    async def ping(self) -> None:
        """See MaintenanceStore. Something is written and flushed: a standby or a full disk does not pass."""

        async def work(connection: Connection, _slot: int) -> None:
            await connection.execute(_PING)

        await self._database.run(work)

    async def check_durability(self) -> None:
        """See MaintenanceStore."""
        connection = await self._database.bare()
        try:
            await guard.check_durability(connection)
        finally:
            await connection.close()

    async def backup(self, path: Path) -> None:
        """PostgreSQL brings better tools for that.

        Raises:
            ConflictError: always; names them.
        """
        raise ConflictError(
            f"a PostgreSQL database is backed up by its own tools: `pg_dump --format=custom --file={path} URL` for a copy,"
            " pg_basebackup with WAL archiving for a restore to any moment; see docs/howto/postgresql.md"
        )

    async def clock_reading(self) -> int | None:
        """The server's clock, microseconds since the epoch: what processes whose own clock is off can be held against."""

        async def work(connection: Connection, _slot: int) -> int:
            return int(await connection.fetchval("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"))

        return await self._database.run(work)

    async def ensure_partitions(self, now: int | None = None) -> list[str]:
        """Makes the missing partitions of this month and the next ones; their names. For the daily maintenance.

        Args:
            now: microseconds since the epoch, None for the clock's.
        """

        async def work(connection: Connection, _slot: int) -> list[str]:
            return await layout.ensure_partitions(connection, self._clock.now() if now is None else now)

        return await self._database.run(work)

    async def drop_events_before(self, instant: int) -> int:
        """See RetentionStore."""

        async def work(connection: Connection, _slot: int) -> int:
            return await dropping.drop_events_before(connection, instant)

        return await self._database.run(work)

    # --- what the shared half stands on

    async def _read(self, work: Callable[Concatenate[SqlConnection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.query(work, *args, **kwargs)

    async def _write(self, work: Callable[Concatenate[SqlConnection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._database.query(work, *args, **kwargs)

    async def _notify(self) -> None:
        self._bell.ring()


async def _check(connection: Connection, _slot: int) -> None:
    await guard.check_version(connection)
    await guard.check_schema(connection, HEAD)
