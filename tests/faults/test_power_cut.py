"""The plug is pulled under load: what was answered is there afterwards."""

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.faults.conftest import MakeHouse
from tests.faults.kit import CLOCK, LONG, drained, open_store, tell

from posthouse.core.kernel import ids
from posthouse.core.kernel.ids import Id
from posthouse.testing.fault_check import invariants
from posthouse.testing.fault_disk import LoopDisk, NoLoopDeviceError
from posthouse.testing.fault_house import FaultHouse
from posthouse.testing.fault_load import Load
from posthouse.testing.fault_sink import FaultSink
from posthouse.testing.postgres import WheelServer, create_database

CUTS = int(os.environ.get("POSTHOUSE_TEST_CUTS", "20" if LONG else "2"))
ENOUGH = 400
"""Answered messages before a cut, in the short form."""
ARMS = [
    ("sqlite", "ext4"),
    *([("sqlite", "xfs"), ("postgres", "ext4")] if LONG else []),
]
MakeDisk = Callable[[str], LoopDisk]


@pytest.fixture
def make_disk() -> Iterator[MakeDisk]:
    """Makes disks; where this machine does not allow it the test says why instead of passing."""
    made: list[LoopDisk] = []

    def make(kind: str) -> LoopDisk:
        try:
            made.append(LoopDisk(Path(tempfile.mkdtemp(prefix="posthouse-disk-")), kind))
        except NoLoopDeviceError as error:
            pytest.skip(f"NOT TESTED, no power can be cut here: {error}")
        return made[-1]

    yield make
    for disk in made:
        _let_go(disk)
        disk.remove()


@pytest.mark.parametrize(("kind", "file_system"), ARMS)
@pytest.mark.timeout(900)
async def test_what_was_answered_survives_a_power_cut(
    kind: str, file_system: str, make_disk: MakeDisk, make_house: MakeHouse
) -> None:
    """Cut after cut: no answered message is missing, and at the end all were sent, none twice without a recorded doubt."""
    disk = make_disk(file_system)
    database = _Database(disk) if kind == "postgres" else None
    async with FaultSink(pause=0.0) as sink:
        house = make_house("sqlite", disk.mount_point / "data")
        if database is not None:
            house.database = await database.start()
        house.furnish(sink.port)
        kept: set[Id] = set()
        for turn in range(CUTS):
            kept |= await _cut(house, disk, turn)
            if database is not None:
                await asyncio.to_thread(database.start_again)
            missing = await _missing(house, kept)
            assert not missing, f"cut {turn + 1}: {len(missing)} of {len(kept)} answered messages are gone"
        house.start("--dispatchers", "2")
        await house.ready()
        store = await open_store(house)
        await drained(store, 120)
        found = await invariants(store, ids.read(ids.WORKSPACE, house.workspace), kept, sink.wire)
        await store.close()
        await house.stop()
        if database is not None:
            database.stop()
        tell(f"power cuts, {kind} on {file_system}", cuts=CUTS, answered=len(kept), lost=0, repeated=sink.duplicates)
        assert not found, found[:5]
        assert not kept - set(sink.wire)


@pytest.mark.timeout(300)
async def test_without_full_synchronisation_a_power_cut_loses(make_disk: MakeDisk, make_house: MakeHouse) -> None:
    """The control arm: with ``synchronous = "normal"`` answered messages are lost. If not, the other arm proves nothing."""
    disk = make_disk("ext4")
    house = make_house("sqlite", disk.mount_point / "data", STORE_UNSAFE="true", STORE_SYNCHRONOUS="normal")
    async with FaultSink(pause=0.0) as sink:
        house.furnish(sink.port)
        os.sync()
        kept = await _cut(house, disk, 0)
        missing = await _missing(house, kept)
        tell("power cut, control arm", answered=len(kept), lost=len(missing))
        assert missing


async def _cut(house: FaultHouse, disk: LoopDisk, turn: int) -> set[Id]:
    """Serves under load, pulls the plug, puts the disk back; what had been answered before the plug was pulled."""
    house.start("--dispatchers", "2")
    await house.ready()
    load = Load(house.port, house.key, clients=32, prefix=f"cut{turn}-")
    running = asyncio.create_task(load.run())
    end = time.monotonic() + (2 if LONG else 60)
    while (LONG or len(load.accepted) < ENOUGH) and time.monotonic() < end:
        await asyncio.sleep(0.02)
    answered = set(load.accepted.values())
    disk.cut()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    house.kill_everything()
    _let_go(disk)
    disk.unmount()
    disk.mount()
    for box in (house.data / "run").glob("*.box"):
        box.unlink()  # after a real cut they are of another boot, and are thrown away
    assert len(answered) > 100
    return answered


def _let_go(disk: LoopDisk) -> None:
    """Ends whoever still has something open on a disk that is no more (only our own are there)."""
    end = time.monotonic() + 10
    while (users := [pid for pid in disk.users() if pid != os.getpid()]) and time.monotonic() < end:
        for pid in users:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)


async def _missing(house: FaultHouse, kept: set[Id]) -> set[Id]:
    store = await open_store(house)
    workspace = ids.read(ids.WORKSPACE, house.workspace)
    missing = {id_ for id_ in kept if await store.message(workspace, id_, CLOCK.now()) is None}
    await store.close()
    return missing


class _Database:
    """PostgreSQL with its data on the disk."""

    def __init__(self, disk: LoopDisk) -> None:
        self._folder = disk.mount_point / "postgres"
        self._server = WheelServer(self._folder)

    async def start(self) -> str:
        return await create_database(self._server, "cut")

    def start_again(self) -> None:
        # its process may be a zombie for a moment, which the starter would take for a living server
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (self._folder / name).unlink(missing_ok=True)
        self._server.start()

    def stop(self) -> None:
        self._server.kill()
