"""A bell that is rung often and rings seldom."""

import asyncio
from collections.abc import Callable
from typing import Final

EVERY: Final = 0.1
"""Seconds between two rings at least: what follows the stream of events may be a tenth of a second late, dispatchers may not."""


class GentleBell:
    """Rings at once, and then once for all that happens within :data:`EVERY`: recording stays as cheap as it was.

    Args:
        ring: what to do.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._again = False
        self._timer: asyncio.TimerHandle | None = None

    def ring(self) -> None:
        """Something happened. From a task of the event loop."""
        if self._timer is not None:
            self._again = True
            return
        self._now()

    def stop(self) -> None:
        """Rings no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _now(self) -> None:
        self._ring()
        self._again = False
        self._timer = asyncio.get_running_loop().call_later(EVERY, self._over)

    def _over(self) -> None:
        self._timer = None
        if self._again:
            self._now()
