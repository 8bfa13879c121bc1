"""Houses with their API on both stores."""

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from tests.integration.kit import Api, open_api

from posthouse.testing.postgres import DatabaseServer, WheelServer, create_database, drop_database, shared_server


@pytest.fixture(scope="session")
def database_server(testrun_uid: str) -> Iterator[DatabaseServer]:
    """The PostgreSQL server that all workers of this run share."""
    server = shared_server(testrun_uid)
    yield server
    if isinstance(server, WheelServer):
        server.remove()


@pytest.fixture(params=["sqlite", "postgres"])
async def api(request: pytest.FixtureRequest, tmp_path: Path, worker_id: str) -> AsyncIterator[Api]:
    """The real API over a fresh installation."""
    if request.param == "sqlite":
        async with open_api(tmp_path / "data") as made:
            yield made
        return
    server = request.getfixturevalue("database_server")
    name = f"posthouse_api_{worker_id}_{os.getpid()}"
    async with open_api(tmp_path / "data", await create_database(server, name)) as made:
        yield made
    with contextlib.suppress(OSError):  # the last one to end may have taken the server with it
        await drop_database(server, name)
