"""Holds a process's clock to the store's."""

import asyncio
from typing import Final

import structlog

from posthouse.bootstrap import House
from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.errors import PosthouseError

EVERY: Final = 1.0
SLOW: Final = SECOND // 20
"""A reading that took longer says too little about when it was made."""
STEP: Final = SECOND

_log = structlog.get_logger("posthouse.time")


async def keep_time(house: House) -> None:
    """Runs for ever."""
    while True:
        await asyncio.sleep(EVERY)
        before = house.clock.monotonic()
        try:
            reference = await house.store.clock_reading()
        except PosthouseError:
            continue
        took = house.clock.monotonic() - before
        if reference is None or took > SLOW:
            continue
        off = house.clock.hold_to(reference + took // 2)
        if abs(off) > STEP:
            _log.warning("clock_held_to_store", off_seconds=off / SECOND)
