"""What must be true of a server and its schema before the store trusts them."""

from typing import Final

from posthouse.stores.postgres.pool import Connection
from posthouse.stores.shared.errors import StoreRefusedError

_OLDEST_SERVER: Final = 140000

_SETTINGS: Final = """
SELECT name, setting, source FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
"""
_RAISED_BY_US: Final = frozenset({"user", "database", "database user", "client", "session"})
"""Where a value of synchronous_commit may come from that each of our sessions simply overrides."""


async def check_durability(connection: Connection) -> None:
    """Refuses a server that could forget what it confirmed.

    Args:
        connection: one that has not changed its own settings.

    Raises:
        StoreRefusedError: naming the setting and what to do.
    """
    for name, _setting, source in await connection.fetch(_SETTINGS):
        if name == "synchronous_commit" and source in _RAISED_BY_US:
            continue
        raise StoreRefusedError(
            f"PostgreSQL runs with {name} = off: messages that were answered as accepted could be lost in a power cut. "
            f"Run `ALTER SYSTEM SET {name} = on; SELECT pg_reload_conf();` as its administrator (or correct postgresql.conf"
            f" or the server's command line), or start with the setting that allows an unsafe store if you accept the loss"
        )


async def check_version(connection: Connection) -> None:
    """Refuses a server that is too old.

    Raises:
        StoreRefusedError: with the version found.
    """
    if connection.get_server_version().major * 10000 < _OLDEST_SERVER:
        found = await connection.fetchval("SHOW server_version")
        raise StoreRefusedError(f"PostgreSQL {found} is too old: version 14 or newer is needed")


async def check_schema(connection: Connection, expected: str) -> None:
    """Refuses a schema of another version than the code's.

    Raises:
        StoreRefusedError: says to migrate.
    """
    found = None
    if await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL"):
        found = await connection.fetchval("SELECT version_num FROM alembic_version")
    if found != expected:
        raise StoreRefusedError(
            f"the database's schema is {found or 'not there yet'}, this Posthouse needs {expected}: run `posthouse migrate`"
            " (and if the database is the newer one, use the Posthouse that migrated it, or a later one)"
        )
