"""What it costs to count: the metrics stand on the hot path, and all processes of the machine share them.

    python -m bench.metrics

The peer is prometheus-client's counter in one process, which takes a lock and is not seen by the others.
"""

import tempfile
import timeit
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter

from posthouse.core.messages.model import Lane
from posthouse.runtime.metrics import Metrics, Slots

LIMIT = 2.0
"""Microseconds that one count may cost."""


def microseconds(call: Callable[[], object]) -> float:
    """The best of some rounds: other work on the machine only ever adds."""
    return min(timeit.repeat(call, number=2_000, repeat=30)) / 2_000 * 1e6


def main() -> None:
    """Prints the table."""
    peer = Counter("messages", "Messages.", ["lane"], registry=CollectorRegistry())
    theirs = microseconds(lambda: peer.labels("normal").inc())
    print(f"prometheus-client, one counter   {theirs:6.2f} µs")
    with tempfile.TemporaryDirectory() as folder:
        metrics = Metrics(Slots(Path(folder), "api-0"))
        for name, call in {
            "accepted": lambda: metrics.accepted(1, Lane.NORMAL),
            "refused": lambda: metrics.refused("x"),
            "outcome": lambda: metrics.outcome("smtp", "accepted"),
            "latency": lambda: metrics.latency(Lane.NORMAL, 0.03),
            "committed": lambda: metrics.committed("accept", 200, 0.012),
        }.items():
            cost = microseconds(call)
            verdict = "ok" if cost <= LIMIT else "MISSED"
            print(f"{name:<32} {cost:6.2f} µs   RATIO {cost / theirs:.2f} of the peer (limit {LIMIT} µs: {verdict})")
        metrics.close()


if __name__ == "__main__":
    main()
