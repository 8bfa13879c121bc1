"""Numbers that outlive their process: a row of doubles in a shared file, and the names of its places beside it.

Adding to one is an addition in memory (some 60 ns) and survives ``kill -9``, because the pages belong to the system.
A process that comes back under its name goes on counting where it was, so counters never go down and files do not pile
up. ``NAME.numbers`` holds the doubles; line *n* of ``NAME.names`` is JSON and names the places given out by the *n*-th
call.
"""

import contextlib
import fcntl
import mmap
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

CAPACITY: Final = 8192
"""Places in one file: 64 KiB, a hundred times what is used."""
_SIZE: Final = CAPACITY * 8
NUMBERS: Final = ".numbers"
NAMES: Final = ".names"


class Place(msgspec.Struct, frozen=True, array_like=True):
    """Consecutive numbers that belong to one metric with one set of labels."""

    metric: str
    labels: tuple[str, ...]
    start: int
    width: int


class Slots:
    """The numbers of one process.

    Args:
        folder: shared by the processes; made when missing.
        name: of this process, the same after a restart (``dispatch-0``). When another process still has it, the process
            number is added.
    """

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._names = _lock(folder, name)
        path = Path(self._names.name).with_suffix(NUMBERS)
        with path.open("ab") as grow:
            grow.truncate(_SIZE)
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), _SIZE)
        self.numbers = memoryview(self._map).cast("d")
        self._places = {(place.metric, place.labels): place for place in read_names(Path(self._names.name))}
        self._next = max((place.start + place.width for place in self._places.values()), default=0)

    def place(self, metric: str, labels: tuple[str, ...], width: int = 1) -> int:
        """Where the numbers of a metric with these labels start; given out at the first call.

        When all places are gone the last ones are shared, so that a flood of labels costs truth and never memory.
        """
        found = self._places.get((metric, labels))
        if found is None:
            if self._next + width > CAPACITY:
                return CAPACITY - width
            found = Place(metric, labels, self._next, width)
            self._names.write(msgspec.json.encode(found) + b"\n")
            self._places[metric, labels] = found
            self._next += width
        return found.start

    def places(self, metric: str) -> Iterator[Place]:
        """The places of one metric that were given out."""
        return (place for place in self._places.values() if place.metric == metric)

    def close(self) -> None:
        """Lets go of the files; the numbers stay."""
        self.numbers.release()
        self._map.close()
        self._names.close()


def read_names(path: Path) -> list[Place]:
    """The places named in a file; a line torn by a crash is not there yet."""
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    return [msgspec.json.decode(line, type=Place) for line in whole.splitlines()]


def read_numbers(folder: Path) -> Iterator[tuple[Place, tuple[float, ...]]]:
    """Every place of every process with its numbers."""
    for names in sorted(folder.glob("*" + NAMES)):
        with contextlib.suppress(FileNotFoundError):
            numbers = memoryview(names.with_suffix(NUMBERS).read_bytes()).cast("d")
            for place in read_names(names):
                yield place, tuple(numbers[place.start : place.start + place.width])


def clean_folder(folder: Path) -> None:
    """Forgets what ended processes counted: for the supervisor, before it starts the first process.

    The numbers of a process that still runs (another supervisor's on the same data) stay.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*" + NAMES):
        names = _NamesFile(path)
        if names.lock():
            path.unlink(missing_ok=True)
            path.with_suffix(NUMBERS).unlink(missing_ok=True)
        names.close()


def held_names(folder: Path) -> list[str]:
    """The processes of this machine that count there now."""
    found = []
    for path in sorted(folder.glob("*" + NAMES)):
        with path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                found.append(path.name.removesuffix(NAMES))
    return found


def _lock(folder: Path, name: str) -> "_NamesFile":
    """The file of names, locked for this process."""
    for candidate in (name, f"{name}-{os.getpid()}"):
        file = _NamesFile(folder / (candidate + NAMES))
        if file.lock():
            return file
        file.close()
    raise BlockingIOError(f"{folder}/{name} is in use twice by this process")


class _NamesFile:
    """An append-only file of lines, without a torn one at its end."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def lock(self) -> bool:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        content = Path(self.name).read_bytes()
        end = content.rfind(b"\n") + 1
        os.ftruncate(self._handle, end)
        os.lseek(self._handle, end, os.SEEK_SET)
        return True

    def write(self, line: bytes) -> None:
        os.write(self._handle, line)

    def close(self) -> None:
        os.close(self._handle)
