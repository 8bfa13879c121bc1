"""The scheduler process: what must happen from time to time, once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from posthouse.bootstrap import House, open_house
from posthouse.core.kernel.errors import PosthouseError
from posthouse.runtime.spec import ChildSpec
from posthouse.runtime.timekeeper import keep_time
from posthouse.stores.postgres.store import PostgresStore

HOURLY: Final = 3600.0
DAILY: Final = 86_400.0
SOON: Final = 60.0

_log = structlog.get_logger("posthouse.scheduler")


async def run(spec: ChildSpec, stopping: asyncio.Event) -> None:
    """Keeps house until told to stop."""
    async with open_house(spec.settings, role="scheduler", shard=spec.shard) as house:
        tasks = [
            asyncio.ensure_future(keep_time(house)),
            asyncio.ensure_future(_every(HOURLY, lambda: _age_idempotency_keys(house), first=HOURLY)),
            asyncio.ensure_future(_every(DAILY, lambda: _make_room(house), first=1.0)),
        ]
        await stopping.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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


async def _make_room(house: House) -> None:
    """Partitions for the months to come, where the store has them."""
    if isinstance(house.store, PostgresStore):
        await house.store.ensure_partitions(house.clock.now())
