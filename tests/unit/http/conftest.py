"""An application over fakes, and a client that speaks to it without a socket."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.unit.http.fakes import Stage


@pytest.fixture
async def stage() -> Stage:
    return await Stage().open()


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=stage.app, raise_app_exceptions=False)
    headers = {"authorization": f"Bearer {stage.live_key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://posthouse.test", headers=headers) as client:
        yield client
