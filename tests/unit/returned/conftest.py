"""The desk at which returned mail is taken in."""

import pytest
from tests.unit.messages.conftest import scene as _scene
from tests.unit.messages.scene import Scene
from tests.unit.returned.scene import Desk

scene = _scene


@pytest.fixture
async def desk(scene: Scene) -> Desk:
    return Desk(scene)
