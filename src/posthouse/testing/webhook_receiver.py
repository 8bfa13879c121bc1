"""A receiver of webhooks on loopback that does what it is told: answers, refuses, hangs, talks for ever."""

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec


class Received(NamedTuple):
    """One request."""

    headers: dict[str, str]
    body: bytes
    at: float
    """``time.time()``."""

    @property
    def id(self) -> str:
        """The ``webhook-id``."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """The body."""
        return msgspec.json.decode(self.body, type=dict[str, Any])


class Answer(NamedTuple):
    """What to say, after how long."""

    status: int = 200
    body: bytes = b"ok"
    headers: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0
    endless: bool = False
    surplus: bytes = b""
    """What is said with the answer, though nobody asked."""
    late: bytes = b""
    """What is said a little after it, though nobody asked."""
    raw: bytes | None = None
    """Said instead of all that, before hanging up."""


Judge = Callable[[Received], Answer]


def content(_: Received) -> Answer:
    """Takes everything."""
    return Answer()


class Receiver:
    """HTTP/1.1 on loopback.

    Args:
        judge: what to answer to each request.
        context: TLS, None for plain HTTP.
    """

    def __init__(self, judge: Judge = content, context: Any = None) -> None:
        self.judge = judge
        self.received: list[Received] = []
        self.connections = 0
        self._context = context
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._context)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self.port}/hook"

    async def until(self, count: int, seconds: float = 20.0) -> list[Received]:
        """Waits until so many requests came."""
        end = time.monotonic() + seconds
        while len(self.received) < count:
            assert time.monotonic() < end, f"{len(self.received)} of {count} came"
            await asyncio.sleep(0.01)
        return self.received

    def hang_up(self) -> None:
        """Closes all connections."""
        for task in self._serving:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # asyncio complains of a cancelled handler as if it were a defect
        finally:
            self._serving.discard(task)
            writer.transport.abort()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:])
            if name.strip()
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        received = Received(headers, body, time.time())
        self.received.append(received)
        answer = self.judge(received)
        await asyncio.sleep(answer.seconds)
        if answer.raw is not None:
            writer.write(answer.raw)
            await writer.drain()
            writer.close()
            return False
        extra = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
        if answer.endless:
            writer.write(f"HTTP/1.1 {answer.status} X\r\ntransfer-encoding: chunked\r\n{extra}\r\n".encode())
            while True:
                writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
                await writer.drain()
        length = f"content-length: {len(answer.body)}\r\n"
        writer.write(f"HTTP/1.1 {answer.status} X\r\n{length}{extra}\r\n".encode() + answer.body + answer.surplus)
        await writer.drain()
        if answer.late:
            await asyncio.sleep(0.02)
            writer.write(answer.late)
            await writer.drain()
        return True
