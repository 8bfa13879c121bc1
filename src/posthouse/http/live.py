"""An answer that goes on for as long as the client stays."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, Final

from starlette.responses import Response

SEND_SECONDS: Final = 20.0
"""How long a client may take nothing at all before it is let go."""
HEARTBEAT: Final = b": \n\n"
FIRST: Final = b"retry: 2000\n\n"
"""Milliseconds after which a client that lost the stream asks again."""


class LiveAnswer(Response):
    """Server-Sent Events. An empty piece is sent as a comment, which keeps proxies from closing the connection.

    Args:
        pieces: what to send.
        seat: taken for as long as the stream lasts; may refuse.
        still_allowed: asked with each empty piece, and as often while there are others; an error ends the stream.
        seconds: how long the stream may last.
        every: seconds after which ``still_allowed`` is asked, however much there is to send.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        pieces: AsyncGenerator[bytes, None],
        seat: AbstractContextManager[None],
        still_allowed: Callable[[], Awaitable[object]],
        seconds: float,
        every: float,
    ) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._pieces = pieces
        self._seat = seat
        self._still_allowed = still_allowed
        self._seconds = seconds
        self._every = every

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        """Sends until somebody has had enough."""
        with self._seat:
            await self._serve(receive, send)

    async def _serve(self, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        sending = asyncio.ensure_future(self._send_all(send))
        leaving = asyncio.ensure_future(_client_leaves(receive))
        try:
            await asyncio.wait([sending, leaving], timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await self._pieces.aclose()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send_all(self, send: Any) -> None:
        await _send_piece(send, FIRST)
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        async for piece in self._pieces:
            if not piece or loop.time() - asked_at >= self._every:
                await self._still_allowed()
                asked_at = loop.time()
            await _send_piece(send, piece or HEARTBEAT)


async def _send_piece(send: Any, piece: bytes) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _client_leaves(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
