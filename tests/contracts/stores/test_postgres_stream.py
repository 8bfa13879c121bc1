"""PostgreSQL alone: numbers are drawn before their transactions commit, and the commits come in any order."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.messages import stream
from posthouse.core.messages.model import EventType
from posthouse.core.messages.stream import StreamQuery
from posthouse.stores.postgres.store import PostgresStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.stores import Kit

ADD = "INSERT INTO events (message_id, type, key, workspace_id, at) VALUES ($1, $2, $3, $4, 1) RETURNING seq"


@pytest.fixture
async def store(postgres_url: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(postgres_url, clock=FakeClock())
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def writers(postgres_url: str) -> AsyncIterator[list[Any]]:
    opened = [await asyncpg.connect(postgres_url) for _ in range(3)]
    yield opened
    for one in opened:
        await one.close()


async def add(connection: Any, kit: Kit, message: bytes, key: str) -> int:
    return int(await connection.fetchval(ADD, message.hex(), int(EventType.SENT), key, kit.workspace.hex()))


async def keys_after(store: PostgresStore, query: StreamQuery) -> tuple[list[str], int]:
    page = await stream.read(store, query)
    return [one.event.key for one in page.items], page.cursor


async def test_a_lower_number_that_commits_later_is_not_skipped(store: PostgresStore, writers: list[Any]) -> None:
    """The first draws, the second draws and commits: neither is told before the first has ended, then both are, in order."""
    kit = Kit()
    message = kit.new()
    await store.accept([message])
    cursor = await store.stream_end()
    slow = writers[0].transaction()
    await slow.start()
    low = await add(writers[0], kit, message.id, "low")
    high = await add(writers[1], kit, message.id, "high")
    assert low < high
    found, reached = await keys_after(store, StreamQuery(after=cursor))
    assert (found, reached < low) == ([], True)
    await slow.commit()
    found, reached = await keys_after(store, StreamQuery(after=reached))
    assert found == ["low", "high"]
    assert await keys_after(store, StreamQuery(after=reached)) == ([], reached)


async def test_what_is_rolled_back_holds_nobody_up(store: PostgresStore, writers: list[Any]) -> None:
    """A number that was drawn and thrown away is passed over as soon as its transaction is gone."""
    kit = Kit()
    message = kit.new()
    await store.accept([message])
    cursor = await store.stream_end()
    slow = writers[0].transaction()
    await slow.start()
    await add(writers[0], kit, message.id, "thrown away")
    await add(writers[1], kit, message.id, "kept")
    assert (await keys_after(store, StreamQuery(after=cursor)))[0] == []
    await slow.rollback()
    assert (await keys_after(store, StreamQuery(after=cursor)))[0] == ["kept"]


async def test_a_reader_that_comes_while_a_writer_hangs_is_told_to_wait(
    store: PostgresStore, postgres_url: str, writers: list[Any]
) -> None:
    """It knows no settled end yet. Zero would be one: whoever asks for news would be told everything that ever happened."""
    kit = Kit()
    message = kit.new()
    await store.accept([message])
    newcomer = PostgresStore(postgres_url, clock=FakeClock())
    await newcomer.open()
    async with writers[0].transaction():
        await add(writers[0], kit, message.id, "slow")
        with pytest.raises(UnavailableError):
            await newcomer.stream_end()
    assert await newcomer.stream_end() == await store.stream_end() > 0
    await newcomer.close()


async def test_readers_and_backups_do_not_hold_the_stream_up(store: PostgresStore, writers: list[Any]) -> None:
    """A transaction that only reads events, or writes elsewhere, may stay open for hours."""
    kit = Kit()
    message = kit.new()
    await store.accept([message])
    cursor = await store.stream_end()
    async with writers[0].transaction(isolation="repeatable_read"), writers[2].transaction():
        await writers[0].fetch("SELECT count(*) FROM events")
        await writers[2].execute("INSERT INTO meta (name, number) VALUES ('elsewhere', 1)")
        await add(writers[1], kit, message.id, "told")
        assert (await keys_after(store, StreamQuery(after=cursor)))[0] == ["told"]


async def test_commits_in_any_order_lose_nothing(store: PostgresStore, postgres_url: str) -> None:
    """Eight writers hold their numbers for a while and commit in whatever order; a reader goes on from its cursor."""
    kit = Kit()
    message = kit.new()
    await store.accept([message])
    cursor = await store.stream_end()
    done = asyncio.Event()

    async def write(name: int) -> None:
        connection = await asyncpg.connect(postgres_url)
        for turn in range(20):
            async with connection.transaction():
                await add(connection, kit, message.id, f"{name}-{turn}")
                await asyncio.sleep(((name * 7 + turn * 3) % 11) / 1000)
        await connection.close()

    async def follow() -> list[int]:
        found, after = [], cursor
        while True:
            last_look = done.is_set()
            page = await stream.read(store, StreamQuery(after=after, limit=7))
            found += [one.event.seq for one in page.items]
            after = page.cursor
            if last_look and not page.more:
                return found
            await asyncio.sleep(0)

    reading = asyncio.create_task(follow())
    await asyncio.gather(*(write(name) for name in range(8)))
    done.set()
    found = await reading
    assert len(found) == 160
    assert found == sorted(set(found))
