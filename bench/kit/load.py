"""The load generator: plain sockets and epoll in a process of its own, some 15 µs of CPU a request.

    python -m bench.kit.load '{"port": 8025, "key": "ph_live_…", "count": 1000, "connections": 64}'

Prints one line of JSON: requests, seconds, refusals, percentiles of the answer times. With ``rate`` it keeps a schedule (open loop: the time
counts from when the request was due), otherwise each connection sends its next request when the last one is answered.
"""

import json
import select
import socket
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple

from bench.kit import orders

ROOT = Path(__file__).parents[2]


class Load(NamedTuple):
    """What came of it; times in milliseconds."""

    requests: int
    seconds: float
    refused: int
    p50: float
    p99: float
    longest: float
    cpu: float
    """Seconds of CPU that the generator itself took."""
    first_at: float
    """time.monotonic() at the first request."""

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def start(**wanted) -> subprocess.Popen:
    """Begins a load beside what the caller does; :func:`result` waits for it."""
    command = [sys.executable, "-m", "bench.kit.load", json.dumps(wanted)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)


def result(process: subprocess.Popen) -> Load:
    """Waits for a load."""
    out, _ = process.communicate(timeout=600)
    if process.returncode:
        raise SystemExit("the load generator failed")
    return Load(**json.loads(out))


def run(**wanted) -> Load:
    """A whole load."""
    return result(start(**wanted))


class _Generator:
    def __init__(self, *, port, key, count, connections=64, batch=1, rate=0.0, first=0, more=None):
        self.port, self.key, self.count, self.batch, self.rate = port, key, count, batch, rate
        self.first, self.connections = first, min(connections, count)
        self.parts = orders.request_parts(**(more or {}))
        self.length = len(orders.request(0, self.parts))
        self.sent = self.answered = self.refused = 0
        self.times = []
        self.began = {}
        self.partly = {}
        self.epoll = select.epoll()
        self.sockets = {}
        self.idle = deque()
        self.head = self._head()

    def _head(self):
        path, size = ("/v1/messages", self.length) if self.batch == 1 else ("/v1/messages/batch", self._batch_size())
        return (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
        ).encode()

    def _batch_size(self):
        return self.batch * (self.length + 1) + 1

    def _body(self, number):
        if self.batch == 1:
            return orders.request(self.first + number, self.parts)
        items = [orders.request(self.first + number * self.batch + at, self.parts) for at in range(self.batch)]
        return b"[" + b",".join(items) + b"]"

    def run(self):
        for _ in range(self.connections):
            made = socket.create_connection(("127.0.0.1", self.port))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.sockets[made.fileno()] = made
            self.epoll.register(made, select.EPOLLIN)
            self.idle.append(made.fileno())
        began = time.monotonic()
        while self.answered < self.count:
            self._send_due(began)
            for fileno, _ in self.epoll.poll(self._patience(began)):
                self._receive(fileno)
        return began, time.monotonic() - began

    def _due(self, began):
        return began + self.sent / self.rate if self.rate else 0.0

    def _patience(self, began):
        if self.rate and self.idle and self.sent < self.count:
            return max(0.0, self._due(began) - time.monotonic())
        return 30.0

    def _send_due(self, began):
        while self.idle and self.sent < self.count:
            due = self._due(began)
            now = time.monotonic()
            if due > now:
                return
            fileno = self.idle.popleft()
            self.began[fileno] = due or now
            self._send(self.sockets[fileno], self.head + self._body(self.sent))
            self.sent += 1

    def _send(self, to, data):
        to.setblocking(True)
        to.sendall(data)

    def _receive(self, fileno):
        data = self.sockets[fileno].recv(1 << 20)
        if not data:
            raise SystemExit("the server hung up")
        if self.partly.get(fileno):
            data = self.partly.pop(fileno) + data
        head, found, body = data.partition(b"\r\n\r\n")
        at = head.find(b"content-length: ")
        if not found or len(body) < int(head[at + 16 : head.find(b"\r\n", at) if head.find(b"\r\n", at) > 0 else None]):
            self.partly[fileno] = data
            return
        if not head.startswith((b"HTTP/1.1 202", b"HTTP/1.1 200")):
            self.refused += 1
            if self.refused == 1:
                print(data.decode(), file=sys.stderr)
        self.answered += 1
        self.times.append(time.monotonic() - self.began[fileno])
        self.idle.append(fileno)


def main():
    """Runs what the argument says."""
    generator = _Generator(**json.loads(sys.argv[1]))
    began, seconds = generator.run()
    times = sorted(generator.times)
    found = Load(
        requests=generator.answered,
        seconds=seconds,
        refused=generator.refused,
        p50=times[len(times) // 2] * 1e3,
        p99=times[min(len(times) - 1, len(times) * 99 // 100)] * 1e3,
        longest=times[-1] * 1e3,
        cpu=time.process_time(),
        first_at=began,
    )
    print(json.dumps(found._asdict()))


if __name__ == "__main__":
    main()
