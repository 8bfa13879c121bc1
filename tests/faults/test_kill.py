"""kill -9 of a random process, again and again, under load."""

import asyncio
import os
import random
import signal

import pytest
from tests.faults.conftest import MakeHouse
from tests.faults.kit import LONG, doubts, drained, judged, open_store, slowest, tell

from posthouse.testing.fault_house import FaultHouse
from posthouse.testing.fault_load import Load
from posthouse.testing.fault_sink import FaultSink

KILLS = {
    kind: int(os.environ.get("POSTHOUSE_TEST_KILLS", "50" if LONG else short))
    for kind, short in {"sqlite": "5", "postgres": "3"}.items()
}
RATE = float(os.environ.get("POSTHOUSE_TEST_RATE", "100" if LONG else "40"))
CONNECTIONS = 10
"""Of each of the two dispatchers: 20 together."""
POSTFIX = 3.4
"""Duplicates a kill that Postfix makes under the same conditions."""
EVERYTHING = "all"


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
@pytest.mark.timeout(1200)
async def test_killed_again_and_again(kind: str, make_house: MakeHouse, record_property) -> None:
    """Nothing is lost, little is sent twice, and what a dead process held is sent within half a minute."""
    house, kills = make_house(kind), KILLS[kind]
    async with FaultSink(pause=0.01) as sink:
        house.furnish(sink.port, connections=CONNECTIONS)
        house.start("--dispatchers", "2")
        await house.ready()
        load = Load(house.port, house.key, clients=32, rate=RATE)
        running = asyncio.create_task(load.run())
        await asyncio.sleep(1)
        by_target: dict[str, list[int]] = {}
        for turn in range(kills):
            target = _kill_one(house, turn)
            before = sink.duplicates
            if target == EVERYTHING:
                house.start("--dispatchers", "2")
            await house.ready()
            await asyncio.sleep(random.uniform(2.0, 3.0) if LONG else random.uniform(0.6, 1.0))
            by_target.setdefault(target, []).append(sink.duplicates - before)
        load.stop()
        await running
        store = await open_store(house)
        await drained(store)
        await judged(house, store, sink, [load])
        mean = sink.duplicates / kills
        facts = tell(
            f"kill -9 on {kind}",
            kills=kills,
            by_target={name: round(sum(some) / len(some), 1) for name, some in by_target.items()},
            accepted=len(load.accepted),
            asked_again=load.again,
            duplicates=sink.duplicates,
            a_kill=mean,
            slowest_seconds=slowest(sink, load),
        )
        assert await doubts(store) >= sink.duplicates, facts
        # Of five kills two may fall into full pipelines: the mean says something only over many.
        assert mean < POSTFIX or kills < 10, facts
        assert slowest(sink, load) < 30, facts
        await store.close()


def _kill_one(house: FaultHouse, turn: int) -> str:
    """Kills all processes at once, or one that is drawn by lot (the first times: one of each kind)."""
    children = house.children()
    names = [EVERYTHING, *sorted(children, key=lambda name: name.partition("-")[::-1])]
    target = names[turn] if turn < len(names) else random.choice(names)
    if target == EVERYTHING:
        house.kill_everything()
    else:
        os.kill(children[target], signal.SIGKILL)
    return target
