"""A load generator for the API: plain sockets in a process of its own, some 20 µs of CPU a request.

    python -m posthouse.testing.load '{"port": 8025, "key": "ph_live_…", "body": "{…@NUMBER@…}", "count": 1000}'

Prints one JSON document (:class:`Load`). With ``rate`` it keeps a schedule (open loop: the time counts from when the request was
due), otherwise each connection sends its next request when the last one is answered.
"""

import re
import selectors
import socket
import sys
import time
from collections import deque
from typing import Final

import msgspec

NUMBER: Final = "@NUMBER@"
"""Where the number of the request goes in a body, as seven digits."""

_PATIENCE: Final = 30.0
"""Seconds without any answer after which the server is given up."""
_LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


class Wanted(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to be sent, to loopback."""

    port: int
    key: str
    body: str
    """JSON of one message, with :data:`NUMBER` in it."""
    count: int
    """Requests."""
    connections: int = 64
    batch: int = 1
    """Messages a request."""
    rate: float = 0.0
    """Requests a second; 0: as fast as they are answered."""
    first: int = 0
    """Number of the first message."""
    starts: bool = False
    """Whether to tell when each request began."""


class Load(msgspec.Struct, kw_only=True):
    """What came of it; times of answers in milliseconds, instants of ``time.monotonic()``, which all processes share."""

    requests: int
    seconds: float
    refused: int
    p50: float
    p99: float
    longest: float
    cpu: float
    """Seconds of CPU that the generator itself took."""
    first_at: float
    """The first request."""
    starts: list[float] = []
    """When each request began (or was due), by its number; empty unless asked for."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def percentile(ordered: list[float], share: float) -> float:
    """The value under which that share of an ordered list lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Generator:
    """One load."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._parts = wanted.body.encode().split(NUMBER.encode())
        self._head = self._request_head()
        self._selector = selectors.DefaultSelector()
        self._idle: deque[socket.socket] = deque()
        self._began: dict[socket.socket, float] = {}
        self._partly: dict[socket.socket, bytes] = {}
        self._sent = 0
        self._refused = 0
        self._times: list[float] = []
        self._starts: list[float] = []

    def run(self) -> Load:
        """Sends everything and waits for every answer.

        Raises:
            OSError: nobody listens, or the server hung up or stopped answering.
        """
        self._connect()
        began = time.monotonic()
        try:
            while len(self._times) < self._wanted.count:
                self._send_due(began)
                ready = self._selector.select(self._patience(began))
                if not ready and not self._idle:
                    raise TimeoutError(f"no answer within {_PATIENCE:.0f} s")
                for key, _ in ready:
                    self._receive(key.fileobj)  # type: ignore[arg-type]  # only sockets were registered
            return self._told(began, time.monotonic() - began)
        finally:
            for key in tuple(self._selector.get_map().values()):
                key.fileobj.close()  # type: ignore[union-attr]  # only sockets were registered
            self._selector.close()

    def _told(self, began: float, seconds: float) -> Load:
        times = sorted(self._times)
        return Load(
            requests=len(times),
            seconds=seconds,
            refused=self._refused,
            p50=percentile(times, 0.5) * 1e3,
            p99=percentile(times, 0.99) * 1e3,
            longest=times[-1] * 1e3,
            cpu=time.process_time(),
            first_at=began,
            starts=self._starts,
        )

    def _connect(self) -> None:
        for _ in range(min(self._wanted.connections, self._wanted.count)):
            made = socket.create_connection(("127.0.0.1", self._wanted.port))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(made, selectors.EVENT_READ)
            self._idle.append(made)

    def _request_head(self) -> bytes:
        batched = self._wanted.batch > 1
        return (
            f"POST /v1/messages{'/batch' if batched else ''} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {self._wanted.key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(self._body(0))}\r\n\r\n"
        ).encode()

    def _body(self, number: int) -> bytes:
        """The body of a request; all have the same length."""
        batch, first = self._wanted.batch, self._wanted.first
        items = [(b"%07d" % (first + number * batch + at)).join(self._parts) for at in range(batch)]
        return items[0] if batch == 1 else b"[" + b",".join(items) + b"]"

    def _due(self, began: float) -> float:
        return began + self._sent / self._wanted.rate if self._wanted.rate else 0.0

    def _patience(self, began: float) -> float:
        if self._wanted.rate and self._idle and self._sent < self._wanted.count:
            return max(0.0, self._due(began) - time.monotonic())
        return _PATIENCE

    def _send_due(self, began: float) -> None:
        while self._idle and self._sent < self._wanted.count:
            due, now = self._due(began), time.monotonic()
            if due > now:
                return
            to = self._idle.popleft()
            self._began[to] = due or now
            if self._wanted.starts:
                self._starts.append(due or now)
            to.sendall(self._head + self._body(self._sent))
            self._sent += 1

    def _receive(self, source: socket.socket) -> None:
        data = source.recv(1 << 20)
        if not data:
            raise ConnectionError("the server hung up")
        data = self._partly.pop(source, b"") + data
        head, found, body = data.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not found or length is None or len(body) < int(length[1]):
            self._partly[source] = data
            return
        if not head.startswith((b"HTTP/1.1 202", b"HTTP/1.1 200")):
            self._refused += 1
            if self._refused == 1:
                sys.stderr.write(body.decode("utf-8", "replace") + "\n")
        self._times.append(time.monotonic() - self._began[source])
        self._idle.append(source)


def main() -> None:
    """Runs what the argument says."""
    wanted = msgspec.json.decode(sys.argv[1], type=Wanted)
    try:
        found = Generator(wanted).run()
    except OSError as error:
        sys.exit(f"the load generator: {error}")
    sys.stdout.write(msgspec.json.encode(found).decode() + "\n")


if __name__ == "__main__":
    main()
