"""Keeps the roll-ups of the events close behind them."""

import asyncio
import time
from typing import Final

import structlog

from posthouse.core.analytics.follower import Follower
from posthouse.core.kernel.errors import PosthouseError

IDLE: Final = 0.5
"""Seconds between two looks while nothing is behind: statistics are at most about a second old."""
TROUBLE: Final = 10.0
LONGEST_REST: Final = 0.25

_log = structlog.get_logger("posthouse.rollups")


async def keep_rolling(follower: Follower) -> None:
    """Folds events until cancelled. While there is much to do it rests twice as long as it works: sending comes first."""
    while True:
        begun = time.monotonic()
        try:
            more = await follower.turn()
        except PosthouseError as error:
            _log.warning("rollups_wait", error=str(error))
            await asyncio.sleep(TROUBLE)
        except Exception:  # noqa: BLE001 - webhooks and housekeeping of this process go on
            _log.exception("rollups_failed")
            await asyncio.sleep(TROUBLE)
        else:
            await asyncio.sleep(min(LONGEST_REST, 2 * (time.monotonic() - begun)) if more else IDLE)
