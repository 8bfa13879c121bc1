"""The store contract over SQLite."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.stores import FreshStore, Kit, OpenStore, Store, StoreContract


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.fixture
async def open_store(tmp_path: Path) -> AsyncIterator[OpenStore]:
    opened: list[SqliteStore] = []

    async def open_one() -> Store:
        store = SqliteStore(tmp_path / "data", clock=FakeClock(), shard=len(opened))
        await store.open()
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    return await open_store()


@pytest.fixture
def fresh_store(tmp_path: Path) -> FreshStore:
    numbers = itertools.count()

    @asynccontextmanager
    async def fresh() -> AsyncIterator[Store]:
        store = SqliteStore(tmp_path / str(next(numbers)), clock=FakeClock())
        await store.open()
        try:
            yield store
        finally:
            await store.close()

    return fresh


class TestSqlite(StoreContract):
    """Every promise of the ports."""
