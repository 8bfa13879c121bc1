"""The dispatch process."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator

import structlog

from posthouse.bootstrap import House, dispatcher_of, open_house
from posthouse.core.delivery.blackbox import recover
from posthouse.core.kernel.errors import PosthouseError
from posthouse.runtime.alerting import tell_circuits
from posthouse.runtime.metrics import Metrics, Slots
from posthouse.runtime.spec import ChildSpec
from posthouse.runtime.timekeeper import keep_time
from posthouse.runtime.watching import DispatchWatch
from posthouse.stores.blackbox import BlackBoxFile, remains_in

_log = structlog.get_logger("posthouse.dispatch")


async def run(spec: ChildSpec, stopping: asyncio.Event) -> None:
    """Dispatches until told to stop."""
    metrics = Metrics(Slots(spec.settings.metrics_dir, f"dispatch-{spec.index}"))
    async with open_house(spec.settings, role="dispatch", shard=spec.shard, connected=metrics.connections) as house:
        folder = spec.settings.run_dir
        folder.mkdir(parents=True, exist_ok=True)
        await _recover(house)
        with _box(house, spec) as box:
            dispatcher, fleet = dispatcher_of(house, box, DispatchWatch(metrics, house.clock))
            keeping = asyncio.ensure_future(keep_time(house))
            recovering = asyncio.ensure_future(_recover_forever(house))
            telling = asyncio.ensure_future(tell_circuits(house, fleet))
            stopper = asyncio.ensure_future(_stop_when(stopping, dispatcher.stop))
            try:
                await dispatcher.run()
            finally:
                for task in (keeping, recovering, telling, stopper):
                    task.cancel()
                await asyncio.gather(keeping, recovering, telling, stopper, return_exceptions=True)
                await fleet.close()
                metrics.close()


@contextlib.contextmanager
def _box(house: House, spec: ChildSpec) -> Iterator[BlackBoxFile]:
    """This process's black box, under a name of its own: the dead ones are read, never overwritten."""
    slots = spec.settings.dispatch.prefetch * 2 + spec.settings.dispatch.concurrency + 2_500
    path = house.settings.run_dir / f"dispatch-{spec.shard}-{house.clock.monotonic()}.box"
    box = BlackBoxFile(path, slots, house.store_id)
    try:
        yield box
    finally:
        if box.empty:  # else a stop could not finish, and the next process must know how far each had come
            path.unlink(missing_ok=True)
        box.close()


async def _recover(house: House) -> None:
    """Brings back what processes that died here had in hand."""
    for path, remains in remains_in(house.settings.run_dir, house.store_id):
        if not remains:
            continue
        doubts = await recover(remains, house.queue, house.store, house.clock.now())
        _log.warning("recovered", box=path.name, messages=len(remains), in_doubt=doubts)


async def _recover_forever(house: House) -> None:
    while True:
        await asyncio.sleep(2.0)
        with contextlib.suppress(PosthouseError):
            await _recover(house)


async def _stop_when(stopping: asyncio.Event, stop: Callable[[], None]) -> None:
    await stopping.wait()
    stop()
