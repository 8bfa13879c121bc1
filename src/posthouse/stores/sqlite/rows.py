"""Reading, writing and deleting many rows with few prepared statements, and in few steps.

The driver lets go of the interpreter at every step of a statement and has to get it back before the next. In a process that
computes all the time that is a wait for each row, with the write ticket in hand; so many rows go into one step.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final

from posthouse.core.kernel.ids import Id

_SIZES: Final = (1, 4, 16, 64, 256)
_MARKS: Final = {size: ",".join("?" * size) for size in _SIZES}
_ROWS: Final = (128, 64, 32, 16, 8, 4, 2, 1)
_ROW: Final = re.compile(r"(?<=VALUES )(\([^)]*\))")


def by_ids(raw: sqlite3.Connection, statement: str, ids: Sequence[Id], *values: object) -> Iterator[Any]:
    """Rows of ``statement``, whose ``{}`` stands where the list of identifiers goes, after the marks of ``values``.

    Lists are filled up to one of five lengths, so that the driver keeps five prepared statements instead of hundreds.
    """
    for cursor in _in_chunks(raw, statement, ids, values):
        yield from cursor


def change_by_ids(raw: sqlite3.Connection, statement: str, ids: Sequence[Id], *values: object) -> None:
    """Runs a DELETE or UPDATE whose ``{}`` stands where the list of identifiers goes, after the marks of ``values``."""
    for _ in _in_chunks(raw, statement, ids, values):
        pass


def insert(raw: sqlite3.Connection, statement: str, rows: Sequence[Sequence[object]]) -> int:
    """Runs an INSERT, written for one row, for many; how many rows it wrote."""
    start = written = 0
    while start < len(rows):
        size = next(size for size in _ROWS if size <= len(rows) - start)
        flat = list(chain.from_iterable(rows[start : start + size]))
        written += raw.execute(_for_many(statement, size), flat).rowcount
        start += size
    return written


@lru_cache(maxsize=128)
def _for_many(statement: str, size: int) -> str:
    head, row, tail = _ROW.split(statement, maxsplit=1)
    return head + ", ".join([row] * size) + tail


def _in_chunks(
    raw: sqlite3.Connection, statement: str, ids: Sequence[Id], values: tuple[object, ...]
) -> Iterator[sqlite3.Cursor]:
    start = 0
    while start < len(ids):
        left = len(ids) - start
        size = next((size for size in _SIZES if size >= left), _SIZES[-1])
        chunk: list[Id | None] = list(ids[start : start + size])
        chunk += [None] * (size - len(chunk))
        yield raw.execute(statement.format(_MARKS[size]), (*values, *chunk))
        start += size
