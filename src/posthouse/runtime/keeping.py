"""Erases what is old, beside sending: a little at a time, and resting longer than it works."""

import asyncio
from typing import Final

import structlog

from posthouse.bootstrap import House
from posthouse.bootstrap.keeping import erasure_of, retention_of
from posthouse.core.keeping.retention import Swept
from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.errors import PosthouseError
from posthouse.runtime.metrics import Metrics

FIRST: Final = 120.0
EVERY: Final = 3600.0
TROUBLE: Final = 60.0
SOON: Final = 5.0
LEAST: Final = 0.02
MOST: Final = 2.0

_log = structlog.get_logger("posthouse.retention")


async def rest(seconds: float) -> None:
    """After each transaction: four times as long as it took, so that erasing has a fifth of the time of one core at most."""
    await asyncio.sleep(min(MOST, max(LEAST, 4 * seconds)))


async def keep_erasing(house: House, metrics: Metrics) -> None:
    """Runs for ever: a sweep each hour."""
    service = retention_of(house)
    await asyncio.sleep(FIRST)
    while True:
        try:
            swept = await service.sweep(rest)
        except PosthouseError as error:
            _log.warning("retention_waits", error=str(error))
            await asyncio.sleep(TROUBLE)
            continue
        except Exception:  # noqa: BLE001 - webhooks and housekeeping of this process go on
            _log.exception("retention_failed")
            await asyncio.sleep(EVERY)
            continue
        _tell(swept, metrics)
        await asyncio.sleep(EVERY)


async def keep_removing(house: House) -> None:
    """Runs for ever: persons whose removal was asked for, or whose removal somebody began and did not end."""
    service = erasure_of(house)
    while True:
        try:
            if finished := await service.work(rest):
                _log.info("persons_removed", many=finished)
        except PosthouseError as error:
            _log.warning("removal_waits", error=str(error))
            await asyncio.sleep(TROUBLE)
        except Exception:  # noqa: BLE001 - webhooks and housekeeping of this process go on
            _log.exception("removal_failed")
            await asyncio.sleep(TROUBLE)
        await asyncio.sleep(SOON)


def _tell(swept: Swept, metrics: Metrics) -> None:
    for what in ("messages", "events", "partitions", "uploads"):
        metrics.erased(what, getattr(swept, what))
    metrics.retention_behind(swept.behind / SECOND)
    if swept.messages or swept.events or swept.partitions or swept.uploads:
        _log.info(
            "retention_swept",
            messages=swept.messages,
            events=swept.events,
            partitions=swept.partitions,
            uploads=swept.uploads,
            behind_seconds=round(swept.behind / SECOND),
        )
