"""The scheduler process: what must happen from time to time, once; telling webhook endpoints; and counting what happened."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from posthouse.bootstrap import House, deliverer_of, follower_of, open_house
from posthouse.bootstrap.alerts import notifier_of, watch_of
from posthouse.bootstrap.keeping import word_follower_of
from posthouse.core.kernel.clock import DAY
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.kernel.ids import lowest_at
from posthouse.runtime.alerting import keep_telling, keep_watching, note_failure
from posthouse.runtime.keeping import keep_erasing, keep_removing
from posthouse.runtime.metrics import Metrics, Slots
from posthouse.runtime.rolling import keep_rolling
from posthouse.runtime.spec import ChildSpec
from posthouse.runtime.telling import DeliveryWatch
from posthouse.runtime.timekeeper import keep_time
from posthouse.stores.postgres.store import PostgresStore

HOURLY: Final = 3600.0
DAILY: Final = 86_400.0
SOON: Final = 60.0
KEEP_ALERTS_DAYS: Final = 365
_BITE: Final = 500

_log = structlog.get_logger("posthouse.scheduler")


async def run(spec: ChildSpec, stopping: asyncio.Event) -> None:
    """Keeps house until told to stop."""
    metrics = Metrics(Slots(spec.settings.metrics_dir, f"scheduler-{spec.index}"))
    async with open_house(spec.settings, role="scheduler", shard=spec.shard) as house:
        watch = DeliveryWatch(metrics)
        deliverer = deliverer_of(house, watch, watch.trouble)
        delivering = asyncio.ensure_future(deliverer.run())
        tasks = [
            asyncio.ensure_future(keep_time(house)),
            asyncio.ensure_future(keep_rolling(follower_of(house))),
            asyncio.ensure_future(keep_rolling(word_follower_of(house))),
            asyncio.ensure_future(keep_watching(watch_of(house))),
            asyncio.ensure_future(keep_telling(notifier_of(house, note_failure))),
            asyncio.ensure_future(keep_erasing(house, metrics)),
            asyncio.ensure_future(keep_removing(house)),
            asyncio.ensure_future(_every(HOURLY, lambda: _age_idempotency_keys(house), first=HOURLY)),
            asyncio.ensure_future(_every(DAILY, lambda: _make_room(house), first=1.0)),
            asyncio.ensure_future(_every(HOURLY, lambda: _shorten_log(house), first=HOURLY)),
            asyncio.ensure_future(_every(DAILY, lambda: _forget_soft_bounces(house), first=HOURLY)),
            asyncio.ensure_future(_every(DAILY, lambda: _forget_alerts(house), first=HOURLY)),
        ]
        await asyncio.wait([asyncio.ensure_future(stopping.wait()), delivering], return_when=asyncio.FIRST_COMPLETED)
        deliverer.stop()
        await delivering  # a defect there ends the process, which is started again
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        metrics.close()


async def _every(seconds: float, work: Callable[[], Awaitable[None]], *, first: float) -> None:
    """Repeats some work; after a failure it is tried again a minute later."""
    await asyncio.sleep(first)
    while True:
        try:
            await work()
        except PosthouseError as error:
            _log.error("housekeeping_failed", error=str(error))
            await asyncio.sleep(SOON)
        else:
            await asyncio.sleep(seconds)


async def _age_idempotency_keys(house: House) -> None:
    """An hour of running time has passed, whatever the clocks say; keys that are old enough are forgotten."""
    generation = await house.store.advance_idempotency_generation()
    kept = house.settings.idempotency.keep_days * 24
    purged = 1
    while purged:  # in small bites: sending goes on in between
        purged = await house.store.purge_idempotency(generation - kept)


async def _shorten_log(house: House) -> None:
    """What was tried long ago is not worth its room."""
    before = house.clock.now() - house.settings.webhooks.keep_log_days * DAY
    while await house.store.purge_attempts(lowest_at(before // 1000), _BITE):
        pass


async def _forget_soft_bounces(house: House) -> None:
    """Those that are too old to count towards a suppression."""
    await house.store.purge_soft_bounces(house.clock.now() - house.settings.suppression.soft_days * DAY)


async def _forget_alerts(house: House) -> None:
    """Those that were over long ago."""
    before = house.clock.now() - KEEP_ALERTS_DAYS * DAY
    while await house.store.purge_alerts(lowest_at(before // 1000), _BITE):
        pass


async def _make_room(house: House) -> None:
    """Partitions for the months to come, where the store has them."""
    if isinstance(house.store, PostgresStore):
        await house.store.ensure_partitions(house.clock.now())
