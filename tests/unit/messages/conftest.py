"""A whole house on SQLite with one template, as bootstrap wires it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.messages.scene import Scene, furnish

from posthouse.bootstrap import open_house
from posthouse.config import Settings, create_master_key


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    settings = Settings(data=str(tmp_path))
    create_master_key(settings.key_file)
    async with open_house(settings, role="cli") as house:
        yield await furnish(house)
