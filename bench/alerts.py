"""What looking for trouble costs: the processor's time of one minute's look, and of the first one after a start.

    python -m bench.alerts [--templates 100] [--weeks 9 26]

On SQLite, with so many templates that send every hour of so many weeks. A look must not cost more because the history is longer.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from pathlib import Path

from bench.kit import machine
from posthouse.core.alerts.measuring import LevelService
from posthouse.core.alerts.watch import AlertWatch, Means
from posthouse.core.analytics.measures import INDEX
from posthouse.core.analytics.model import Cell, Combo, Grain, Kind, Place, Step, number_of
from posthouse.core.kernel.clock import HOUR, MINUTE
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.workspaces.model import Domain, Workspace
from posthouse.core.workspaces.ports import DnsFinding
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.stores import Kit

WEEK = 168
LOOKS = 30


async def fill(store: SqliteStore, kit: Kit, keys: list[str], last: int, weeks: int) -> None:
    """Roll-ups as the follower would have left them, a day a turn; ends with the running hour."""
    chance = random.Random(1)
    combos = [Combo(kit.workspace, int(Kind.COARSE), key, 1, 1, 1, 1, "") for key in keys]
    numbers = {number_of(combo): combo for combo in combos}
    for seq, first in enumerate(range(last - weeks * WEEK, last, 24)):
        cells = {}
        for hour in range(first, first + 24):
            for number in numbers:
                count = chance.randint(20, 60)
                counts = {INDEX["accepted"]: count, INDEX["sent"]: count}
                cells[Place(kit.workspace, Grain.COARSE_HOUR, hour, number)] = Cell(counts, {})
        step = Step(cells, {}, combos={} if seq else numbers)
        assert await store.keep_rollup(0, seq, seq + 1, step)


async def measure(folder: Path, templates: int, weeks: int) -> tuple[float, float]:
    """Milliseconds of the first look, and of each later one (median)."""
    last = 1_800_000_000 // 3600
    clock = FakeClock(last * HOUR)
    store = SqliteStore(folder / "data", clock=clock)
    await store.open()
    kit = Kit(clock)
    await store.add_workspace(Workspace(kit.workspace, "shop", clock.now()))
    keys = []
    for number in range(templates):
        template = kit.template(key=f"t{number}", version=1, id=kit.ids())
        await store.publish(template, [kit.release(template)])
        keys.append(template.id.hex())
    await fill(store, kit, keys, last, weeks)

    async def look(_domain: Domain) -> list[DnsFinding]:
        return []

    means = Means(store, LevelService(store, store, store, clock), look, list, clock, Uuid7Source(clock.now))
    watch = AlertWatch(means, 1)
    costs = []
    for _ in range(LOOKS + 1):
        began = time.process_time()
        assert await watch.minute()
        costs.append((time.process_time() - began) * 1e3)
        clock.advance(MINUTE // 2)
    await store.close()
    return costs[0], statistics.median(costs[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--templates", type=int, default=100)
    parser.add_argument("--weeks", type=int, nargs="+", default=[9, 26])
    asked = parser.parse_args()
    print(machine.described())
    seen = {}
    for weeks in asked.weeks:
        with tempfile.TemporaryDirectory() as folder:
            first, later = asyncio.run(measure(Path(folder), asked.templates, weeks))
        seen[weeks] = later
        each = later / asked.templates * 1e3
        print(
            f"{weeks:3} weeks: first look {first:8.1f} ms, later {later:7.2f} ms ({each:.0f} µs a template), of the processor"
        )
    if len(seen) > 1:
        print(f"growth from {min(seen)} to {max(seen)} weeks: {seen[max(seen)] / seen[min(seen)]:.2f} times")


if __name__ == "__main__":
    main()
