"""Moves the write-ahead log into the database in the background, so that no writer ever does it inside its own commit."""

import contextlib
import fcntl
import os
import sqlite3
import threading
from pathlib import Path
from typing import Final

from posthouse.stores.sqlite.connection import connect_writer
from posthouse.stores.sqlite.ticket import WriteTicket

ROWS: Final = 40_000
"""Changed rows of this process after which it looks at the log: some 50 MB of it."""
NEARLY: Final = 2_000
"""Pages that may be left for the last step, for which writers wait (some milliseconds)."""
LONGEST: Final = 256 << 20
"""Octets that the log's file may keep once it was copied; it grew beyond only beside a long reader or a great rush."""
STEP: Final = 32 << 20
"""Octets of a longer file that are given back at a time: all at once held every writer for 0.4 s (270 MB)."""
REST: Final = 2.0
"""Seconds between two steps while nothing else is to be copied."""
_ROUNDS: Final = 4


class Checkpointer(threading.Thread):
    """One thread for each process; a lock file lets only one of them work at a time."""

    def __init__(
        self, path: Path, *, unsafe: bool, longest: int = LONGEST, step: int = STEP, rest: float = REST
    ) -> None:
        super().__init__(name="store-checkpoint", daemon=True)
        self._raw = connect_writer(path, unsafe=unsafe)
        self._log = path.with_name(path.name + "-wal")
        self._longest, self._step, self._rest = longest, step, rest
        self._ticket = WriteTicket(path.parent)
        self._lock = os.open(path.parent / "checkpoint.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._due = threading.Event()
        self._stopping = False
        self._changed = 0

    def changed(self, rows: int) -> None:
        """Said by the writer after each commit."""
        self._changed += rows
        if self._changed >= ROWS:
            self._changed = 0
            self._due.set()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopping = True
        self._due.set()

    def run(self) -> None:
        """The life of the thread."""
        too_long = False
        while True:
            self._due.wait(self._rest if too_long else None)
            if self._stopping:
                break
            self._due.clear()
            with contextlib.suppress(sqlite3.Error, OSError):  # full disk, busy: the log waits for the next time
                self._checkpoint()
            too_long = self._size() > self._longest
        self._raw.close()
        self._ticket.close()
        os.close(self._lock)

    def _checkpoint(self) -> None:
        """Copies while others write until little is left, then the rest in a moment in which nobody writes.

        Only a log that was copied to its end is begun anew; under constant writing that moment has to be made.
        """
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            for _ in range(_ROUNDS):
                if self._copy() < NEARLY:
                    break
            with self._ticket:
                if self._copy() == 0:
                    self._shorten()
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _copy(self) -> int:
        """One passive checkpoint; the pages left."""
        _, in_log, copied = self._raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(in_log) - int(copied)

    def _shorten(self) -> None:
        """Gives one step of a file that is too long back. Only whoever begins a log anew can, and does it in that commit.

        Writers have no limit of their own, so none of them comes to do it for all of the file.
        """
        size = self._size()
        if size <= self._longest:
            return
        self._raw.execute(f"PRAGMA journal_size_limit={max(self._longest, size - self._step)}")
        self._raw.execute("PRAGMA user_version=0")  # the least there is to write; nobody reads it

    def _size(self) -> int:
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0
