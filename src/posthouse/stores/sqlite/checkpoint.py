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
_ROUNDS: Final = 4


class Checkpointer(threading.Thread):
    """One thread for each process; a lock file lets only one of them work at a time."""

    def __init__(self, path: Path, *, unsafe: bool) -> None:
        super().__init__(name="store-checkpoint", daemon=True)
        self._raw = connect_writer(path, unsafe=unsafe)
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
        while self._due.wait() and not self._stopping:
            self._due.clear()
            with contextlib.suppress(
                sqlite3.Error, BlockingIOError
            ):  # full disk, busy: the log waits for the next time
                self._checkpoint()
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
                self._copy()
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def _copy(self) -> int:
        """One passive checkpoint; the pages left."""
        _, in_log, copied = self._raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(in_log) - int(copied)
