"""The store goes away, fills up, or cannot write: said honestly, nothing half-written, and all well soon after."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults.conftest import MakeHouse
from tests.faults.kit import LONG, drained, judged, open_store, tell

from posthouse.testing.fault_load import Load
from posthouse.testing.fault_sink import FaultSink
from posthouse.testing.postgres import WheelServer

STOPS = 12 if LONG else 2
RECOVERS_WITHIN = 10.0


@pytest.mark.timeout(600)
async def test_postgres_stops_and_comes_back(make_house: MakeHouse, pg_server: WheelServer) -> None:
    """Killed for up to five seconds, again and again under load: refused while away, nothing lost, no process dies of it."""
    house = make_house("postgres", DISPATCH_LEASE_SECONDS="30" if LONG else "8")
    async with FaultSink() as sink:
        house.furnish(sink.port)
        house.start("--dispatchers", "2")
        await house.ready()
        children = house.children()
        load = Load(house.port, house.key, clients=16, rate=150)
        running = asyncio.create_task(load.run())
        for _ in range(STOPS):
            await asyncio.sleep(random.uniform(5, 20) if LONG else 2)
            await asyncio.to_thread(pg_server.kill)
            await asyncio.sleep(random.uniform(0, 5) if LONG else 2)
            await asyncio.to_thread(pg_server.start)
        await asyncio.sleep(2)
        assert house.children() == children
        load.stop()
        await running
        assert load.again
        store = await open_store(house)
        await drained(store)
        await judged(house, store, sink, [load])
        await store.close()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A tmpfs of 40 MB; not in pytest's own folder, where a disk left behind would stand in everybody's way."""
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: a full disk needs root, to mount a small one")
    with tempfile.TemporaryDirectory(prefix="posthouse-small-") as place:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", place], check=True)
        yield Path(place)
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.timeout(300)
async def test_a_full_disk_refuses_and_recovers(small_disk: Path, make_house: MakeHouse) -> None:
    """503 problems while it is full, nothing of what was refused is ever sent, and within ten seconds of space all goes on."""
    house = make_house("sqlite", small_disk / "data")
    async with FaultSink() as sink:
        house.furnish(sink.port)
        house.start("--dispatchers", "1")
        await house.ready()
        first = Load(house.port, house.key, clients=8, rate=100, insist=False, prefix="before")
        await first.run(count=100)
        ballast = small_disk / "ballast"
        full = Load(house.port, house.key, clients=8, rate=100, insist=False, prefix="full", fields=_large)
        running = asyncio.create_task(full.run())
        _fill(ballast)
        await asyncio.sleep(4)
        assert any(answer.status == 503 for answer in full.refused.values()), "the disk was not full"
        for answer in full.refused.values():
            assert answer.status == 503
            assert answer.body["status"] == 503
        refused = set(full.refused)
        ballast.unlink()
        freed = time.monotonic()
        while not any(at > freed for at in full.accepted_at.values()):
            assert time.monotonic() - freed < RECOVERS_WITHIN
            await asyncio.sleep(0.05)
        tell("disk full", refused=len(refused), recovered_after_seconds=time.monotonic() - freed)
        full.stop()
        await running
        store = await open_store(house)
        await drained(store)
        await judged(house, store, sink, [first, full])
        assert not refused & set(sink.recipients)
        await store.close()


def _large(number: int) -> dict[str, object]:
    return {"metadata": {"filler": os.urandom(1000).hex(), "number": number}}


def _fill(ballast: Path) -> None:
    """Writes until there is no room, to the last byte."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            size = 1 << 20
            while size:
                try:
                    file.write(bytes(size))
                except OSError:
                    size //= 2
            break


CALLS = {"api": "fdatasync,fsync", "dispatch": "pwrite64,fdatasync,fsync"}


@pytest.mark.parametrize("role", CALLS if LONG else ["api"])
@pytest.mark.timeout(300)
async def test_write_errors_of_the_disk(role: str, make_house: MakeHouse) -> None:
    """EIO now and then in one process (strace): what was refused is not sent, what was accepted is, and all adds up."""
    if shutil.which("strace") is None:
        pytest.fail("strace is missing: apt-get install strace")
    house = make_house("sqlite")
    async with FaultSink() as sink:
        house.furnish(sink.port)
        house.start("--dispatchers", "1")
        await house.ready()
        pid = house.children()[f"{role}-0"]
        before = Load(house.port, house.key, clients=8, rate=100, insist=False, prefix="sound")
        await before.run(count=50)
        calls = CALLS[role]
        inject = f"inject={calls}:error=EIO:when=5+7"
        line = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={calls}", "-e", inject, "-p", str(pid)]
        with _running(line) as strace:
            load = Load(house.port, house.key, clients=8, rate=100, insist=role == "dispatch", prefix="ill")
            await load.run(count=400)
            strace.send_signal(signal.SIGINT)
            strace.wait()
        after = Load(house.port, house.key, clients=8, rate=100, prefix="well")
        await after.run(count=50)
        tell(f"write errors in {role}", accepted=len(load.accepted), refused=len(load.refused), asked_again=load.again)
        store = await open_store(house)
        await drained(store)
        await judged(house, store, sink, [before, load, after])
        await store.close()


def _running(line: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(line)
