"""A PostgreSQL server that is killed and started again, or set up to forget."""

import asyncio
import time
from collections.abc import Iterator

import asyncpg
import pytest

from posthouse.core.kernel.clock import SECOND, SystemClock
from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import EventType, KeyReused, NewMessage, Replayed
from posthouse.stores.postgres.migrate import migrate
from posthouse.stores.postgres.store import PostgresStore
from posthouse.stores.shared.errors import StoreRefusedError
from posthouse.testing.clock import FakeClock
from posthouse.testing.postgres import WheelServer, create_database, own_server
from posthouse.testing.stores import Kit, check_invariants

CLOCK = SystemClock()


@pytest.fixture(scope="module")
def server() -> Iterator[WheelServer]:
    """A server of this module's own, to be killed at will."""
    with own_server() as server:
        yield server


@pytest.fixture
async def url(server: WheelServer, request: pytest.FixtureRequest) -> str:
    """A migrated database."""
    url = await create_database(server, request.node.name[:40])
    await migrate(url, now=CLOCK.now())
    return url


async def _until(store: PostgresStore, seconds: float = 20.0) -> None:
    """Waits until the store answers again."""
    end = time.monotonic() + seconds
    while True:
        try:
            await store.ping()
        except UnavailableError:
            assert time.monotonic() < end, "the store did not come back"
            await asyncio.sleep(0.05)
        else:
            return


class Source:
    """Accepts messages in groups, each again under its keys until it has an answer, as clients do."""

    def __init__(self, store: PostgresStore, kit: Kit, name: str) -> None:
        self.store, self.kit, self.name = store, kit, name
        self.stop = asyncio.Event()
        self.confirmed: set[Id] = set()
        self.refused = 0

    async def run(self) -> None:
        turn = 0
        while not self.stop.is_set():
            turn += 1
            group = [self.kit.keyed(f"{self.name}-{turn}-{n}", flow=n % 3) for n in range(20)]
            await self._until_answered(group)
            await asyncio.sleep(0.002)

    async def _until_answered(self, group: list[NewMessage]) -> None:
        while True:
            try:
                results = await self.store.accept(group)
            except UnavailableError:
                self.refused += 1
                await asyncio.sleep(0.05)
                continue
            assert not any(isinstance(result, KeyReused) for result in results)
            for message, result in zip(group, results, strict=True):
                if isinstance(result, Replayed):
                    assert result.answer == message.answer  # kept by the try whose answer was cut off
                self.confirmed.add(message.id)
            return


async def _dispatch(store: PostgresStore, kit: Kit, stop: asyncio.Event) -> None:
    """Claims and records like a dispatcher that shrugs at a lost store."""
    while not stop.is_set():
        now = CLOCK.now()
        try:
            kit.clock.advance(now - kit.clock.now())
            claimed = await kit.claim(store, 100)
            await store.record([kit.settle(one) for one in claimed])
        except UnavailableError:
            await asyncio.sleep(0.05)
        else:
            if not claimed:
                await store.wake(0.05)


async def test_killed_under_load(server: WheelServer, url: str) -> None:
    """Killed twice while accepting and recording: every confirmed message is there once, and everything adds up."""
    kit = Kit(FakeClock(CLOCK.now()))
    store, other = PostgresStore(url, clock=CLOCK, shard=1), PostgresStore(url, clock=CLOCK, shard=2)
    await store.open()
    await other.open()
    sources = [Source(one, kit, str(n)) for n, one in enumerate((store, other))]
    stop = asyncio.Event()
    work = [asyncio.create_task(source.run()) for source in sources]
    work.append(asyncio.create_task(_dispatch(other, kit, stop)))
    for _ in range(2):
        await asyncio.sleep(0.7)
        await asyncio.to_thread(server.kill)
        await asyncio.sleep(0.2)
        await asyncio.to_thread(server.start)
        await _until(store)
    await asyncio.sleep(0.5)
    for source in sources:
        source.stop.set()
    stop.set()
    await asyncio.gather(*work)
    confirmed = set().union(*(source.confirmed for source in sources))
    assert min(source.refused for source in sources) >= 2
    connection = await asyncpg.connect(url)
    kept = [row[0].bytes for row in await connection.fetch("SELECT id FROM messages")]
    await connection.close()
    assert len(kept) == len(set(kept))
    assert confirmed == set(kept)
    counted = await store.counters()
    assert sum(count for key, count in counted.items() if key.type is EventType.ACCEPTED) == len(kept)
    await check_invariants(store)
    await store.close()
    await other.close()


async def test_down_is_unavailable_and_heals(server: WheelServer, url: str) -> None:
    """While the server is down every call is UnavailableError within a second; afterwards all works, wake-ups included."""
    kit = Kit(FakeClock(CLOCK.now()))
    store, other = PostgresStore(url, clock=CLOCK), PostgresStore(url, clock=CLOCK, shard=1)
    await store.open()
    await other.open()
    await store.accept([kit.new()])
    assert len(await store.workspaces()) == 0
    await asyncio.to_thread(server.kill)
    try:
        began = time.monotonic()
        for call in (
            store.accept([kit.new()]),
            kit.claim(store),
            store.workspaces(),
            store.generation(),
            store.ping(),
            store.clock_reading(),
        ):
            with pytest.raises(UnavailableError, match="try again"):
                await call
        assert time.monotonic() - began < 3
    finally:
        await asyncio.to_thread(server.start)
    await _until(store)
    await asyncio.wait_for(other._bell.connected.wait(), 10)
    while await other.wake(0.1):
        pass
    await asyncio.wait_for(store._bell.connected.wait(), 10)
    waiting = asyncio.create_task(other.wake(5))
    await store.accept([kit.new()])
    assert await waiting is True
    assert len(await kit.claim(other)) == 2
    assert len(await other.workspaces()) == 0
    await store.close()
    await other.close()


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit", "full_page_writes"])
async def test_a_server_that_forgets_is_refused(server: WheelServer, url: str, setting: str) -> None:
    """A server set up to lose confirmed rows is refused by the setting's name, unless the operator insists."""
    administrator = await asyncpg.connect(server.url)
    await administrator.execute(f"ALTER SYSTEM SET {setting} = off")
    await administrator.execute("SELECT pg_reload_conf()")
    try:
        await _shows(server, setting, "off")
        store = PostgresStore(url, clock=CLOCK)
        with pytest.raises(StoreRefusedError, match=f"ALTER SYSTEM SET {setting} = on"):
            await store.open()
        await store.close()
        loose = PostgresStore(url, clock=CLOCK, unsafe=True)
        await loose.open()
        with pytest.raises(StoreRefusedError, match=setting):
            await loose.check_durability()
        await loose.close()
    finally:
        await administrator.execute(f"ALTER SYSTEM RESET {setting}")
        await administrator.execute("SELECT pg_reload_conf()")
        await administrator.close()
        await _shows(server, setting, "on")


async def _shows(server: WheelServer, setting: str, value: str) -> None:
    end = time.monotonic() + 5 * SECOND
    while time.monotonic() < end:
        connection = await asyncpg.connect(server.url)
        shown = await connection.fetchval(f"SHOW {setting}")
        await connection.close()
        if shown == value:
            return
        await asyncio.sleep(0.02)
