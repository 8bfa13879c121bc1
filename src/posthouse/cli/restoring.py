"""Puts a backup in the place of the store so that nothing old is sent by itself.

Everything is prepared beside the store: the copy is checked, migrated, marked and its pending messages are held there.
Only then, in one rename, does it become the store; a crash at any moment leaves either the old store or a marked one.
"""

import asyncio
import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

import msgspec

from posthouse.config import Settings
from posthouse.core.kernel.errors import ConflictError, NotFoundError, ValidationError


class Outcome(msgspec.Struct, frozen=True):
    """What a restore did."""

    held: int
    replaced: Path | None = None
    """Where the store that was there before is now."""


def put_back(settings: Settings, backup: Path) -> Outcome:
    """Replaces the SQLite store by a backup.

    Raises:
        NotFoundError: there is no such file.
        ValidationError: it is no backup of a store, or the store is PostgreSQL.
        ConflictError: something still has the store open.
    """
    if settings.postgres:
        raise ValidationError("restore PostgreSQL with its own tools (pg_restore), then run posthouse restore --mark")
    _check(backup)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _settle(settings.sqlite_path)
    workshop = Path(tempfile.mkdtemp(prefix="restore-", dir=settings.data_dir))
    try:
        beside = msgspec.structs.replace(settings, data=str(workshop), secret_key_file=str(settings.key_file))
        shutil.copyfile(backup, beside.sqlite_path)
        held = asyncio.run(hold_everything(beside))
        _settle(beside.sqlite_path)
        replaced = _keep(settings.sqlite_path)
        beside.sqlite_path.replace(settings.sqlite_path)
        _sync(settings.data_dir)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return Outcome(held, replaced)


async def hold_everything(settings: Settings) -> int:
    """Sets the epoch marker to now and holds every pending message; how many."""
    from posthouse.bootstrap import open_house

    async with open_house(settings, role="cli") as house:
        now = house.clock.now()
        await house.store.set_epoch(now)
        return await house.store.hold_before(now, now)


def _check(backup: Path) -> None:
    """Whether the file is a whole store."""
    if not backup.is_file():
        raise NotFoundError(f"there is no backup at {backup}")
    try:
        with closing(sqlite3.connect(f"file:{backup}?mode=ro&immutable=1", uri=True)) as connection:
            whole = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            ours = connection.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('queue', 'states')").fetchone()
    except sqlite3.Error as error:
        raise ValidationError(f"{backup} is no backup of a Posthouse store: {error}") from None
    if not whole or ours[0] != 2:
        raise ValidationError(f"{backup} is no whole backup of a Posthouse store; use another copy")


def _settle(path: Path) -> None:
    """Brings everything into the one file; refuses while anybody else has it open."""
    if not path.exists():
        return
    with closing(sqlite3.connect(path, timeout=1.0)) as connection:
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError:
            raise ConflictError(f"{path} is in use: stop posthouse serve, then restore") from None


def _keep(path: Path) -> Path | None:
    """Gives the store that is there a second name, so that the rename to come loses nothing."""
    if not path.exists():
        return None
    kept = path.with_name(f"{path.stem}-replaced-{time.time_ns() // 1000}{path.suffix}")
    kept.hardlink_to(path)
    return kept


def _sync(folder: Path) -> None:
    """Makes names durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
