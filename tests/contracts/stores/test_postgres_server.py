"""What the PostgreSQL store promises about its server: refusals, partitions, plans, wake-ups across processes."""

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from posthouse.core.kernel.errors import ConflictError, UnavailableError
from posthouse.core.kernel.ids import lowest_at
from posthouse.core.messages.model import EventType, KeyReused, Lane, Replayed, Status, Stored
from posthouse.stores.postgres.layout import PARTITIONED, ensure_partitions, months
from posthouse.stores.postgres.migrate import migrate
from posthouse.stores.postgres.pool import Database
from posthouse.stores.postgres.statements import CLAIM, DUE_FLOWS
from posthouse.stores.postgres.store import PostgresStore
from posthouse.stores.shared.errors import StoreRefusedError
from posthouse.testing.clock import FakeClock
from posthouse.testing.postgres import empty_database
from posthouse.testing.stores import Kit, check_invariants

NOW = FakeClock().now()


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(postgres_url, clock=FakeClock())
    await store.open()
    yield store
    await store.close()


async def _refusal(url: str, **options: bool) -> str:
    """Why a store would not open, '' when it did."""
    store = PostgresStore(url, clock=FakeClock(), **options)
    try:
        await store.open()
    except StoreRefusedError as error:
        return str(error)
    await store.close()
    return ""


async def _run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("way", ["connect", "query"])
async def test_a_wait_that_is_given_up_leaves_no_connection(postgres_url: str, way: str) -> None:
    """Whoever stops waiting for a connection (a bell that is hung up, a request that is cancelled) leaves none behind."""
    for moment in range(8):
        database = Database(postgres_url)
        await database.open()
        waiting = asyncio.ensure_future(database.connect() if way == "connect" else database.query(lambda _: None))
        await asyncio.sleep(moment * 0.002)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            if connection := await waiting:
                await connection.close()
        await database.close()
        del waiting, database
        await asyncio.sleep(0)
        gc.collect()  # a connection that nobody closed says so here


