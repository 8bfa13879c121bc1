"""A clock that stands still until it is told."""

from posthouse.core.kernel.clock import SECOND


class FakeClock:
    """Time by hand. ``now`` may be set back like a real clock, ``monotonic`` only ever grows.

    Args:
        now: the first instant, microseconds since the epoch.
    """

    def __init__(self, now: int = 1_800_000_000 * SECOND) -> None:
        self._now = now
        self._monotonic = 1_000 * SECOND

    def now(self) -> int:
        """The instant it was set to."""
        return self._now

    def monotonic(self) -> int:
        """Microseconds that :meth:`advance` has let pass."""
        return self._monotonic

    def advance(self, microseconds: int) -> int:
        """Lets time pass; the new instant."""
        self._now += microseconds
        self._monotonic += microseconds
        return self._now

    def step(self, microseconds: int) -> int:
        """Sets the clock (forward or back) without any time passing; the new instant."""
        self._now += microseconds
        return self._now
