"""One token bucket for each key, and the headers that tell clients about it (draft-ietf-httpapi-ratelimit-headers)."""

import math
from typing import Final, NamedTuple, Protocol

from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.ids import Id
from posthouse.http.errors import RateLimitedError

MAX_BUCKETS: Final = 10_000
AHEAD: Final = 60 * SECOND


class Refill(NamedTuple):
    """How buckets fill: tokens a second, up to ``burst``."""

    rate: float
    burst: int

    def level(self, level: float, since: int, now: int) -> float:
        """What is in a bucket now that had ``level`` tokens at ``since`` (microseconds).

        A little ahead is another process that looked at the clock later and came first; far ahead is another boot's, and full.
        """
        if since > now + AHEAD:
            return float(self.burst)
        return min(float(self.burst), level + max(0, now - since) * self.rate / SECOND)


class Buckets(Protocol):
    """Where the buckets stand: in this process, or where every process of the machine reaches them."""

    def take(self, key_id: Id, cost: int, now: int, refill: Refill) -> tuple[bool, float]:
        """Takes ``cost`` tokens when there is one at least. Whether it did, and what is in the bucket then (less than 0: a debt)."""
        ...


class OwnBuckets:
    """Buckets of one process."""

    def __init__(self) -> None:
        self._buckets: dict[Id, tuple[float, int]] = {}

    def take(self, key_id: Id, cost: int, now: int, refill: Refill) -> tuple[bool, float]:
        """See :class:`Buckets`."""
        level = refill.level(*self._buckets.get(key_id, (float(refill.burst), now)), now)
        if level < 1:
            return False, level
        if len(self._buckets) >= MAX_BUCKETS:
            self._buckets.clear()
        self._buckets[key_id] = (level - cost, now)
        return True, level - cost


class RateLimiter:
    """Counts messages by key. A batch counts as many as it has items; it may run the bucket into debt, so it never starves.

    Args:
        rate: messages a second.
        burst: how many may come at once.
        clock: its monotonic reading refills the buckets.
        buckets: where they stand; None: in this process.
    """

    def __init__(self, rate: float, burst: int, clock: Clock, buckets: Buckets | None = None) -> None:
        self._refill = Refill(rate, burst)
        self._clock = clock
        self._buckets = buckets or OwnBuckets()
        window = max(1, math.ceil(burst / rate))
        self._policy = (b"ratelimit-policy", f'"key";q={burst};w={window}'.encode())

    def take(self, key_id: Id, cost: int = 1) -> list[tuple[bytes, bytes]]:
        """Takes tokens; the headers for the answer.

        Raises:
            RateLimitedError: the bucket is empty; nothing was taken.
        """
        taken, level = self._buckets.take(key_id, cost, self._clock.monotonic(), self._refill)
        if not taken:
            rate = self._refill.rate
            wait = max(1, math.ceil((1 - level) / rate))
            shown = {"retry-after": str(wait)} | {name.decode(): value.decode() for name, value in self._headers(level)}
            raise RateLimitedError(f"Wait {wait} s, then go on at {rate:g} messages a second.", headers=shown)
        return self._headers(level)

    def _headers(self, level: float) -> list[tuple[bytes, bytes]]:
        full_in = math.ceil((self._refill.burst - level) / self._refill.rate)
        return [self._policy, (b"ratelimit", f'"key";r={max(0, math.floor(level))};t={full_in}'.encode())]
