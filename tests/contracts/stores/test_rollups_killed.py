"""Whoever keeps the roll-ups is killed in the middle, again and again: the numbers are those of a recount."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from posthouse.stores.postgres.store import PostgresStore
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_rollups import Life, follow, follower, recomputed, table
from posthouse.testing.stores import Kit, Store

FOLLOW: Final = """
import asyncio, sys
from pathlib import Path
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_rollups import follow, follower
from posthouse.testing.stores import Kit

async def main(where):
    if where.startswith("postgresql"):
        from posthouse.stores.postgres.store import PostgresStore
        store = PostgresStore(where, clock=FakeClock(), shard=7)
    else:
        from posthouse.stores.sqlite.store import SqliteStore
        store = SqliteStore(Path(where), clock=FakeClock(), shard=7)
    await store.open()
    await follow(follower(store, Kit(), 1))
    await store.close()

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
async def on_sqlite(tmp_path: Path) -> AsyncIterator[Store]:
    store = SqliteStore(tmp_path / "data", clock=FakeClock())
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def on_postgres(postgres_url: str) -> AsyncIterator[Store]:
    store = PostgresStore(postgres_url, clock=FakeClock())
    await store.open()
    yield store
    await store.close()


async def test_killed_on_sqlite(on_sqlite: Store, tmp_path: Path) -> None:
    """Three are killed with SIGKILL while they work, one event a transaction; whoever comes next goes on from there."""
    await kill_some(on_sqlite, str(tmp_path / "data"))


async def test_killed_on_postgres(on_postgres: Store, postgres_url: str) -> None:
    """Likewise."""
    await kill_some(on_postgres, postgres_url)


async def kill_some(store: Store, where: str) -> None:
    """Kills three followers, lets a fourth end the work, and counts again."""
    kit = Kit()
    life = Life(store, kit, 11)
    for _ in range(30):
        await life.day()
    end = await store.stream_end()
    for part in (1, 2, 3):
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", FOLLOW, where)
        async with asyncio.timeout(60):
            while (await store.rollup_position()).seq < end * part // 5:
                await asyncio.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        assert await child.wait() == -signal.SIGKILL
    assert (await store.rollup_position()).seq < end
    await follow(follower(store, kit, 50))
    assert await table(store, kit) == await recomputed(store, kit, 1_000)
