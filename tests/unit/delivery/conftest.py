"""The small house, opened and closed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.delivery.house import SmallHouse


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[SmallHouse]:
    small = SmallHouse(tmp_path)
    await small.store.open()
    yield small
    await small.fleet.close()
    await small.store.close()
