"""A dispatcher that stands still and goes on, and stops in good order."""

import asyncio
import contextlib
import json
import os
import signal
import time
from pathlib import Path

import pytest
from tests.faults.conftest import MakeHouse
from tests.faults.kit import LONG, doubts, drained, judged, open_store, tell

from posthouse.core.delivery.blackbox import Phase
from posthouse.stores.blackbox import HEAD_SIZE, SLOT_SIZE
from posthouse.testing.fault_house import FaultHouse
from posthouse.testing.fault_load import Load
from posthouse.testing.fault_sink import FaultSink

LEASE = 20 if LONG else 5
STANDS_STILL = 60.0 if LONG else 8.0
CONNECTIONS = 2


@pytest.mark.parametrize("kind", ["sqlite", "postgres"] if LONG else ["sqlite"])
@pytest.mark.timeout(300)
async def test_a_dispatcher_that_stood_still_sends_nothing_that_another_took(kind: str, make_house: MakeHouse) -> None:
    """SIGSTOP past the lease, then SIGCONT: of all it had claimed only what had left at that moment may come twice."""
    house = make_house(kind, DISPATCH_LEASE_SECONDS=str(LEASE), DISPATCH_PREFETCH="60")
    async with FaultSink(pause=0.05) as sink:
        house.furnish(sink.port, connections=CONNECTIONS)
        house.start("--dispatchers", "2")
        await house.ready()
        load = Load(house.port, house.key, clients=32)
        await load.run(count=400)
        stopped = await _stop_one(house)
        began = time.monotonic()
        store = await open_store(house)
        await drained(store, LEASE + 30)  # the other one takes over what the stopped one held
        assert time.monotonic() - began < LEASE + 30
        before, left = sink.duplicates, _left(house, stopped)
        await asyncio.sleep(max(0.0, began + STANDS_STILL - time.monotonic()))
        os.kill(stopped, signal.SIGCONT)
        await asyncio.sleep(3)
        assert before <= left, "more was sent again than had left without being recorded"
        assert sink.duplicates == before, "the one that stood still sent what another had taken"
        assert await doubts(store) >= before
        await judged(house, store, sink, [load])
        await store.close()


def _left(house: FaultHouse, pid: int) -> int:
    """How many messages a stopped dispatcher has sent, whole or nearly, without the store knowing: its black box says it."""
    phases = _phases(house, pid)
    return phases.count(Phase.LEFT) + phases.count(Phase.SETTLED)


def _phases(house: FaultHouse, pid: int) -> bytes:
    """What a dispatcher's black box says of each place in it; nothing while it has not got so far."""
    files = set()
    for open_file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            files.add(open_file.stat().st_ino)
    mine = (path for path in (house.data / "run").glob("*.box") if path.stat().st_ino in files)
    return b"".join(path.read_bytes()[HEAD_SIZE::SLOT_SIZE] for path in mine)


async def _stop_one(house: FaultHouse) -> int:
    """Stops a dispatcher that has work in hand and does not hold the pen of the store: nobody could write meanwhile."""
    pid = house.children()["dispatch-0"]
    async with asyncio.timeout(30):
        while not _phases(house, pid).strip(b"\0"):
            await asyncio.sleep(0.02)
    while True:
        os.kill(pid, signal.SIGSTOP)
        async with asyncio.timeout(20):
            if await house.status() == 200:
                return pid
        os.kill(pid, signal.SIGCONT)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"] if LONG else ["postgres"])
@pytest.mark.timeout(300)
async def test_a_stop_under_load_leaves_no_doubt(kind: str, make_house: MakeHouse) -> None:
    """SIGTERM: it ends within its grace, gives back what it had claimed, and nothing is sent twice or in doubt."""
    house = make_house(kind)
    async with FaultSink(pause=0.02) as sink:
        house.furnish(sink.port, connections=CONNECTIONS)
        house.start("--dispatchers", "2")
        await house.ready()
        load = Load(house.port, house.key, clients=16, rate=200)
        running = asyncio.create_task(load.run())
        for _ in range(5 if LONG else 1):
            await asyncio.sleep(2)
            took = await house.stop()
            tell(f"stop under load on {kind}", seconds=took)
            assert took < 20, took
            told = [json.loads(line)["event"] for line in house.log.read_text().splitlines() if '"supervisor"' in line]
            assert (told[-1], "stopping" in told) == ("stopped", True)
            house.start("--dispatchers", "2")
            await house.ready()
        await asyncio.sleep(0.5)
        load.stop()
        await running
        store = await open_store(house)
        await drained(store, 19)  # sooner than any lease runs out: all was given back
        assert sink.duplicates == 0
        assert await doubts(store) == 0
        assert not list((house.data / "run").glob("*.new"))
        await judged(house, store, sink, [load])
        await store.close()
