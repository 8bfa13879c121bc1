"""Looking up many rows by identifier with few prepared statements."""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

from posthouse.core.kernel.ids import Id

_SIZES: Final = (1, 4, 16, 64, 256)
_MARKS: Final = {size: ",".join("?" * size) for size in _SIZES}


def by_ids(raw: sqlite3.Connection, statement: str, ids: Sequence[Id]) -> Iterator[Any]:
    """Rows of ``statement``, whose ``{}`` stands where the list of identifiers goes.

    Lists are filled up to one of five lengths, so that the driver keeps five prepared statements instead of hundreds.
    """
    start = 0
    while start < len(ids):
        left = len(ids) - start
        size = next((size for size in _SIZES if size >= left), _SIZES[-1])
        chunk: list[Id | None] = list(ids[start : start + size])
        chunk += [None] * (size - len(chunk))
        yield from raw.execute(statement.format(_MARKS[size]), chunk)
        start += size
