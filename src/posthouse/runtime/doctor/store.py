"""Whether the store keeps what it is given."""

import time
from collections.abc import Iterator, Sequence
from typing import Final

from posthouse.bootstrap import House
from posthouse.core.delivery.model import LaneDepth
from posthouse.core.kernel.clock import HOUR, SECOND, Clock
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import PosthouseError
from posthouse.runtime.doctor.findings import Finding, error, ok, warning

SMALL_SKEW: Final = 2 * SECOND
LARGE_SKEW: Final = 60 * SECOND
SLOW_WRITE: Final = 0.2
"""Seconds for one small durable write; a healthy disk needs a few thousandths."""


async def look_at_store(house: House, clock: Clock) -> list[Finding]:
    """Schema (proved by having been opened), durability, one write, the store's own clock."""
    kind = "PostgreSQL" if house.settings.postgres else "SQLite"
    found = [ok("store", f"{kind}, schema up to date")]
    try:
        await house.store.check_durability()
        found.append(ok("store", "what is answered is on the disk"))
    except PosthouseError as problem:
        found.append(error("store", "could lose acknowledged messages in a power cut", problem.detail))
    try:
        began = time.perf_counter()
        await house.store.ping()
        found.append(_write_time(time.perf_counter() - began))
    except PosthouseError as problem:
        found.append(error("store", "cannot be written to", problem.detail))
        return found
    reading = await house.store.clock_reading()
    if reading is not None:
        found.append(_skew(abs(clock.now() - reading)))
    return found


def _write_time(seconds: float) -> Finding:
    said = f"a durable write takes {seconds * 1000:.1f} ms"
    if seconds > SLOW_WRITE:
        return warning("store", said, "the disk is slow or busy: accepting will be slow too")
    return ok("store", said)


def _skew(skew: int) -> Finding:
    said = f"this machine and the database differ by {skew / SECOND:.3f} s"
    if skew > LARGE_SKEW:
        return error("clock", said, "run an NTP client on both: scheduled messages leave by the database's clock")
    if skew > SMALL_SKEW:
        return warning("clock", said, "run an NTP client on both")
    return ok("clock", said)


async def look_at_queue(house: House) -> list[Finding]:
    """What waits, and whether anybody seems to be working."""
    now = house.clock.now()
    try:
        depths = await house.store.depth(now)
    except PosthouseError as problem:
        return [error("queue", "cannot be read", problem.detail)]
    return [*_held(sum(depth.held for depth in depths)), *_stuck(_age(depths, now), sum(d.ready for d in depths))]


def _age(depths: Sequence[LaneDepth], now: int) -> int:
    """How long the longest waiting due message has been due, in microseconds."""
    oldest = [depth.oldest_due_at for depth in depths if depth.oldest_due_at is not None]
    return max(0, now - min(oldest)) if oldest else 0


def _held(held: int) -> Iterator[Finding]:
    if held:
        advice = "look at them with `posthouse held list`, then `posthouse held release` or `posthouse messages cancel`"
        yield warning("queue", f"held, and waiting for your decision: {counted(held, 'message')}", advice)


def _stuck(age: int, ready: int) -> Iterator[Finding]:
    said = f"due: {counted(ready, 'message')}"
    if age > HOUR:
        advice = "is `posthouse serve` (or `posthouse worker`) running, and is a provider enabled?"
        yield warning("queue", f"{said}, one for {age / HOUR:.1f} hours", advice)
    else:
        yield ok("queue", said)
