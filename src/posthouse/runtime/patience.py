"""How long a client may take over the head of a request, how long that may be, and that it stays HTTP/1.1.

uvicorn itself waits for ever, and each waiting socket is a file too many; it keeps whatever comes until the head ends; and what it cannot
read it refuses at once, which the client takes for the answer to what it asked before.
"""

import asyncio
import re
import secrets
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from posthouse.http.errors import BadRequestError, HttpError
from posthouse.http.replies import closing, of_error, wire
from posthouse.runtime import heads

HEAD_SECONDS: Final = 20.0
"""From the connection, or from a request's first byte, to the end of its headers. Bodies have a limit of their own (http/bodies.py)."""

MOST_BESIDE: Final = 1_048_576
"""Octets of a request that are no body: its head, what frames the chunks of its body, and what stands behind them."""
_UPGRADE: Final = re.compile(rb"\nupgrade:", re.IGNORECASE)
_IGNORED: Final = b"\nignored:"
"""As long as the other, so that what is read stays what was sent."""


WRITE_SECONDS: Final = 30.0
"""How long a client may leave 64 KiB of an answer unread, down to 16. Neither asyncio nor uvicorn ever gives up, also after closing."""

LINGER_SECONDS: Final = 2.0
"""How long a refused client's words are read and dropped, up to MOST_BESIDE: closing at once would take back what it was told (RFC 9112 §9.6)."""


class RefusedError(Exception):
    """Ends the parser's work; why stands in the protocol."""


class _Nowhere(list[tuple[bytes, bytes]]):
    """Where header lines go that nobody may read."""

    def append(self, _line: tuple[bytes, bytes]) -> None:
        """Forgets it."""


_NOWHERE: Final = _Nowhere()


class PatientProtocol(HttpToolsProtocol):
    """uvicorn's protocol, but whoever does not get to the end of the headers in time, or sends too much of them, is left."""

    head_seconds: float = HEAD_SECONDS
    write_seconds: float = WRITE_SECONDS
    most_beside: int = MOST_BESIDE
    _beside = 0
    _piece = 0
    """Octets of what came last, until a request ends in it: they are the next one's, with an end of it perhaps."""
    _in_head = True
    _begun = False
    """Whether some of a request has come, and not yet its end."""
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    """Runs while the client takes nothing."""
    _wrong: HttpError | None = None
    """Why nothing more is read here."""

    def connection_made(self, transport: Any) -> None:
        """A client: the time runs."""
        super().connection_made(transport)
        self._deadline = self.loop.call_later(self.head_seconds, self._leave)

    def data_received(self, data: bytes) -> None:
        """Most heads come in one piece and cost no timer; for the others the time runs from their first piece."""
        self._piece = len(data)
        self._beside += self._piece
        over = self._wrong
        if over is not None:
            if self._beside > self.most_beside:
                self._leave()
            return
        super().data_received(data if self._begun else _without_upgrade(data))
        if self._wrong is not None:
            return
        if self._beside > self.most_beside:
            self._leave()
        if not self._in_head:
            self._stop_waiting()
        elif self._beside > heads.MOST_HEAD:
            self._refuse(heads.too_long())
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self._leave)

    def on_message_begin(self) -> None:
        """A request's first byte."""
        self._begun = self._in_head = True
        self._beside = self._piece
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """All headers are there."""
        self._judge_head()
        self._hand_on()

    def on_body(self, body: bytes) -> None:
        """A piece of the body, which others bound."""
        self._beside -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The end of a request."""
        self._end_message()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """The client does not take what it is sent."""
        self._unread = self.loop.call_later(self.write_seconds, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """Now it does."""
        self._end_unread()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gone."""
        self._stop_waiting()
        self._end_unread()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """An answer is out: it may have been the last before a refusal."""
        waiting = bool(self.pipeline)
        super().on_response_complete()
        if self._wrong is not None and not waiting:
            self._tell()

    def send_400_response(self, msg: str) -> None:
        """Nothing can be made of what came."""
        self._refuse(
            self._wrong
            or BadRequestError(f"{msg.rstrip('.')}: it is no HTTP/1.1 that has one meaning only (RFC 9112).")
        )

    def refusal(self, wrong: HttpError) -> bytes:
        """What is written then, as it stands on the wire."""
        request_id = secrets.token_hex(8)
        return wire(of_error(wrong, request_id), request_id)

    def _judge_head(self) -> None:
        """The head is over. A parser that was told to leave HTTP would take the body for the next request."""
        parser = self.parser
        self._wrong = heads.refusal_of(parser.get_http_version(), self.headers)
        if self._wrong is None and self._beside > heads.MOST_HEAD and heads.is_long(self.url, self.headers):
            self._wrong = heads.too_long()
        if self._wrong is None and parser.should_upgrade():
            self._wrong = BadRequestError(
                "No other protocol can be spoken on this connection; leave out the header Upgrade."
            )
        if self._wrong is not None:
            raise RefusedError

    def _hand_on(self) -> None:
        """The ordinary way of a request whose head is good."""
        super().on_headers_complete()
        self._end_headers()

    def _end_headers(self) -> None:
        """The scope keeps its list. What stands behind a chunked body must not replace what a proxy wrote (RFC 9110 §6.5.1)."""
        self.headers = _NOWHERE
        self._in_head = False

    def _end_message(self) -> None:
        self._beside = self._piece = 0
        self._begun = False

    def _refuse(self, wrong: HttpError) -> None:
        """Reads nothing more, and says why when everything that was asked before is answered."""
        self._wrong = wrong
        asked = self.cycle
        if self._begun and not self._in_head:
            self._refuse_body(asked)
        elif asked is None or asked.response_complete:
            self._tell()

    def _refuse_body(self, asked: Any) -> None:
        """A request of which the head was good, and which is known to others therefore."""
        if self.pipeline:  # the newest stands on the left, and nobody has begun with it
            self.pipeline.popleft()
            return
        if asked.response_started:  # whatever we say now would be taken for its end, or for the answer to the next one
            self.transport.close()
            return
        asked.disconnected = True
        asked.message_event.set()
        self._tell()

    def _tell(self) -> None:
        if self._wrong is None or self.transport.is_closing():
            return
        self.transport.write(closing(self.refusal(self._wrong)))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._stop_waiting()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self._leave)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _end_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _leave(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.abort()


def _without_upgrade(data: bytes) -> bytes:
    """What came at the beginning of a request, without the offer of another protocol in its head.

    Clients that offer another protocol must take HTTP/1.1 too (RFC 9110 §7.8); some offer HTTP/2 with every first request.

    The offer is made unreadable, because a parser that reads it skips the body. One that comes in a later piece of a head, or in the second of
    several requests at once, is refused instead (:meth:`PatientProtocol._judge_head`): where a head ends is not looked for in the middle of one.
    """
    end = data.find(b"\r\n\r\n")
    head = data if end < 0 else data[:end]
    if _UPGRADE.search(head) is None:
        return data
    return _UPGRADE.sub(_IGNORED, head) + data[len(head) :]
