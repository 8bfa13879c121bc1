"""Bringing a database to the schema of this version, for both stores.

The caller owns the transaction and the lock that keeps two processes from migrating at once.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, text

from posthouse.stores.shared.errors import StoreRefusedError

if TYPE_CHECKING:
    from alembic.config import Config

# Alembic is imported where it works: every process looks at the schema when it starts, hardly any has to change it.

HEAD: Final = "0014"
"""The schema this version works with: the last step of ``migrations/versions`` (a test proves it)."""


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
