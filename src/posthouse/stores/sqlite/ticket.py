"""Whose turn it is to write: a lock between processes that is handed over at once.

SQLite's own lock is polled with growing sleeps, which costs milliseconds at each handover. A blocking ``flock`` wakes the next
waiter in microseconds, and the kernel lets go of it when its holder dies. Two locks make it fair: whoever waits stands
at the *turnstile*, so a writer that has just let go cannot take the *pen* again before the one who waits.
"""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class WriteTicket:
    """A context in which nobody else, in any process, writes to the store. One object for each thread that writes."""

    def __init__(self, folder: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._turnstile = os.open(folder / "write.turnstile", flags, 0o600)
        self._pen = os.open(folder / "write.pen", flags, 0o600)

    def __enter__(self) -> Self:
        fcntl.flock(self._turnstile, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._pen, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._pen, fcntl.LOCK_UN)

    def close(self) -> None:
        """Lets go of the files."""
        os.close(self._turnstile)
        os.close(self._pen)