class TestRefusals:
    """A store opens only where it can keep its promises."""

    async def test_schema_missing_or_of_another_version(self, blank_database: str) -> None:
        """Without the right schema it says to migrate; after migrating (twice is fine) it opens."""
        assert "posthouse migrate" in await _refusal(blank_database)
        assert await migrate(blank_database, now=NOW) == await migrate(blank_database, now=NOW)
        assert await _refusal(blank_database) == ""
        await _run(blank_database, "UPDATE alembic_version SET version_num = 'far-future'")
        refusal = await _refusal(blank_database)
        assert "far-future" in refusal
        assert "posthouse migrate" in refusal
        with pytest.raises(StoreRefusedError, match="newer Posthouse"):
            await migrate(blank_database, now=NOW)

    async def test_nobody_there(self) -> None:
        """A server that is not running is UnavailableError at once, not a hang."""
        store = PostgresStore("postgresql://nobody@127.0.0.1:1/nothing", clock=FakeClock())
        with pytest.raises(UnavailableError, match="try again"):
            await store.open()

    async def test_a_lowered_session_default_is_raised(self, blank_database: str) -> None:
        """Where a database's default switches synchronous_commit off, every connection of ours switches it on again."""
        await migrate(blank_database, now=NOW)
        name = urlsplit(blank_database).path.strip("/")
        await _run(blank_database, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        store = PostgresStore(blank_database, clock=FakeClock())
        await store.open()

        async def setting(connection: asyncpg.Connection, _slot: int) -> str:
            return await connection.fetchval("SHOW synchronous_commit")

        def shared_setting(connection) -> str:
            return connection.exec_driver_sql("SHOW synchronous_commit").scalar()

        assert await store._database.run(setting) == "on"
        assert await store._read(shared_setting) == "on"
        await store.close()

    async def test_backup_names_the_tools(self, store: PostgresStore, tmp_path) -> None:
        """A copy is made by PostgreSQL's own tools, and the refusal says which."""
        with pytest.raises(ConflictError, match="pg_dump"):
            await store.backup(tmp_path / "copy")


class TestPartitions:
    """History is cut by month; nothing is refused for want of a partition."""

    async def test_a_row_lands_in_its_month(self, store: PostgresStore, postgres_url: str, kit: Kit) -> None:
        """A message of now is in this month's partition, with its events and its state."""
        await store.ensure_partitions(NOW)  # a test of retention may have dropped them in this worker's database
        await store.accept([kit.new(tags=("a",))])
        (claimed,) = await kit.claim(store)
        await store.record([kit.settle(claimed)])
        suffix = next(iter(months(NOW)))[0]
        connection = await asyncpg.connect(postgres_url)
        counts = [await connection.fetchval(f"SELECT count(*) FROM {table}_{suffix}") for table in PARTITIONED]
        await connection.close()
        placed = {"messages": 1, "message_tags": 1, "states": 1, "events": 2}  # of what people do: nothing yet
        assert dict(zip(PARTITIONED, counts, strict=True)) == {table: placed.get(table, 0) for table in PARTITIONED}

    async def test_far_future_waits_in_the_safety_net_until_its_month_is_made(
        self, blank_database: str, kit: Kit
    ) -> None:
        """An identifier from ten years ahead is kept and claimed; when its month is made it moves there, unchanged."""
        await migrate(blank_database, now=NOW)
        store = PostgresStore(blank_database, clock=FakeClock())
        await store.open()
        connection = await asyncpg.connect(blank_database)
        ten_years = 10 * 365 * 86_400_000_000
        new = kit.new(id=lowest_at((NOW + ten_years) // 1000), tags=("far",))
        await store.accept([new])
        assert await connection.fetchval("SELECT count(*) FROM messages_other") == 1
        made = await store.ensure_partitions(NOW + ten_years)
        assert len(made) == 4 * len(PARTITIONED)
        assert await store.ensure_partitions(NOW + ten_years) == []
        for table in PARTITIONED:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}_other") == 0
        assert [one.id for one in await kit.claim(store)] == [new.id]
        await check_invariants(store)
        await connection.close()
        await store.close()

    async def test_two_processes_make_them_together(self, blank_database: str) -> None:
        """Of two that make the same partitions at once each is made once and nobody fails."""
        await migrate(blank_database, now=NOW)
        one, two = [await asyncpg.connect(blank_database) for _ in range(2)]
        later = NOW + 400 * 86_400_000_000
        made = await asyncio.gather(ensure_partitions(one, later), ensure_partitions(two, later))
        assert sorted(made[0] + made[1]) == sorted(f"{t}_{s}" for s, _, _ in months(later) for t in PARTITIONED)
        await one.close()
        await two.close()


class TestPlans:
    """Claiming costs index steps, whatever the statistics say."""

    @pytest.mark.parametrize("analysed", [False, True])
    async def test_no_statement_walks_a_table(
        self, store: PostgresStore, postgres_url: str, kit: Kit, *, analysed: bool
    ) -> None:
        """Neither flows nor claim scans or sorts the queue, with fresh statistics and without any."""
        await store.accept([kit.new(flow=n % 5) for n in range(3_000)])
        if analysed:
            await _run(postgres_url, "ANALYZE queue, messages")

        async def plans(connection: asyncpg.Connection, _slot: int) -> str:
            await connection.execute(f"PREPARE flows (smallint[], int[], bigint[], bigint) AS {DUE_FLOWS}")
            await connection.execute(f"PREPARE claim (smallint[], bigint[], int[], bigint, bigint, bigint) AS {CLAIM}")
            lines = await connection.fetch(
                f"EXPLAIN (ANALYZE, TIMING OFF) EXECUTE flows ('{{1}}', '{{100}}', '{{-1}}', {NOW})"
            )
            lines += await connection.fetch(
                f"EXPLAIN (ANALYZE, TIMING OFF) EXECUTE claim ('{{1}}', '{{2}}', '{{100}}', {NOW}, 1, {NOW + 1})"
            )
            await connection.execute("DEALLOCATE ALL")
            return "\n".join(line[0] for line in lines)

        plan = await store._database.run(plans)
        assert "queue_due" in plan
        assert "Seq Scan" not in plan
        assert "Sort" not in plan
        scans = [line for line in plan.splitlines() if "Scan using queue_due" in line]
        read = [float(line.rpartition("rows=")[2].split()[0]) for line in scans if "never executed" not in line]
        assert max(read) <= 100, plan

    async def test_hot_statements_are_planned_once(self, store: PostgresStore, kit: Kit) -> None:
        """The server never weighs a new plan for a claim or a record: that took it longer than the work."""
        for turn in range(10):
            await store.accept([kit.new() for _ in range(3)])
            claimed = await store.claim([(Lane.NORMAL, 3)], now=NOW, until=NOW + 1, lease=turn + 1)
            await store.record([kit.settle(one) for one in claimed])

        async def custom(connection: asyncpg.Connection, _slot: int) -> int:
            return await connection.fetchval(
                "SELECT sum(custom_plans) FROM pg_prepared_statements WHERE statement ~ 'queue|messages'"
            )

        assert await store._database.run(custom) == 0

    async def test_the_generation_is_asked_once_for_all(self, store: PostgresStore, postgres_url: str) -> None:
        """A hundred messages that find the settings' age unknown at one moment cost one query."""

        async def scans(connection: asyncpg.Connection, _slot: int) -> int:
            await connection.execute("SELECT pg_stat_force_next_flush()")
            return await connection.fetchval(
                "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'meta_pkey'"
            )

        before = await store._database.run(scans)
        assert await asyncio.gather(*[store.generation() for _ in range(100)]) == [0] * 100
        assert await store._database.run(scans) - before <= 3

    async def test_a_question_that_nobody_waits_for_any_more_does_no_harm(self, store: PostgresStore) -> None:
        """Who gives up waiting does not take the answer away from the others."""
        first, second = (asyncio.ensure_future(store.generation()) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == 0


class TestManyProcesses:
    """What several processes do to each other."""

    async def test_reaction_within_milliseconds(self, store: PostgresStore, postgres_url: str, kit: Kit) -> None:
        """A message accepted by one process wakes another in milliseconds (median of 20 under 20 ms)."""
        other = PostgresStore(postgres_url, clock=FakeClock(), shard=1)
        await other.open()
        times = []
        for _ in range(20):
            while await other.wake(0.01):
                pass
            waiting = asyncio.create_task(other.wake(5))
            await asyncio.sleep(0)
            await store.accept([kit.new()])
            began = time.perf_counter()
            assert await waiting
            times.append(time.perf_counter() - began)
        await other.close()
        assert sorted(times)[10] < 0.02

    async def test_one_key_many_processes(self, store: PostgresStore, postgres_url: str, kit: Kit) -> None:
        """However many send one key at once, exactly one is stored; the same body is replayed, another is refused."""
        others = [PostgresStore(postgres_url, clock=FakeClock(), shard=n) for n in (1, 2, 3)]
        for one in others:
            await one.open()
        stores = [store, *others]
        for turn in range(10):
            bodies = [b"same", b"same", b"same", b"other"]
            batches = [
                [kit.keyed(f"{turn}-{key}", body) for key in (range(5) if place % 2 else reversed(range(5)))]
                for place, body in enumerate(bodies)
            ]
            answers = await asyncio.gather(*(s.accept(b) for s, b in zip(stores, batches, strict=True)))
            by_key: dict[str, list[object]] = {}
            for batch, answer in zip(batches, answers, strict=True):
                for message, result in zip(batch, answer, strict=True):
                    by_key.setdefault(message.idempotency_key or "", []).append(result)
            for results in by_key.values():
                assert sum(isinstance(result, Stored) for result in results) == 1
                assert len({result.answer for result in results if isinstance(result, Replayed)}) <= 1
                assert sum(isinstance(result, Replayed | KeyReused) for result in results) == 3
        assert sum((await store.counters()).values()) == 10 * 5  # one ACCEPTED for each key: no loser left a row
        await check_invariants(store)
        for one in others:
            await one.close()

    async def test_records_and_accepts_together_count_rightly(
        self, store: PostgresStore, postgres_url: str, kit: Kit
    ) -> None:
        """Processes that share a counter shard by mistake may wait for each other, but never fail nor miscount."""
        other = PostgresStore(postgres_url, clock=FakeClock(), shard=0)
        await other.open()

        async def work(one: PostgresStore) -> int:
            done = 0
            for turn in range(8):
                await one.accept([kit.new(flow=n % 3, lane=Lane(n % 3)) for n in range(40)])
                for lane in Lane:
                    mine = await kit.claim(one, 30, lane)
                    done += sum(await one.record([kit.settle(claimed, Status.SENT) for claimed in mine[turn:]]))
            return done

        done = sum(await asyncio.gather(*(work(one) for one in (store, other, store, other))))
        counted = await store.counters()
        assert sum(count for key, count in counted.items() if key.type is EventType.SENT) == done
        assert sum(count for key, count in counted.items() if key.type is EventType.ACCEPTED) == 4 * 8 * 40
        await check_invariants(store)
        await other.close()

    async def test_a_deadlock_is_run_again(self, store: PostgresStore) -> None:
        """Of two transactions that wait for each other the server's victim is run again: both are done, nobody hears of it."""
        await store._database.run(
            lambda connection, _slot: connection.execute("INSERT INTO meta VALUES ('a', 0), ('b', 0)")
        )
        runs = 0

        async def raise_both(first: str, second: str) -> None:
            async def work(connection: asyncpg.Connection, _slot: int) -> None:
                nonlocal runs
                runs += 1
                async with connection.transaction():
                    await connection.execute("UPDATE meta SET number = number + 1 WHERE name = $1", first)
                    await asyncio.sleep(0.1)
                    await connection.execute("UPDATE meta SET number = number + 1 WHERE name = $1", second)

            await store._database.run(work)

        await asyncio.gather(raise_both("a", "b"), raise_both("b", "a"))
        assert runs > 2
        numbers = await store._database.run(
            lambda connection, _slot: connection.fetch("SELECT number FROM meta WHERE name IN ('a', 'b')")
        )
        assert [row[0] for row in numbers] == [2, 2]

    async def test_the_servers_clock(self, store: PostgresStore) -> None:
        """The server's clock is read in microseconds since the epoch."""
        reading = await store.clock_reading()
        assert abs(reading - time.time_ns() // 1000) < 60_000_000

    async def test_depth_of_a_long_queue(self, store: PostgresStore, postgres_url: str, kit: Kit) -> None:
        """Beyond 10,000 a lane the depth is an estimate from the statistics; an empty lane stays at nothing."""
        for _ in range(12):
            await store.accept([kit.new() for _ in range(1_000)])
        await _run(postgres_url, "ANALYZE queue")
        depth = {one.lane: one for one in await store.depth(NOW)}
        assert depth[Lane.NORMAL].ready == pytest.approx(12_000, rel=0.01)
        assert depth[Lane.BULK].ready == 0
        await empty_database(postgres_url)
