"""Bounds what somebody may have us do again and again: requests to others, work that keeps a processor busy."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.errors import TooOftenError
from posthouse.core.kernel.ids import Id

_MOST_KEYS: Final = 10_000


class Pace:
    """At most so many within a while, for each key. Counted in this process.

    Args:
        most: how many.
        span: within so many microseconds.
        clock: its monotonic reading is what counts.
    """

    def __init__(self, most: int, span: int, clock: Clock) -> None:
        self._most = most
        self._span = span
        self._clock = clock
        self._taken: dict[Id, list[int]] = {}

    def take(self, key: Id) -> None:
        """One more.

        Raises:
            TooOftenError: there were as many as may be.
        """
        now = self._clock.monotonic()
        if key not in self._taken and len(self._taken) >= _MOST_KEYS:
            self._taken = {one: at for one, at in self._taken.items() if at[-1] > now - self._span}
        lately = [at for at in self._taken.get(key, []) if at > now - self._span]
        if len(lately) >= self._most:
            wait = max(1, -(-(lately[0] + self._span - now) // SECOND))
            raise TooOftenError(
                f"At most {self._most} of these within {self._span // SECOND} seconds; wait {wait} s.", wait
            )
        self._taken[key] = [*lately, now]


class OneEach:
    """Work that may be under way once for each key, and a few times in all. Counted in this process.

    Args:
        most: how many in all.
        busy: what is told to others.
        wait: seconds after which they may ask again.
    """

    def __init__(self, most: int, busy: str, wait: int) -> None:
        self._most = most
        self._busy = busy
        self._wait = wait
        self._inside: set[Id] = set()

    @contextmanager
    def entered(self, key: Id) -> Iterator[None]:
        """While the work is done.

        Raises:
            TooOftenError: it is under way already.
        """
        if key in self._inside or len(self._inside) >= self._most:
            raise TooOftenError(self._busy, self._wait)
        self._inside.add(key)
        try:
            yield
        finally:
            self._inside.discard(key)
