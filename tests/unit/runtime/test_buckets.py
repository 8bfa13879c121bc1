"""The rate limit counts for the machine, whatever becomes of single processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.kernel.clock import SECOND
from posthouse.http.ratelimit import OwnBuckets, Refill
from posthouse.runtime.buckets import GROUPS, WAYS, SharedBuckets

RATE, BURST = 300, 100
TAKER = f"""
import sys, time
from pathlib import Path
from posthouse.core.kernel.clock import SystemClock
from posthouse.http.ratelimit import Refill
from posthouse.runtime.buckets import SharedBuckets
clock, buckets, refill = SystemClock(), SharedBuckets(Path(sys.argv[1])), Refill({RATE}, {BURST})
print("ready", flush=True)
taken, ends = 0, time.monotonic() + float(sys.stdin.readline())
while time.monotonic() < ends:
    taken += buckets.take(b"k" * 16, 1, clock.monotonic(), refill)[0]
print(taken, flush=True)
"""


def start(path: Path, number: int) -> list[subprocess.Popen[str]]:
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(number)
    ]
    for taker in takers:
        assert taker.stdout is not None
        assert taker.stdout.readline() == "ready\n"
    return takers


def tell(takers: list[subprocess.Popen[str]], seconds: float) -> None:
    for taker in takers:
        assert taker.stdin is not None
        taker.stdin.write(f"{seconds}\n")
        taker.stdin.flush()


def taken(taker: subprocess.Popen[str]) -> int:
    out, _ = taker.communicate(timeout=30)
    return int(out or 0)


def test_all_processes_take_from_one_bucket(tmp_path: Path) -> None:
    """Three at once get what one would get; one that is killed in the middle takes the lock with it and hurts nobody."""
    takers = start(tmp_path / "rates", 3)
    began = time.monotonic()
    tell(takers, 2.0)
    time.sleep(1.0)
    takers[0].kill()
    total = sum(taken(taker) for taker in takers[1:])
    assert taken(takers[0]) == 0
    allowed = BURST + RATE * (time.monotonic() - began)
    assert total <= allowed + 3
    assert total >= (BURST + RATE * 1.0) / 3


def test_a_process_that_stands_still_stops_nobody(tmp_path: Path) -> None:
    """SIGSTOP may catch it with the lock in its hand: the others go on."""
    takers = start(tmp_path / "rates", 2)
    tell(takers, 2.0)
    for _ in range(20):
        os.kill(takers[0].pid, signal.SIGSTOP)
        time.sleep(0.02)
        os.kill(takers[0].pid, signal.SIGCONT)
    os.kill(takers[0].pid, signal.SIGSTOP)
    assert taken(takers[1]) > 0
    os.kill(takers[0].pid, signal.SIGCONT)
    taken(takers[0])


keys = st.integers(1, 40).map(lambda number: number.to_bytes(16, "big"))
steps = st.lists(st.tuples(keys, st.integers(1, 5), st.integers(0, 2 * SECOND)), max_size=60)


@given(steps)
def test_they_count_as_those_of_one_process_do(tmp_path_factory: object, steps: list[tuple[bytes, int, int]]) -> None:
    """The same keys, costs and times come to the same answers."""
    path = tmp_path_factory.mktemp("rates") / "rates"  # type: ignore[attr-defined]
    shared, own, refill, now = SharedBuckets(path), OwnBuckets(), Refill(2, 10), 0
    for key, cost, wait in steps:
        now += wait
        assert shared.take(key, cost, now, refill) == own.take(key, cost, now, refill)
    shared.close()


def test_they_outlive_a_process_and_a_boot(tmp_path: Path) -> None:
    """Opened again, what was taken is taken; when the clock began anew, all are full."""
    refill = Refill(1, 5)
    first = SharedBuckets(tmp_path / "rates")
    first.take(b"k" * 16, 5, 100 * SECOND, refill)
    first.close()
    again = SharedBuckets(tmp_path / "rates")
    assert again.take(b"k" * 16, 1, 100 * SECOND, refill) == (False, 0.0)
    assert again.take(b"k" * 16, 1, 30 * SECOND, refill) == (True, 4.0)
    again.close()


def test_who_looked_at_the_clock_first_may_come_second(tmp_path: Path) -> None:
    """A moment is filled in once only, whatever the order in which processes get at the bucket."""
    buckets, refill = SharedBuckets(tmp_path / "rates"), Refill(10, 5)
    buckets.take(b"k" * 16, 5, 10 * SECOND, refill)
    assert buckets.take(b"k" * 16, 1, 10 * SECOND - 200_000, refill) == (False, 0.0)
    assert buckets.take(b"k" * 16, 1, 10 * SECOND + 100_000, refill) == (True, 0.0)
    assert buckets.take(b"k" * 16, 1, 10 * SECOND + 100_000, refill) == (False, 0.0)
    buckets.close()


def test_more_keys_than_buckets_forget_the_fullest(tmp_path: Path) -> None:
    """Nobody is refused for the keys of others, and who is in debt stays so."""
    buckets, refill = SharedBuckets(tmp_path / "rates"), Refill(0.001, 5)
    in_debt = (7).to_bytes(16, "big")
    buckets.take(in_debt, 50, 0, refill)
    for number in range(5 * WAYS):
        assert buckets.take((7 + GROUPS * (number + 1)).to_bytes(16, "big"), 1, 0, refill)[0]
    assert buckets.take(in_debt, 1, 0, refill) == (False, -45.0)
    buckets.close()
