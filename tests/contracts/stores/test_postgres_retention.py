"""PostgreSQL alone: old events are dropped by the month."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from posthouse.core.keeping.settings import Rule
from posthouse.core.kernel.clock import DAY
from posthouse.core.messages.model import Event, EventType
from posthouse.stores.postgres.dropping import drop_events_before
from posthouse.stores.postgres.pool import Connection
from posthouse.stores.postgres.store import PostgresStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_keeping import followed, keeper, ruled, sent, unhurried
from posthouse.testing.stores import Kit


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(postgres_url, clock=FakeClock())
    await store.open()
    yield store
    await store.close()


async def test_a_month_goes_whole_once_nothing_of_it_is_needed(store: PostgresStore) -> None:
    """Not while a message of it waits, nor while it has a young event; then at once, and what is younger stays."""
    kit = Kit(FakeClock())
    await ruled(store, kit, Rule(content_days=1, event_days=7))
    old = await sent(store, kit)
    waiting = kit.new(due_at=kit.clock.now() + 90 * DAY)
    await store.accept([waiting])
    kit.clock.advance(70 * DAY)
    await store.ensure_partitions(kit.clock.now())
    young = await sent(store, kit)
    before = kit.clock.now() - 7 * DAY
    assert await store.drop_events_before(before) == 0
    await store.cancel(kit.workspace, waiting.id, kit.clock.now())
    await followed(store)
    await store.append([Event(young[0].id, kit.workspace, EventType.OPENED, kit.clock.now(), "x")])
    assert await store.drop_events_before(before) == 1, (
        "an empty month; in the other an event is young: it was cancelled a moment ago"
    )
    assert len(await store.events_of(kit.workspace, old[0].id)) == 2
    kit.clock.advance(8 * DAY)
    swept = await keeper(store, kit).sweep(unhurried)
    assert (swept.partitions, swept.messages, swept.events) == (1, 7, 6)
    assert await store.events_of(kit.workspace, old[0].id) == []
    assert [event.type for event in await store.events_of(kit.workspace, young[0].id)] == [EventType.OPENED]
    assert await store.message(kit.workspace, old[0].id, kit.clock.now()) is not None
    assert (await keeper(store, kit).sweep(unhurried)).partitions == 0


class Told:
    """A connection, what it was told, and what happens just before it locks a table."""

    def __init__(self, connection: Any, meanwhile: Callable[[], Awaitable[object]] | None = None) -> None:
        self._connection = connection
        self._meanwhile = meanwhile
        self.statements: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetchrow(self, statement: str, *args: Any) -> Any:
        self.statements.append(statement)
        return await self._connection.fetchrow(statement, *args)

    async def execute(self, statement: str, *args: Any) -> Any:
        if self._meanwhile is not None and statement.startswith("LOCK"):
            await self._meanwhile()
        self.statements.append(statement)
        return await self._connection.execute(statement, *args)


async def test_a_month_is_counted_before_it_is_locked(store: PostgresStore) -> None:
    """A hundred million rows take a minute, in which nobody could read; what comes in that minute keeps the month."""
    kit = Kit(FakeClock())
    await ruled(store, kit, Rule(content_days=1, event_days=7))
    await store.ensure_partitions(kit.clock.now())
    old = await sent(store, kit)
    kit.clock.advance(70 * DAY)
    await store.ensure_partitions(kit.clock.now())
    young = await sent(store, kit)
    before = kit.clock.now() - 7 * DAY
    numbers = iter(range(9))

    async def open_one() -> None:
        key = f"x{next(numbers)}"
        await store.append(
            [Event(one.id, kit.workspace, EventType.OPENED, kit.clock.now(), key) for one in (*old, *young)]
        )

    async def work(connection: Connection, _slot: int) -> Told:
        told = Told(connection, open_one)
        await drop_events_before(told, before)  # type: ignore[arg-type]
        return told

    told = await store._database.run(work)
    assert len(await store.events_of(kit.workspace, old[0].id)) > 2
    counted = [word.startswith("SELECT count") for word in told.statements]
    locks = [at for at, word in enumerate(told.statements) if word.startswith("LOCK")]
    assert locks
    for at in locks:
        assert counted[at - 2], "then the time that is waited for the lock, then the lock"
