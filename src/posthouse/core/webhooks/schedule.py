"""When to try again, as data."""

from typing import Final

from posthouse.core.kernel.clock import DAY, HOUR, MINUTE, SECOND

PAUSES: Final = (
    5 * SECOND,
    30 * SECOND,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    1 * HOUR,
    2 * HOUR,
    4 * HOUR,
    6 * HOUR,
    8 * HOUR,
)
"""Waits after the first, second… failure; the last one again and again."""
GIVE_UP_AFTER: Final = 3 * DAY
JITTER: Final = 0.2
"""Each wait is up to this share longer or shorter, so that what failed together does not come back together."""


def next_at(now: int, first_at: int, attempts: int, random: float, asked: int | None = None) -> int | None:
    """When to try again after ``attempts`` failures; None: three days are over.

    Args:
        now: microseconds since the epoch, like the answer.
        first_at: when it was tried for the first time.
        attempts: how often it failed, 1 or more.
        random: from 0 to 1.
        asked: how long the other side asked us to wait (``Retry-After``), microseconds.
    """
    if now - first_at >= GIVE_UP_AFTER:
        return None
    wait = PAUSES[min(attempts, len(PAUSES)) - 1]
    wait = int(wait * (1 + JITTER * (2 * random - 1)))
    wait = max(wait, min(asked or 0, DAY))
    return min(now + wait, first_at + GIVE_UP_AFTER)
