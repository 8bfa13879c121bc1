"""Cursor paging: newest first, by identifier, stable while new rows arrive."""

from typing import Final, Generic, TypeVar

import msgspec

MAX_PAGE: Final = 200

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], frozen=True):
    """One page. ``next`` is the cursor of the following page, None on the last."""

    items: list[T]
    next: str | None = None
