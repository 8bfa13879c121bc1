"""Keeps what is made of the events close behind them: roll-ups, and the words that messages are found by."""

import asyncio
import time
from typing import Final, Protocol

import structlog

from posthouse.core.kernel.errors import PosthouseError

IDLE: Final = 0.5
"""Seconds between two looks while nothing is behind: statistics are at most about a second old."""
TROUBLE: Final = 10.0
BRIEFLY: Final = 60.0
"""Seconds behind for which sending goes first: a rush is counted after it rather than during it."""
LONGEST_REST: Final = {True: 2.0, False: 0.25}
"""Seconds, by whether it is only briefly behind."""

_log = structlog.get_logger("posthouse.followers")


class Follower(Protocol):
    """Follows the stream of events."""

    async def turn(self) -> bool:
        """Takes the next events; whether there are more already. UnavailableError: nothing of them was kept."""
        ...


def rest(took: float, behind_for: float) -> float:
    """Seconds to rest after a turn that left more to do: nine times as long as it took, and only twice as long once it is behind for longer."""
    briefly = behind_for < BRIEFLY
    return min(LONGEST_REST[briefly], took * (9 if briefly else 2))


async def keep_rolling(follower: Follower, *, idle: float = IDLE, trouble: float = TROUBLE) -> None:
    """Folds events until cancelled. While there is much to do it rests longer than it works: sending comes first."""
    abreast_at = time.monotonic()
    while True:
        begun = time.monotonic()
        try:
            more = await follower.turn()
        except PosthouseError as error:
            _log.warning("follower_waits", what=type(follower).__name__, error=str(error))
            await asyncio.sleep(trouble)
        except Exception:  # noqa: BLE001 - webhooks and housekeeping of this process go on
            _log.exception("follower_failed", what=type(follower).__name__)
            await asyncio.sleep(trouble)
        else:
            now = time.monotonic()
            if not more:
                abreast_at = now
            await asyncio.sleep(rest(now - begun, now - abreast_at) if more else idle)
