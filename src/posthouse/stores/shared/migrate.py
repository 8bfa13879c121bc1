"""Bringing a database to the schema of this version, for both stores.

The caller owns the transaction and the lock that keeps two processes from migrating at once.
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from posthouse.stores.shared import schema
from posthouse.stores.shared.errors import StoreRefusedError

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic is imported where it works: every process looks at the schema when it starts, hardly any has to change it.

HEAD: Final = "0020"
"""The schema this version works with: the last step of ``migrations/versions`` (a test proves it)."""

_VERSION_TABLE: Final = """
CREATE TABLE alembic_version ( version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )
"""


def current(connection: Connection) -> str | None:
    """The step that a database is at, None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def check_known(revision: str | None) -> None:
    """Refuses a database that a newer Posthouse has migrated: this version would damage it.

    Raises:
        StoreRefusedError: the schema is newer than this version.
    """
    if revision in {None, HEAD}:
        return
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    known = {script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()}
    if revision not in known:
        raise StoreRefusedError(
            f"the store has schema {revision}, which a newer Posthouse made; this version knows up to {HEAD}. "
            "Install the newer version again, or restore a backup from before the upgrade"
        )


def make(connection: Connection) -> None:
    """Gives an empty SQLite database the schema at once: a fraction of the time that the steps take, and without Alembic.

    A test proves that both come to the same, to the letter.
    """
    for statement in _statements():
        connection.exec_driver_sql(statement)


@functools.cache
def _statements() -> tuple[str, ...]:
    dialect = sqlite.dialect()
    tables = schema.metadata_for("sqlite").sorted_tables
    return (
        *(str(CreateTable(table).compile(dialect=dialect)) for table in tables),
        *(str(CreateIndex(index).compile(dialect=dialect)) for table in tables for index in table.indexes),
        _VERSION_TABLE,
        f"INSERT INTO alembic_version VALUES ('{HEAD}')",  # noqa: S608  a constant of this file
    )


def upgrade(connection: Connection, to: str = "head") -> None:
    """Runs what is missing up to a step, in the caller's transaction."""
    from alembic import command  # noqa: PLC0415 - see above

    command.upgrade(_config(connection), to)


def head() -> str | None:
    """The last step of the history."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see above

    return ScriptDirectory.from_config(_config(None)).get_current_head()


def _config(connection: Connection | None) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
