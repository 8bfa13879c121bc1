"""Time is passed in. Instants are whole microseconds since the Unix epoch (UTC), durations are microseconds."""

import time
from typing import Final, Protocol

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR


class Clock(Protocol):
    """What everything that needs the time is given."""

    def now(self) -> int:
        """The instant, in microseconds since the Unix epoch. May step when the machine's clock is set."""
        ...

    def monotonic(self) -> int:
        """Microseconds that never step nor stand still, not even while the machine sleeps; no epoch."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> int:
        """Microseconds since the Unix epoch."""
        return time.time_ns() // 1000

    def monotonic(self) -> int:
        """``CLOCK_BOOTTIME``: goes on through suspend, so a lease cannot outlive a closed lid."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


class HouseClock:
    """The time of the house: one process's clock, held to a reference.

    It goes on evenly with the monotonic clock and is set by :meth:`hold_to` only, so a step of this machine's clock changes nothing
    until the reference (the store's clock) has confirmed it. Without it one process with a wrong clock would send early or get stuck.

    Args:
        base: the machine's clock.
    """

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._offset = base.now() - base.monotonic()

    def now(self) -> int:
        """Microseconds since the Unix epoch."""
        return self._base.monotonic() + self._offset

    def monotonic(self) -> int:
        """The base's."""
        return self._base.monotonic()

    def hold_to(self, reference: int) -> int:
        """Sets this clock to the reference; by how many microseconds it was off."""
        off = reference - self.now()
        self._offset += off
        return off
