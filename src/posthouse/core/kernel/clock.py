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
