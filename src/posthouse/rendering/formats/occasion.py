"""What a rendering happens for: the instant and the time zone, handed to the filters without a trace in the variables.

Filters are called by the template engine with their arguments only, so the occasion stands in a context variable
for as long as one rendering takes. The wall clock is never asked: the same message renders the same years later.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import msgspec


class Occasion(msgspec.Struct, frozen=True):
    """The message's instant (microseconds since the epoch; None: unknown) and its time zone (IANA name)."""

    at: int | None = None
    zone: str = "UTC"


_NOWHERE: Final = Occasion()
_CURRENT: ContextVar[Occasion] = ContextVar("occasion", default=_NOWHERE)


def occasion() -> Occasion:
    """The one of the rendering that runs."""
    return _CURRENT.get()


@contextmanager
def during(at: int | None, zone: str) -> Iterator[None]:
    """Renders inside for this occasion."""
    token = _CURRENT.set(Occasion(at, zone))
    try:
        yield
    finally:
        _CURRENT.reset(token)
