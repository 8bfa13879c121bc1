"""HTTP/1.1 over one open connection (RFC 9112): a request, and the beginning of its answer."""

import asyncio
from typing import Any, Final, NamedTuple

import httptools

MOST_OF_HEAD: Final = 65_536
"""Bytes of status line and headers, interim answers (1xx) included."""
MOST_OF_ANSWER: Final = 16_384
"""Bytes of an answer's body that are read; the connection is closed when there are more."""
MOST_FRAMING: Final = 8
"""Bytes on the wire for each of the body that is read: what frames it, and stands behind it, may be no more."""


class BrokenAnswerError(Exception):
    """What came is no HTTP, or ended in the middle."""


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: dict[bytes, bytes]
    """Names in lower case."""
    body: bytes


class _Reading:
    """One answer, as far as it has come; the callbacks of the parser."""

    def __init__(self, most: int) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.most = most
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.body = bytearray()
        self.size = 0
        self.head_is_read = False
        self.complete = False
        self.keep = False

    def on_message_begin(self) -> None:
        self.keep = False  # more came than was asked for
        if not self.complete:
            self.headers = {}

    def on_header(self, name: bytes, value: bytes) -> None:
        if (
            not self.head_is_read
        ):  # what stands behind the body is none of the head (RFC 9110 §6.5.1), and may have no end
            self.headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        if not self.complete:
            self.status = self.parser.get_status_code()
            self.head_is_read = self.status >= 200

    def on_body(self, piece: bytes) -> None:
        if not self.complete:
            self.body += piece

    def on_message_complete(self) -> None:
        if not self.complete and self.head_is_read:
            self.complete = True
            self.keep = self.parser.should_keep_alive()

    def feed(self, data: bytes) -> bool:
        """Reads on; whether that was enough."""
        self.size += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.complete = True
        except httptools.HttpParserError as error:
            if not self.complete:
                raise BrokenAnswerError(str(error) or "no HTTP") from error
            self.keep = False
        if not self.head_is_read and self.size > MOST_OF_HEAD:
            raise BrokenAnswerError("the headers are too long")
        enough = self.complete or (self.head_is_read and len(self.body) >= self.most)
        if not enough and self.size > MOST_OF_HEAD + MOST_FRAMING * self.most:
            raise BrokenAnswerError("there is too much around the body")
        return enough

    @property
    def ends_with_the_connection(self) -> bool:
        says = b"content-length" in self.headers or b"transfer-encoding" in self.headers
        return self.head_is_read and not says

    def answer(self) -> Answer:
        return Answer(self.status, self.headers, bytes(self.body[: self.most]))


class Connection(asyncio.Protocol):
    """Carries one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._reading: _Reading | None = None
        self._asked: asyncio.Future[Answer] | None = None
        self.usable = False
        """Whether another request may be sent."""

    async def ask(self, request: bytes, most: int = MOST_OF_ANSWER) -> Answer:
        """Sends a whole request and reads the beginning of its answer, ``most`` bytes of its body.

        Raises:
            BrokenAnswerError: that was no HTTP, or not the whole of an answer.
            OSError: the connection broke.
        """
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self.usable = False
        self._reading = _Reading(most)
        self._asked = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            return await self._asked
        finally:
            if not self.usable:
                self.abort()

    def abort(self) -> None:
        """Closes at once."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: Any) -> None:
        """See Protocol."""
        self._transport = transport
        self.usable = True

    def data_received(self, data: bytes) -> None:
        """See Protocol."""
        if self._reading is None:
            self.abort()  # nobody asked: it would be taken for the next answer
            return
        try:
            if self._reading.feed(data):
                self.usable = self._reading.keep
                self._tell(self._reading.answer())
        except BrokenAnswerError as error:
            self._tell(error)

    def eof_received(self) -> None:
        """See Protocol: the end of an answer that said of itself no other, or of a connection that was kept."""
        if self._reading is not None and self._reading.ends_with_the_connection:
            self._tell(self._reading.answer())

    def connection_lost(self, exc: Exception | None) -> None:
        """See Protocol."""
        self.usable = False
        self._tell(exc or BrokenAnswerError("the connection was closed before the answer was complete"))

    def _tell(self, what: Answer | Exception) -> None:
        asked, self._asked, self._reading = self._asked, None, None
        if asked is None or asked.done():
            return
        if isinstance(what, Exception):
            asked.set_exception(what)
        else:
            asked.set_result(what)
