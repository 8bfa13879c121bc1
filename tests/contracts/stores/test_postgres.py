"""The store contract over PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from posthouse.stores.postgres.store import PostgresStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.postgres import empty_database
from posthouse.testing.stores import FreshStore, Kit, OpenStore, Store, StoreContract


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.fixture
async def open_store(postgres_url: str) -> AsyncIterator[OpenStore]:
    opened: list[PostgresStore] = []

    async def open_one() -> Store:
        store = PostgresStore(postgres_url, clock=FakeClock(), shard=len(opened))
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
def fresh_store(postgres_database: str) -> FreshStore:
    @asynccontextmanager
    async def fresh() -> AsyncIterator[Store]:
        await empty_database(postgres_database)
        store = PostgresStore(postgres_database, clock=FakeClock())
        await store.open()
        try:
            yield store
        finally:
            await store.close()

    return fresh


class TestPostgres(StoreContract):
    """Every promise of the ports."""
