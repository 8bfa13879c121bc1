"""How long a client may take over the head of a request, how long that may be, and that it stays HTTP/1.1.

uvicorn itself waits for ever, and each waiting socket is a file too many; and it keeps whatever comes until the head ends.
"""

import asyncio
import re
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 20.0
"""From the connection, or from a request's first byte, to the end of its headers. Bodies have a limit of their own (http/bodies.py)."""

MOST_BESIDE: Final = 1_048_576
"""Octets of a request that are no body: its head, what frames the chunks of its body, and what stands behind them."""
_UPGRADE: Final = re.compile(rb"\nupgrade:", re.IGNORECASE)
_IGNORED: Final = b"\nignored:"
"""As long as the other, so that what is read stays what was sent."""


class UpgradeError(Exception):
    """Another protocol was asked for, in a way that cannot be ignored."""


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, but whoever does not get to the end of the headers in time, or sends too much of them, is left."""

    head_seconds: float = HEAD_SECONDS
    most_beside: int = MOST_BESIDE
    _beside = 0
    _in_head = True
    _begun = False
    """Whether some of a request has come, and not yet its end."""
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A client: the time runs."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.head_seconds, self._leave)

    def data_received(self, data: bytes) -> None:
        """Most heads come in one piece and cost no timer; for the others the time runs from their first piece."""
        self._beside += len(data)
        super().data_received(data if self._begun else _without_upgrade(data))
        if self._beside > self.most_beside:
            self._leave()
        if not self._in_head:
            self._stop_waiting()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self._leave)

    def on_message_begin(self) -> None:
        """A request's first byte."""
        self._begun = self._in_head = True
        self._beside = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """All headers are there."""
        self._stay()
        super().on_headers_complete()
        self._end_headers()

    def on_body(self, body: bytes) -> None:
        """A piece of the body, which others bound."""
        self._beside -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request."""
        self._beside = 0
        self._begun = False
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _stay(self) -> None:
        """The head is over. A parser that was told to leave HTTP would take the body for the next request."""
        if self.parser.should_upgrade():
            raise UpgradeError
        self._in_head = False

    def _end_headers(self) -> None:
        """The scope keeps its list. What stands behind a chunked body must not replace what a proxy wrote (RFC 9110 §6.5.1)."""
        self.headers = []

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _leave(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.abort()


def _without_upgrade(data: bytes) -> bytes:
    """What came at the beginning of a request, without the offer of another protocol in its head.

    Clients that offer another protocol must take HTTP/1.1 too (RFC 9110 §7.8); some offer HTTP/2 with every first request.

    The offer is made unreadable, because a parser that reads it skips the body. One that comes in a later piece of a head, or in the second of
    several requests at once, is refused instead (:meth:`PatientProtocol._stay`): where a head ends is not looked for in the middle of one.
    """
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[:end]
    if _UPGRADE.search(head) is None:
        return data
    return _UPGRADE.sub(_IGNORED, head) + data[len(head) :]
