"""What the fault tests share."""

import asyncio
import os
import time
from collections.abc import Iterable
from typing import Any

from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import SystemClock
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import EventType
from posthouse.stores.postgres.store import PostgresStore
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.fault_check import invariants
from posthouse.testing.fault_house import FaultHouse
from posthouse.testing.fault_load import Load
from posthouse.testing.fault_sink import FaultSink

LONG = os.environ.get("POSTHOUSE_TEST_FAULTS") == "long"
"""The long form (``make faults``) runs every case for minutes; without it a choice runs for seconds."""
KINDS = ("sqlite", "postgres") if LONG else ("sqlite",)
"""Stores; what stands in the short form on PostgreSQL says so itself."""
CLOCK = SystemClock()


async def open_store(house: FaultHouse) -> Any:
    """The store of a house, as one more process would open it."""
    store: Any = PostgresStore(house.database, clock=CLOCK, shard=900) if house.database else None
    store = store or SqliteStore(house.data, clock=CLOCK, shard=900)
    await store.open()
    return store


async def drained(store: Any, seconds: float = 40.0) -> float:
    """Waits until nothing is pending; how long it took."""
    began = time.monotonic()
    while any(lane.ready or lane.later for lane in await store.depth(CLOCK.now())):
        assert time.monotonic() - began < seconds, f"still pending after {seconds} s: {await store.depth(CLOCK.now())}"
        await asyncio.sleep(0.1)
    return time.monotonic() - began


async def judged(house: FaultHouse, store: Any, sink: FaultSink, loads: Iterable[Load]) -> None:
    """Everything that must hold at the end."""
    accepted: set[Id] = set()
    for load in loads:
        accepted |= set(load.accepted.values())
        delivered = set(load.refused) & set(sink.recipients)
        assert not delivered, f"refused and sent all the same: {delivered}"
    assert accepted, "nothing was accepted: the test says nothing"
    assert not sink.faults
    workspace = ids.read(ids.WORKSPACE, house.workspace)
    found = await invariants(store, workspace, accepted, sink.wire)
    assert not found, f"{len(found)} findings: {found[:5]}\n{house.tail()}"
    assert not accepted - set(sink.wire), "accepted and never delivered"


def slowest(sink: FaultSink, load: Load) -> float:
    """The longest time from an answer to the first delivery, seconds."""
    return max(sink.first_at[id_] - at for id_, at in load.accepted_at.items() if id_ in sink.first_at)


async def doubts(store: Any) -> int:
    """How many attempts were recorded as in doubt."""
    return sum(count for key, count in (await store.counters()).items() if key.type is EventType.UNKNOWN)


FACTS: list[str] = []
"""What was measured, for the end of the run."""


def tell(what: str, **facts: object) -> dict[str, object]:
    """Notes what was measured; it is shown when all tests are done."""
    FACTS.append(f"{what}: " + ", ".join(f"{name} {_short(fact)}" for name, fact in facts.items()))
    return facts


def _short(fact: object) -> str:
    return f"{fact:.2f}" if isinstance(fact, float) else str(fact)
