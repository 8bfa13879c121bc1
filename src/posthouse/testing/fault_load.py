"""A source that does not give up: each message is asked for again under its idempotency key until there is an answer."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from posthouse.core.kernel import ids
from posthouse.core.kernel.ids import Id

PATIENCE: Final = 10.0
"""Seconds for one answer."""
_AGAIN: Final = frozenset({409, 429, 500, 502, 503, 504})


class Answer(NamedTuple):
    """Status and body of a response."""

    status: int
    body: dict[str, Any]


class Load:
    """Posts messages with their own content, a number of clients at a time.

    Args:
        port: of Posthouse on 127.0.0.1.
        key: API key.
        clients: how many ask at the same time.
        rate: messages a second, all clients together; 0: as fast as it goes.
        insist: whether a 503 is asked again; otherwise it counts as refused.
        fields: what each request says besides, by its number.
        prefix: of the recipients and keys of this load.
    """

    def __init__(
        self,
        port: int,
        key: str,
        *,
        clients: int = 16,
        rate: float = 0.0,
        insist: bool = True,
        fields: Callable[[int], Mapping[str, Any]] = lambda _number: {},
        prefix: str = "m",
    ) -> None:
        self.accepted: dict[str, Id] = {}
        """Recipient → message, of every 2xx."""
        self.accepted_at: dict[Id, float] = {}
        """``time.monotonic()`` of the answer."""
        self.refused: dict[str, Answer] = {}
        self.again = 0
        """Requests that had to be asked again."""
        self._port = port
        self._head = f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        self._clients = clients
        self._rate = rate
        self._insist = insist
        self._fields = fields
        self._prefix = prefix
        self._next = 0
        self._stopping = asyncio.Event()

    async def run(self, count: int = 0) -> None:
        """Posts until stopped, or so many; comes back when every request begun is answered."""
        self._began = time.monotonic()
        await asyncio.gather(*(self._client(count) for _ in range(self._clients)))

    def stop(self) -> None:
        """No further messages."""
        self._stopping.set()

    async def _client(self, count: int) -> None:
        line = _Line(self._port)
        try:
            while not self._stopping.is_set() and (not count or self._next < count):
                number, self._next = self._next, self._next + 1
                if self._rate:
                    await asyncio.sleep(max(0.0, self._began + number / self._rate - time.monotonic()))
                await self._post(line, number)
        finally:
            await line.close()

    async def _post(self, line: "_Line", number: int) -> None:
        recipient = f"{self._prefix}{number}@person.example"
        document = {
            "to": {"email": recipient},
            "subject": f"Order {number}",
            "text": f"Your order {number} is on its way.",
            "from": {"email": "shop@shop.example"},
            **self._fields(number),
        }
        body = json.dumps(document).encode()
        head = f"POST /v1/messages HTTP/1.1\r\nHost: x\r\n{self._head}Idempotency-Key: {recipient}\r\n"
        request = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        while (answer := await line.ask(request)) is None or (self._insist and answer.status in _AGAIN):
            self.again += 1
            await asyncio.sleep(0.05)
        if answer.status // 100 == 2:
            id_ = ids.read(ids.MESSAGE, answer.body["id"])
            self.accepted[recipient] = id_
            self.accepted_at.setdefault(id_, time.monotonic())
        else:
            self.refused[recipient] = answer


class _Line:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> Answer | None:
        """The answer; None when there was none, whatever became of the request."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask(request)
        except (OSError, EOFError, TimeoutError, ValueError):
            await self.close()
            return None

    async def _ask(self, request: bytes) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        body = await reader.readexactly(length)
        if "connection: close" in head:
            await self.close()
        return Answer(int(head.split(" ", 2)[1]), json.loads(body))

    async def close(self) -> None:
        """Hangs up."""
        if self._streams is not None:
            await hang_up(self._streams[1])
            self._streams = None


async def hang_up(writer: asyncio.StreamWriter) -> None:
    """Closes a connection without ceremony, and waits until it is closed."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
