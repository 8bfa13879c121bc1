"""PostgreSQL alone: old events are dropped by the month."""

from collections.abc import AsyncIterator

import pytest

from posthouse.core.keeping.settings import Rule
from posthouse.core.kernel.clock import DAY
from posthouse.core.messages.model import Event, EventType
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
