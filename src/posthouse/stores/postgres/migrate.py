"""``posthouse migrate`` on PostgreSQL."""

from sqlalchemy import Connection as SqlConnection
from sqlalchemy import text

from posthouse.stores.postgres import guard, layout
from posthouse.stores.postgres.pool import Connection, Database
from posthouse.stores.shared import migrate as shared

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('posthouse migrate'))")


async def migrate(url: str, *, now: int) -> str:
    """Brings a database to this version's schema, makes its partitions and sets up its busy tables.

    Safe to run again and from several machines at a time; all of the schema's steps are one transaction.

    Args:
        url: of the database, which must exist.
        now: microseconds since the epoch; partitions are made from its month on.

    Returns:
        The schema's version.

    Raises:
        StoreRefusedError: a newer Posthouse migrated the database, or the server is too old.
        UnavailableError: the server is not there.
    """
    database = Database(url, timeout=3600.0)
    await database.open()
    try:
        await database.run(_check_version)
        await database.query(_upgrade)

        async def partitions(connection: Connection, _slot: int) -> None:
            await layout.ensure_partitions(connection, now)

        await database.run(partitions)
    finally:
        await database.close()
    return shared.HEAD


async def _check_version(connection: Connection, _slot: int) -> None:
    await guard.check_version(connection)


def _upgrade(connection: SqlConnection) -> None:
    connection.execute(_LOCK)
    shared.check_known(shared.current(connection))
    shared.upgrade(connection)
    for statement in (*layout.default_partitions(), *layout.tuning()):
        connection.exec_driver_sql(statement)
