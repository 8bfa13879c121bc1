"""The file as a whole: made, migrated, checked, copied."""

import os
import sqlite3
from pathlib import Path

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import ConflictError
from posthouse.stores.shared import migrate
from posthouse.stores.sqlite.connection import (
    Handle,
    check_durable,
    connect_reader,
    connect_writer,
    explained,
    make_private,
)
from posthouse.stores.sqlite.ticket import WriteTicket


def prepare(path: Path, clock: Clock, *, unsafe: bool) -> None:
    """Makes the file or brings it to this version's schema, under the write ticket: several processes may start at once.

    Raises:
        StoreRefusedError: see migrate.check_known and connection.check_durable.
        UnavailableError: the file cannot be opened just now.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    ticket = WriteTicket(path.parent)
    try:
        with ticket:
            handle = Handle(connect_writer(path, unsafe=unsafe))
            try:
                check_durable(handle.raw, unsafe=unsafe)
                _migrate(handle, path, clock)
            finally:
                handle.close()
    except sqlite3.Error as error:
        raise explained(error) from error
    finally:
        ticket.close()


def backup(path: Path, target: Path) -> None:
    """A consistent copy while others read and write; it appears under its name only when it is whole and on the disk.

    Raises:
        ConflictError: there is a file of that name.
        UnavailableError: no space.
    """
    if target.exists():
        raise ConflictError(f"{target} exists already; choose another name for the backup")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    source = connect_reader(path)
    make_private(part)
    copy = sqlite3.connect(part)
    try:
        source.backup(copy)
    except sqlite3.Error as error:
        part.unlink(missing_ok=True)
        raise explained(error) from error
    finally:
        copy.close()
        source.close()
    _sync(part)
    part.rename(target)
    _sync(target.parent)


def _migrate(handle: Handle, path: Path, clock: Clock) -> None:
    revision = migrate.current(handle.sql)
    migrate.check_known(revision)
    if revision == migrate.HEAD:
        return
    if revision is not None:
        backup(path, path.with_name(f"{path.stem}-{revision}-before-{migrate.HEAD}-{clock.now()}.db"))
    handle.raw.execute("BEGIN IMMEDIATE")
    try:
        if revision is None:
            migrate.make(handle.sql)
        else:
            migrate.upgrade(handle.sql)
        handle.raw.execute("COMMIT")
    except BaseException:
        if handle.raw.in_transaction:
            handle.raw.execute("ROLLBACK")
        raise


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
