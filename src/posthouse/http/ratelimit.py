"""One token bucket for each key, and the headers that tell clients about it (draft-ietf-httpapi-ratelimit-headers)."""

import math
from typing import Final

from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.ids import Id
from posthouse.http.errors import RateLimitedError

MAX_BUCKETS: Final = 10_000


class RateLimiter:
    """Counts messages by key. A batch counts as many as it has items; it may run the bucket into debt, so it never starves.

    Args:
        rate: messages a second.
        burst: how many may come at once.
        clock: its monotonic reading refills the buckets.
    """

    def __init__(self, rate: float, burst: int, clock: Clock) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: dict[Id, tuple[float, int]] = {}
        window = max(1, math.ceil(burst / rate))
        self._policy = (b"ratelimit-policy", f'"key";q={burst};w={window}'.encode())

    def take(self, key_id: Id, cost: int = 1) -> list[tuple[bytes, bytes]]:
        """Takes tokens; the headers for the answer.

        Raises:
            RateLimitedError: the bucket is empty; nothing was taken.
        """
        level, now = self._level(key_id)
        if level < 1:
            wait = max(1, math.ceil((1 - level) / self._rate))
            shown = {"retry-after": str(wait)} | {name.decode(): value.decode() for name, value in self._headers(level)}
            raise RateLimitedError(f"Wait {wait} s, then go on at {self._rate:g} messages a second.", headers=shown)
        if len(self._buckets) >= MAX_BUCKETS:
            self._buckets.clear()
        self._buckets[key_id] = (level - cost, now)
        return self._headers(level - cost)

    def _level(self, key_id: Id) -> tuple[float, int]:
        now = self._clock.monotonic()
        level, since = self._buckets.get(key_id, (float(self._burst), now))
        return min(float(self._burst), level + (now - since) * self._rate / SECOND), now

    def _headers(self, level: float) -> list[tuple[bytes, bytes]]:
        full_in = math.ceil((self._burst - level) / self._rate)
        return [self._policy, (b"ratelimit", f'"key";r={max(0, math.floor(level))};t={full_in}'.encode())]
