"""How long until somebody else knows: from an event until its first request has arrived at a webhook endpoint.

    python -m bench.webhooks [--seconds 15] [--burst 3000] [--stores sqlite postgres]

First with 20 messages a second (accepted and sent: 40 events a second), then with ``burst`` messages as fast as the house takes them.
An event's own time is in milliseconds, so each figure may be half a millisecond off.
"""

import argparse
import os
import threading
import time
from datetime import datetime

import uvloop

from bench.kit import load, machine
from bench.kit.house import STORES, House, house
from bench.kit.sink import smtp_sink
from posthouse.testing.webhook_receiver import Receiver

RATE = 20
EVENTS = 2
"""Of a message that is sent at once."""
BAR = 1_000.0
"""Milliseconds at the 95th percentile."""


class Endpoint:
    """A receiver in a thread of its own that takes everything at once."""

    def __init__(self) -> None:
        self.receiver = Receiver()
        self.url = ""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()), daemon=True)

    def start(self) -> None:
        """Returns once it listens."""
        self._thread.start()
        self._ready.wait(10)

    async def _run(self) -> None:
        async with self.receiver:
            self.url = self.receiver.url
            self._ready.set()
            while True:
                await self.receiver.until(1 << 62, 86_400)

    def wait(self, count: int, seconds: float = 120) -> None:
        """Until so many requests came."""
        until = time.monotonic() + seconds
        while len(self.receiver.received) < count:
            if time.monotonic() > until:
                raise SystemExit(f"{len(self.receiver.received)} of {count} events were told")
            time.sleep(0.02)

    def latencies(self, first: int) -> list[float]:
        """Milliseconds from each event to its arrival, sorted; of the requests from ``first`` on."""
        found = self.receiver.received[first:]
        return sorted((one.at - datetime.fromisoformat(one.event["timestamp"]).timestamp()) * 1e3 for one in found)


def main() -> None:
    """Prints percentiles and the ratio to the bar."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--burst", type=int, default=3_000)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    wanted = parser.parse_args()
    os.environ["POSTHOUSE_WEBHOOKS_ALLOW_NETWORKS"] = "127.0.0.0/8"
    print(machine.described())
    for store in wanted.stores:
        endpoint = Endpoint()
        endpoint.start()
        with smtp_sink() as sink, house(store) as fresh:
            fresh.set_up(sink.port)
            fresh.command("webhooks", "add", "bench", "--url", endpoint.url)
            with fresh.serve():
                _measure(store, fresh, endpoint, wanted.seconds, wanted.burst)


def _measure(store: str, fresh: House, endpoint: Endpoint, seconds: int, burst: int) -> None:
    load.run(port=fresh.port, key=fresh.key, count=50)
    endpoint.wait(50 * EVENTS)
    load.run(port=fresh.port, key=fresh.key, count=RATE * seconds, connections=8, rate=RATE, first=1_000)
    told = (50 + RATE * seconds) * EVENTS
    endpoint.wait(told)
    _tell(store, f"{RATE} messages a second", endpoint.latencies(50 * EVENTS))
    began, cpu = time.monotonic(), fresh.cpu()["scheduler-0"]
    load.run(port=fresh.port, key=fresh.key, count=burst, connections=64, first=100_000)
    endpoint.wait(told + burst * EVENTS)
    took, cpu = time.monotonic() - began, fresh.cpu()["scheduler-0"] - cpu
    events = burst * EVENTS
    print(
        f"{store}, {burst} messages at once: {events / took:.0f} events a second, {cpu / events * 1e6:.0f} µs of CPU each"
    )


def _tell(store: str, what: str, times: list[float]) -> None:
    p50, p95 = times[len(times) // 2], times[len(times) * 95 // 100]
    verdict = "ok" if p95 <= BAR else "MISSED"
    print(f"{store}, {what}: p50 {p50:.0f} ms, p95 {p95:.0f} ms, longest {times[-1]:.0f} ms")
    print(f"RATIO {store}: p95 is {p95 / BAR:.2f} of the bar of {BAR:.0f} ms, {what}: {verdict}", flush=True)


if __name__ == "__main__":
    main()
