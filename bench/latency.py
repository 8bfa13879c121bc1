"""How long until a message is on its way: from the start of its request until its DATA has arrived.

    python -m bench.latency [--bulk 200000] [--seconds 15] [--stores sqlite postgres]

First with an idle house, then with ``bulk`` messages queued and being sent while ``critical`` ones come in, both at 20 a second.
"""

import argparse
import asyncio
import threading
import time
from collections.abc import Callable

import uvloop

from bench.kit import filling, load, machine
from bench.kit.house import STORES, House, house
from posthouse.core.messages.model import Lane

RATE = 20
IDLE_BAR, BUSY_BAR = 20.0, 150.0
"""Milliseconds at the 99th percentile."""
_FIRST = 5_000_000
_END = b"\r\n.\r\n"


class _Session(asyncio.Protocol):
    """As much SMTP as our client needs, at next to no cost: what is measured is the house, not the sink."""

    def __init__(self, arrived: Callable[[bytes], None]) -> None:
        self._arrived = arrived
        self._buffer = b""
        self._in_data = False
        self._recipient = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as streams are
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        answers = []
        if self._in_data:
            seen = max(0, len(self._buffer) - len(_END) + 1)
            self._buffer += data
            end = self._buffer.find(_END, seen)
            if end < 0:
                return
            self._buffer, self._in_data = self._buffer[end + len(_END) :], False  # the next envelope rides behind
            self._arrived(self._recipient)
            answers.append(b"250 2.0.0 ok\r\n")
        else:
            self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\r\n")
        self._transport.write(b"".join([*answers, *map(self._answer, lines)]))

    def _answer(self, line: bytes) -> bytes:
        if line.startswith(b"RCPT"):
            self._recipient = line
        elif line == b"DATA":
            self._in_data = True
            return b"354 go ahead\r\n"
        elif line.startswith(b"EHLO"):
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        return b"250 2.0.0 ok\r\n"


class TimedSink:
    """A sink in a thread of its own that notes when each mail to a watched person arrived."""

    def __init__(self) -> None:
        self.arrived: dict[int, float] = {}
        self.port = 0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()), daemon=True)

    def start(self) -> None:
        """Returns once it listens."""
        self._thread.start()
        self._ready.wait(10)

    async def _run(self) -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Session(self._take), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await asyncio.Event().wait()

    def _take(self, recipient: bytes) -> None:
        number = int(recipient.partition(b"@")[0].rpartition(b".")[2])
        if number >= _FIRST:
            self.arrived[number] = time.monotonic()


def main() -> None:
    """Prints percentiles and the ratio to the bars."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bulk", type=int, default=200_000)
    parser.add_argument("--seconds", type=int, default=15)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=list(STORES))
    wanted = parser.parse_args()
    print(machine.described())
    for store in wanted.stores:
        sink = TimedSink()
        sink.start()
        with house(store) as fresh:
            fresh.set_up(sink.port)
            with fresh.serve():
                load.run(port=fresh.port, key=fresh.key, count=50)
                time.sleep(2)
                idle = _measure(fresh, sink, wanted.seconds, first=_FIRST, lane="normal")
                _tell(store, "idle", idle, IDLE_BAR)
                filling.fill(fresh, wanted.bulk, ended=False, lane=Lane.BULK, due_now=True)
                load.run(port=fresh.port, key=fresh.key, count=1)  # rings
                time.sleep(2)
                before = fresh.sent()
                busy = _measure(fresh, sink, wanted.seconds, first=_FIRST + 100_000, lane="critical")
                rate = (fresh.sent() - before) / wanted.seconds
                _tell(store, f"critical beside {wanted.bulk:,} bulk (sent at {rate:.0f}/s)", busy, BUSY_BAR)


def _measure(fresh: House, sink: TimedSink, seconds: int, *, first: int, lane: str) -> list[float]:
    """Milliseconds from the start of the request to the arrival of its mail, sorted."""
    count = RATE * seconds
    request = {
        "port": fresh.port,
        "key": fresh.key,
        "count": count,
        "rate": RATE,
        "first": first,
        "more": {"lane": lane},
    }
    done = load.run(**request, starts=True)
    until = time.monotonic() + 20
    while any(first + number not in sink.arrived for number in range(count)) and time.monotonic() < until:
        time.sleep(0.05)
    lost = [number for number in range(count) if first + number not in sink.arrived]
    if lost:
        raise SystemExit(f"{len(lost)} of {count} messages did not arrive")
    return sorted((sink.arrived[first + number] - done.starts[number]) * 1e3 for number in range(count))


def _tell(store: str, what: str, times: list[float], bar: float) -> None:
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    verdict = "ok" if p99 <= bar else "MISSED"
    print(f"{store}, {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {times[-1]:.1f} ms")
    print(f"RATIO {store}: p99 is {p99 / bar:.2f} of the bar of {bar:.0f} ms, {what}: {verdict}", flush=True)


if __name__ == "__main__":
    main()
