"""One PostgreSQL server for the whole session, and empty databases on it with the schema in place."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator

import pytest

from posthouse.stores.postgres.migrate import migrate
from posthouse.testing.clock import FakeClock
from posthouse.testing.postgres import (
    DatabaseServer,
    WheelServer,
    create_database,
    drop_database,
    empty_database,
    shared_server,
)

_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def postgres_server(testrun_uid: str) -> Iterator[DatabaseServer]:
    """The server that all workers of this run share."""
    server = shared_server(testrun_uid)
    yield server
    if isinstance(server, WheelServer):
        server.remove()


@pytest.fixture(scope="session")
def postgres_database(postgres_server: DatabaseServer, worker_id: str) -> Iterator[str]:
    """The URL of a migrated database of this worker's own."""
    name = f"posthouse_{worker_id}_{os.getpid()}"
    url = asyncio.run(create_database(postgres_server, name))
    asyncio.run(migrate(url, now=FakeClock().now()))
    yield url
    asyncio.run(drop_database(postgres_server, name))


@pytest.fixture
async def postgres_url(postgres_database: str) -> str:
    """The same database, without a row."""
    await empty_database(postgres_database)
    return postgres_database


@pytest.fixture
async def blank_database(postgres_server: DatabaseServer, worker_id: str) -> AsyncIterator[str]:
    """The URL of a database without a schema."""
    name = f"posthouse_{worker_id}_{os.getpid()}_{next(_NUMBERS)}"
    yield await create_database(postgres_server, name)
    await drop_database(postgres_server, name)
