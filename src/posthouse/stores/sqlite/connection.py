"""Connections to the one file, and what its errors mean."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, StaticPool, create_engine
from sqlalchemy.exc import DBAPIError

from posthouse.core.kernel.errors import UnavailableError
from posthouse.stores.shared.errors import StoreRefusedError

PAGE_SIZE: Final = 4096
"""Octets; chosen by bench/stores.py (docs/explain/store.md)."""
OLDEST_SQLITE: Final = (3, 35, 0)
"""The first with RETURNING."""
BUSY_TIMEOUT_MS: Final = 5_000
FULL: Final = 2
NORMAL: Final = 1
_TEMPORARY: Final = frozenset({5, 6, 7, 8, 10, 13, 14, 15})
"""Primary result codes BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN, PROTOCOL (sqlite.org, "Result Codes")."""


class Handle:
    """One connection seen twice: as the driver's own for hot statements, through SQLAlchemy for the others."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        engine = create_engine(
            "sqlite://",
            creator=lambda: raw,
            poolclass=StaticPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,  # people's addresses have no place in a log
        )
        self.sql: Connection = engine.connect()

    def close(self) -> None:
        """Closes it."""
        self.sql.detach()
        self.raw.close()


def connect_writer(path: Path, *, unsafe: bool) -> sqlite3.Connection:
    """The connection that writes. Its transactions are begun and ended by hand.

    ``unsafe`` commits without waiting for the disk: what was answered in the last moments before a power cut is lost.
    """
    make_private(path)
    raw = _connect(path)
    raw.execute(f"PRAGMA page_size={PAGE_SIZE}")
    raw.execute("PRAGMA journal_mode=WAL")
    raw.execute(f"PRAGMA synchronous={NORMAL if unsafe else FULL}")
    raw.execute("PRAGMA wal_autocheckpoint=0")
    raw.execute("PRAGMA journal_size_limit=-1")  # the checkpointer gives a long log back, in steps
    raw.execute("PRAGMA cache_size=-65536")
    return raw


def make_private(path: Path) -> None:
    """Makes the file for its owner alone, if there is none: it holds people's addresses. SQLite gives its companions the same mode."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def connect_reader(path: Path) -> sqlite3.Connection:
    """A connection that only reads."""
    raw = _connect(path)
    raw.execute("PRAGMA query_only=ON")
    raw.execute("PRAGMA cache_size=-16384")
    return raw


def check_durable(raw: sqlite3.Connection, *, unsafe: bool) -> None:
    """Refuses a connection whose commits could be lost in a power cut (measured: NORMAL lost 13 % of the answered rows).

    Raises:
        StoreRefusedError: not in WAL mode, or below ``synchronous=FULL`` without ``unsafe``.
    """
    mode = raw.execute("PRAGMA journal_mode").fetchone()[0]
    if mode != "wal":
        raise StoreRefusedError(
            f"SQLite answers journal_mode={mode} instead of wal; put the data folder on a local disk (WAL needs shared "
            "memory, which network file systems do not have)"
        )
    level = raw.execute("PRAGMA synchronous").fetchone()[0]
    if level < FULL and not unsafe:
        raise StoreRefusedError(
            f"the store runs with synchronous={level}, below FULL ({FULL}): a power cut would lose accepted messages. "
            "Set it back to FULL, or say loudly that losing them is fine (unsafe)"
        )


def explained(error: Exception) -> Exception:
    """An UnavailableError for what passes by itself (disk full, input/output error, locked), any other error unchanged."""
    driver = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(driver, sqlite3.Error) and getattr(driver, "sqlite_errorcode", 0) & 0xFF in _TEMPORARY:
        name = driver.sqlite_errorname
        return UnavailableError(f"the store cannot work just now ({name}: {driver}); nothing was kept, try again")
    return error


def _connect(path: Path) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StoreRefusedError(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or newer is needed")
    raw = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    raw.execute("PRAGMA temp_store=MEMORY")
    return raw
