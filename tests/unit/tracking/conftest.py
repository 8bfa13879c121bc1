"""The stage of tracking as fixtures."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.unit.tracking.stage import Stage, client_of, staged


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as made:
        yield made


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(stage) as made:
        yield made
