"""Reading request bodies: bounded in size, in time, and in memory for all together."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from posthouse.core.messages.errors import OverloadedError
from posthouse.http.auth import Headers
from posthouse.http.errors import BadRequestError, RequestTimeoutError, TooLargeError, UnsupportedMediaTypeError

Receive = Callable[[], Awaitable[Any]]


CLIENT_GONE: Final = 499
"""The status in the log for a request that nobody waits for; it is never sent."""


class ClientGoneError(Exception):
    """The client closed the connection; there is nobody to answer."""


class Whole:
    """A body that has arrived already, in place of what would receive it."""

    __slots__ = ("body",)

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __call__(self) -> Any:
        """The one message of it."""
        return {"type": "http.request", "body": self.body, "more_body": False}


class BodyReader:
    """Reads bodies.

    Args:
        limit: the most bytes of one.
        seconds: the longest time for one.
        memory: the most bytes of all unfinished ones together.
    """

    def __init__(self, *, limit: int, seconds: float, memory: int) -> None:
        self._limit = limit
        self._seconds = seconds
        self._memory = memory
        self._held = 0

    async def read(self, headers: Headers, receive: Receive) -> bytes:
        """The whole body.

        Raises:
            TooLargeError: known from Content-Length before the first byte is read, or found while reading.
            RequestTimeoutError: it came too slowly.
            OverloadedError: too many unfinished bodies.
            ClientGoneError: the connection ended first.
        """
        self._check_length(headers)
        if isinstance(receive, Whole):  # a timer and two more turns of the loop would cost as much as the decoding
            self._check_size(len(receive.body))
            return receive.body
        try:
            async with asyncio.timeout(self._seconds):
                message = await receive()
                if message["type"] == "http.request" and not message.get("more_body", False):
                    body: bytes = message.get("body", b"")
                    self._check_size(len(body))
                    return body
                return await self._read_on(message, receive)
        except TimeoutError:
            raise RequestTimeoutError(
                f"The body took longer than {self._seconds:g} s; send it in one go.", headers={"connection": "close"}
            ) from None

    async def _read_on(self, message: Any, receive: Receive) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            while True:
                if message["type"] != "http.request":
                    raise ClientGoneError
                piece = message.get("body", b"")
                pieces.append(piece)
                size += len(piece)
                self._held += len(piece)
                self._check_size(size)
                if self._held > self._memory:
                    raise OverloadedError("Too many large requests are under way; try again in a moment.")
                if not message.get("more_body", False):
                    return b"".join(pieces)
                message = await receive()
        finally:
            self._held -= size

    def _check_length(self, headers: Headers) -> None:
        length = headers.get(b"content-length")
        if length is None:
            return
        if not length.isdigit():
            raise BadRequestError("Content-Length must be a number of bytes.", headers={"connection": "close"})
        self._check_size(int(length[:20]))

    def _check_size(self, size: int) -> None:
        if size > self._limit:
            raise TooLargeError(
                f"The body may have {self._limit:,} bytes; send less, or upload files with POST /v1/uploads first.",
                headers={"connection": "close"},
            )


def check_json_type(headers: Headers) -> None:
    """Refuses bodies that say they are not plain UTF-8 JSON.

    Raises:
        UnsupportedMediaTypeError: another type, another charset, or compressed.
    """
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() not in (b"", b"identity"):
        raise UnsupportedMediaTypeError(
            "Compressed bodies are not read; send plain JSON without Content-Encoding.",
            headers={"accept-encoding": "identity"},
        )
    kind = headers.get(b"content-type")
    if kind is None or kind == b"application/json":
        return
    media, _, parameters = kind.decode("latin-1").lower().partition(";")
    charset = parameters.partition("charset=")[2].split(";")[0].strip(' "')
    if media.strip() != "application/json" or charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaTypeError(
            "Send JSON in UTF-8 with Content-Type: application/json.", headers={"accept": "application/json"}
        )
