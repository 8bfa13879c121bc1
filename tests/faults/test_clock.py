"""One process has a wrong clock: nothing early, nothing stuck, no key forgotten."""

import asyncio
import datetime as dt
import time
from pathlib import Path

import pytest
from tests.faults.conftest import MakeHouse
from tests.faults.kit import KINDS, LONG, open_store

from posthouse.core.kernel import ids
from posthouse.core.messages.model import Status
from posthouse.testing.fault_house import FaultHouse
from posthouse.testing.fault_load import Load
from posthouse.testing.fault_sink import FaultSink

STEPS = ["+3600", "-3600", "+31536000", "-31536000"]
"""Seconds: an hour and a year, both ways."""
LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
ROLES = {"worker": ("worker", "--dispatchers", "1"), "api": ("serve", "--role", "api", "--role", "scheduler")}


@pytest.mark.parametrize("role", ROLES if LONG else ["worker"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(300)
async def test_the_clock_of_one_process_steps(kind: str, role: str, make_house: MakeHouse, tmp_path: Path) -> None:
    """While it runs: what is for later waits, what is for now or soon goes, and a key answers as before."""
    steps = tmp_path / "faketime"
    _step(steps, "+0")
    bent = {"LD_PRELOAD": str(_library()), "FAKETIME_TIMESTAMP_FILE": str(steps), "FAKETIME_NO_CACHE": "1"}
    house = make_house(kind)
    async with FaultSink(pause=0.0) as sink:
        house.furnish(sink.port)
        for name, words in ROLES.items():
            house.start(*words, environment=bent | {"DONT_FAKE_MONOTONIC": "1"} if name == role else {})
        await house.ready()
        later = await _for_later(house)
        first = Load(house.port, house.key, clients=2, prefix="first")
        await first.run(count=4)
        for number, step in enumerate(STEPS if LONG else STEPS[::3]):
            _step(steps, step)
            await asyncio.sleep(0.2)
            await _in_time(house, sink, f"step{number}")
            again = Load(house.port, house.key, clients=2, prefix="first")
            await again.run(count=4)
            assert again.accepted == first.accepted, "a key was forgotten"
        await _still_waiting(house, sink, later)


@pytest.mark.parametrize("step", STEPS if LONG else STEPS[2:3])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(300)
async def test_a_process_starts_with_a_wrong_clock(kind: str, step: str, make_house: MakeHouse) -> None:
    """Every clock of the dispatcher is off from the start, the monotonic one too: it is put right before anything is claimed."""
    house = make_house(kind)
    async with FaultSink(pause=0.0) as sink:
        house.furnish(sink.port)
        house.start(*ROLES["api"])
        await house.ready()
        later = await _for_later(house)
        house.start(*ROLES["worker"], environment={"LD_PRELOAD": str(_library()), "FAKETIME": f"{step}s"})
        await _in_time(house, sink, "wrong")
        await _still_waiting(house, sink, later)


def _library() -> Path:
    assert LIBRARIES, "libfaketime is missing: apt-get install faketime"
    return LIBRARIES[0]


def _step(path: Path, seconds: str) -> None:
    path.write_text(f"{seconds}s\n", "ascii")


def _at(seconds: float) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).isoformat()


async def _for_later(house: FaultHouse) -> Load:
    """Messages for in half an hour, and for in half a year."""
    later = Load(
        house.port, house.key, clients=1, prefix="later", fields=lambda n: {"send_at": _at((1800, 15_768_000)[n])}
    )
    await later.run(count=2)
    assert len(later.accepted) == 2
    return later


async def _in_time(house: FaultHouse, sink: FaultSink, prefix: str) -> None:
    """What is for now goes now, what is for in two seconds goes in two seconds."""
    soon = Load(house.port, house.key, clients=1, prefix=f"{prefix}-soon", fields=lambda _n: {"send_at": _at(2)})
    asked = time.monotonic()
    await soon.run(count=2)
    now = Load(house.port, house.key, clients=2, prefix=f"{prefix}-now")
    await now.run(count=10)
    await _delivered(sink, set(now.accepted.values()), 10)
    await _delivered(sink, set(soon.accepted.values()), 10)
    assert min(sink.first_at[id_] for id_ in soon.accepted.values()) - asked > 1.5, "early"


async def _delivered(sink: FaultSink, wanted: set[bytes], seconds: float) -> None:
    end = time.monotonic() + seconds
    while missing := wanted - set(sink.wire):
        assert time.monotonic() < end, f"{len(missing)} of {len(wanted)} are stuck"
        await asyncio.sleep(0.05)


async def _still_waiting(house: FaultHouse, sink: FaultSink, later: Load) -> None:
    store = await open_store(house)
    workspace = ids.read(ids.WORKSPACE, house.workspace)
    for id_ in later.accepted.values():
        message = await store.message(workspace, id_, time.time_ns() // 1000)
        assert message.status is Status.SCHEDULED
        assert id_ not in sink.wire, "early"
    await store.close()
