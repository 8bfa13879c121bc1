"""What erasing costs those who send meanwhile.

    python -m bench.retention [--messages 20000] [--seconds 10] [--stores sqlite postgres]

Old messages with events and words, as they would have been left; then accept, claim and record in a loop for some seconds, alone and beside a sweep
that rests as it does in a house. Prints the ratio, and the longest transaction of the sweep.
"""

import argparse
import asyncio
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.analytics import Postgres, Sqlite
from bench.kit import machine
from bench.kit.databases import migrated
from posthouse.core.keeping.retention import RetentionService
from posthouse.core.keeping.settings import Rule
from posthouse.core.kernel.clock import DAY
from posthouse.runtime.keeping import rest
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_keeping import PSEUDONYMS, WORDS, ruled, sent
from posthouse.testing.stores import Kit

BAR = 0.85
"""Of the rate of those who send alone: erasing may take a little."""
BEGIN = FakeClock().now()


class Watch(FakeClock):
    """Stands still, but measures."""

    def monotonic(self) -> int:
        """Microseconds of this machine."""
        return time.perf_counter_ns() // 1000


async def send(store: Any, kit: Kit, seconds: float) -> float:
    """Messages a second that are accepted, claimed and recorded, 64 at a time."""
    began, many = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        await store.accept([kit.new() for _ in range(64)])
        await store.record([kit.settle(one) for one in await kit.claim(store, 64)])
        many += 64
    return many / (time.perf_counter() - began)


async def measure(make: Any, name: str, messages: int, seconds: float) -> None:
    """One store."""
    kit, place = Kit(Watch()), make(name)
    await place.store.open()
    await ruled(place.store, kit, Rule(content_days=1))
    for _ in range(messages // 500):
        await sent(place.store, kit, 500)
    kit.clock.advance(20 * DAY)
    turns: list[float] = []

    async def resting(spent: float) -> None:
        turns.append(spent)
        await rest(spent)

    service = RetentionService(place.store, place.store, PSEUDONYMS, WORDS, kit.clock)
    alone = await send(place.store, kit, seconds)
    sweeping = asyncio.create_task(service.sweep(resting))
    beside = await send(place.store, kit, seconds)
    ended = sweeping.done()
    sweeping.cancel()
    await asyncio.gather(sweeping, return_exceptions=True)
    again = await send(place.store, kit, seconds)
    turns.sort()
    print(
        f"  {name}: {alone:,.0f} messages a second alone, {beside:,.0f} beside a sweep"
        + (" that ended before" if ended else "")
        + f", {again:,.0f} alone again; {len(turns)} bites of 100 messages, {turns[len(turns) // 2] * 1000:.0f} ms each, "
        f"the longest {turns[-1] * 1000:.0f} ms"
    )
    ratio = 2 * beside / (alone + again)
    verdict = "ok" if ratio >= BAR else "MISSED"
    print(f"RATIO {name}: sending beside a sweep {ratio:.2f} of sending alone (bar {BAR}): {verdict}", flush=True)
    await place.store.close()


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--stores", nargs="+", choices=("sqlite", "postgres"), default=["sqlite", "postgres"])
    asked = parser.parse_args()
    print(machine.described())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="posthouse-bench-")))
        if "sqlite" in asked.stores:
            asyncio.run(measure(lambda name: Sqlite(folder / name), "sqlite", asked.messages, asked.seconds))
        if "postgres" in asked.stores:
            urls = migrated(stack, ["retention"], BEGIN)
            asyncio.run(measure(lambda _name: Postgres(urls["retention"]), "postgres", asked.messages, asked.seconds))


if __name__ == "__main__":
    main()
