"""Keeps what is made of the events close behind them: roll-ups, and the words that messages are found by."""

import asyncio
import time
from typing import Final, Protocol

import structlog

from posthouse.core.kernel.errors import PosthouseError

IDLE: Final = 0.5
"""Seconds between two looks while nothing is behind: statistics are at most about a second old."""
TROUBLE: Final = 10.0
LONGEST_REST: Final = 0.25

_log = structlog.get_logger("posthouse.followers")


class Follower(Protocol):
    """Follows the stream of events."""

    async def turn(self) -> bool:
        """Takes the next events; whether there are more already. UnavailableError: nothing of them was kept."""
        ...


async def keep_rolling(follower: Follower) -> None:
    """Folds events until cancelled. While there is much to do it rests twice as long as it works: sending comes first."""
    while True:
        begun = time.monotonic()
        try:
            more = await follower.turn()
        except PosthouseError as error:
            _log.warning("follower_waits", what=type(follower).__name__, error=str(error))
            await asyncio.sleep(TROUBLE)
        except Exception:  # noqa: BLE001 - webhooks and housekeeping of this process go on
            _log.exception("follower_failed", what=type(follower).__name__)
            await asyncio.sleep(TROUBLE)
        else:
            await asyncio.sleep(min(LONGEST_REST, 2 * (time.monotonic() - begun)) if more else IDLE)
