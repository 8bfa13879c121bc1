"""A place to measure in: beside the data, never in it."""

import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from posthouse.cli.frame import Desk
from posthouse.core.kernel.errors import PosthouseError, UnavailableError
from posthouse.testing.postgres import GivenServer, create_database, drop_database


@asynccontextmanager
async def scratch(desk: Desk) -> AsyncIterator[tuple[Path, str]]:
    """A folder, on the disk of the data folder when one is named, and a database's URL (empty: SQLite). Removed at the end."""
    settings = desk.settings
    beside = settings.data_dir if desk.data is not None and settings.data_dir.is_dir() else None
    try:
        folder = Path(tempfile.mkdtemp(prefix="posthouse-bench-", dir=beside))
    except OSError as error:
        raise PosthouseError(f"no folder to measure in can be made in {beside}: {error.strerror}") from None
    try:
        if settings.postgres:
            async with _database(settings.database) as url:
                yield folder, url
        else:
            yield folder, ""
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def _database(url: str) -> AsyncIterator[str]:
    """A database of its own on the server of that URL."""
    server, name = GivenServer(url), f"posthouse_bench_{os.getpid()}_{secrets.token_hex(3)}"
    try:
        made = await create_database(server, name)
    except asyncpg.InsufficientPrivilegeError:
        raise PosthouseError(
            "the role may not create a database to measure in, and the one that it has is never used for that: "
            "ALTER ROLE … CREATEDB, or name another role with --database"
        ) from None
    except (OSError, asyncpg.PostgresError) as error:
        raise UnavailableError(f"PostgreSQL cannot be used: {error}") from None
    try:
        yield made
    finally:
        await drop_database(server, name)
