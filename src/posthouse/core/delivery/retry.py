"""When to try again: exponential, with jitter, until it is given up."""

from collections.abc import Callable

import msgspec

from posthouse.core.kernel.clock import HOUR, MINUTE, SECOND
from posthouse.core.messages.model import Lane


class RetryPolicy(msgspec.Struct, frozen=True):
    """The schedule. Durations in microseconds.

    ``critical_first`` is the first wait of the lane ``critical``: a one-time code is of no use in an hour.
    """

    first: int = MINUTE
    factor: float = 2.0
    longest: int = 4 * HOUR
    give_up_after: int = 72 * HOUR
    critical_first: int = 5 * SECOND
    jitter: float = 0.2

    def wait(self, attempts: int, lane: Lane, random: Callable[[], float]) -> int:
        """How long to wait after so many attempts (1 or more).

        Args:
            attempts: attempts made so far.
            lane: of the message.
            random: gives a number in [0, 1).
        """
        first = self.critical_first if lane is Lane.CRITICAL else self.first
        exact = min(float(self.longest), first * self.factor ** min(attempts - 1, 60))
        return int(exact * (1 + self.jitter * (2 * random() - 1)))
