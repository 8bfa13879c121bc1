"""How fast messages may go: a token bucket."""

import math


class Bucket:
    """Lets ``rate`` messages a second pass, and a tenth of a second's worth at once after a pause (at least one).

    Args:
        rate: messages a second; 0 means no limit.
    """

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._burst = max(1.0, rate / 10)
        self._tokens = self._burst
        self._at = -math.inf

    def take(self, now: float) -> float:
        """Takes one token: 0 when there was one, otherwise the seconds to wait before asking again."""
        if not self._rate:
            return 0.0
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens >= 1 - 1e-9:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / self._rate
