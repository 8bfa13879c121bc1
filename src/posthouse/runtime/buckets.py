"""Token buckets that every API process of the machine takes from: a mapped file, 32 bytes a key.

A lock on eight buckets is held for the few instructions between reading and writing one (fcntl(2) record locks: the system gives
them back when a process is killed). A process that is stopped with the lock in its hand must not stop the others: after some tries
they go on without it, at the risk of counting a message too few. Costs about 8 µs a request; nothing when there is no limit.
"""

import fcntl
import math
import mmap
import os
import time
from pathlib import Path
from struct import Struct
from typing import Final

from posthouse.core.kernel.ids import Id
from posthouse.http.ratelimit import AHEAD, Refill

GROUPS: Final = 1_024
WAYS: Final = 8
"""Buckets of one group. A key stands in the group that its identifier names; the fullest bucket makes room."""
_ROW: Final = Struct("<16sdq")
"""Key, level, since when (microseconds of the monotonic clock)."""
_GROUP_SIZE: Final = WAYS * _ROW.size
_TRIES: Final = 40


class SharedBuckets:
    """Buckets (http/ratelimit.py) in a file.

    Args:
        path: the file, the same for all processes; made when missing. Its folder must be on this machine.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        size = GROUPS * _GROUP_SIZE
        if os.fstat(self._file).st_size < size:
            os.ftruncate(self._file, size)
        self._map = mmap.mmap(self._file, size)

    def take(self, key_id: Id, cost: int, now: int, refill: Refill) -> tuple[bool, float]:
        """See :class:`Buckets`."""
        start = int.from_bytes(key_id[-4:], "big") % GROUPS * _GROUP_SIZE
        held = self._lock(start)
        try:
            at, level, since = self._find(key_id, start, now, refill)
            if level < 1:
                return False, level
            _ROW.pack_into(self._map, at, key_id, level - cost, since)
        finally:
            if held:
                fcntl.lockf(self._file, fcntl.LOCK_UN, 1, start)
        return True, level - cost

    def _find(self, key_id: Id, start: int, now: int, refill: Refill) -> tuple[int, float, int]:
        """Where the key's bucket is, or is to be, what is in it, and up to when it is filled: never twice for the same moment."""
        rows = list(_ROW.iter_unpack(self._map[start : start + _GROUP_SIZE]))
        for way, (owner, level, since) in enumerate(rows):
            if owner == key_id:
                filled = max(since, now) if since <= now + AHEAD else now
                return start + way * _ROW.size, refill.level(level, since, now), filled
        levels = [refill.level(level, since, now) if any(owner) else math.inf for owner, level, since in rows]
        return start + levels.index(max(levels)) * _ROW.size, float(refill.burst), now

    def _lock(self, start: int) -> bool:
        for turn in range(_TRIES):
            try:
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, start)
            except OSError:
                if turn > _TRIES // 2:
                    time.sleep(0)  # lets the holder go on when there is one processor only
            else:
                return True
        return False

    def close(self) -> None:
        """Lets go of the file; the buckets stay."""
        self._map.close()
        os.close(self._file)
