"""The library on a store of its own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.library.kit import Shop

from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    clock = FakeClock()
    store = SqliteStore(tmp_path, clock=clock)
    await store.open()
    try:
        yield Shop(store, clock)
    finally:
        await store.close()
