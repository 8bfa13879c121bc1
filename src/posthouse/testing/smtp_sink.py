"""A fast and strict mail server that takes everything: for tests of what leaves, for benches and for the demo.

    async with SinkServer() as sink:
        ...  # send to 127.0.0.1, sink.port
    sink.messages[0].content

Strict where a lenient server would hide our mistakes: bare CR or LF, lines over 998 octets, dots that were not stuffed and
bytes over 127 that nobody announced are refused with 554 and noted in ``complaints``.
"""

import asyncio
import re
import ssl
from collections.abc import Callable
from typing import Final, Self, cast

import msgspec

_END: Final = b"\r\n.\r\n"
_LONGEST_LINE: Final = 999
"""Octets without CRLF: RFC 5321 §4.5.3.1.6, and a dot that was doubled."""
_PATH: Final = re.compile(r"[^<]*<([^>]*|\"(?:[^\"\\]|\\.)*\"@[^>]*)>(.*)")


class SinkMessage(msgspec.Struct):
    """What arrived: the envelope and the message without the dots that SMTP adds."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    tls: bool


class SinkServer:
    """Takes mail on loopback.

    Args:
        tls: offers STARTTLS with this context.
        extensions: what EHLO offers besides.
        keep: whether ``messages`` grows; otherwise only ``count`` does.
        on_message: told of each message.
        refuse: recipient → the reply for it (``550 5.1.1 unknown``), or None to take it.
        port: 0 takes a free one.
        pause: seconds between having stored a message and saying so: a sender that dies meanwhile cannot know.
    """

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        extensions: tuple[str, ...] = ("PIPELINING", "SIZE 52428800", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8"),
        keep: bool = True,
        on_message: Callable[[SinkMessage], None] | None = None,
        refuse: Callable[[str], str | None] | None = None,
        port: int = 0,
        pause: float = 0.0,
    ) -> None:
        self.tls = tls
        self.extensions = extensions
        self.messages: list[SinkMessage] = []
        self.complaints: list[str] = []
        self.count = 0
        self.connections = 0
        self.port = port
        self.refuse = refuse
        self.pause = pause
        self.sessions: set[_Session] = set()
        self._keep = keep
        self._on_message = on_message

    async def __aenter__(self) -> Self:
        """Listens on 127.0.0.1."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Session(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stops, connections included."""
        self._server.close()
        for session in tuple(self.sessions):
            session.abort()
        await asyncio.sleep(0)

    def take(self, message: SinkMessage) -> None:
        """Stores a message."""
        self.count += 1
        if self._keep:
            self.messages.append(message)
        if self._on_message is not None:
            self._on_message(message)


class _Session(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: SinkServer) -> None:
        self._server = server
        self._buffer = b""
        self._in_data = False
        self._secure = False
        self._eight_bit = False
        self._pausing = False
        self._upgrade: asyncio.Task[None] | None = None
        self._clear()

    def _clear(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []

    def abort(self) -> None:
        """Ends it at once."""
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._server.connections += 1
        self._server.sessions.add(self)
        self._say("220 sink.example ESMTP")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._server.sessions.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        self._go_on()

    def _go_on(self) -> None:
        while self._take_message() if self._in_data else self._take_command():
            pass

    # -- commands ------------------------------------------------------------------------------------------------------

    def _take_command(self) -> bool:
        line, found, rest = self._buffer.partition(b"\r\n")
        if not found or self._upgrade is not None or self._pausing:
            return False
        self._buffer = rest
        words = line.decode("utf-8", "surrogateescape")
        verb, _, argument = words.partition(" ")
        verb = verb.upper()
        if verb == "MAIL":
            self._mail(argument)
        elif verb == "RCPT":
            self._rcpt(argument)
        elif verb == "DATA":
            self._data()
        else:
            self._other(verb)
        return True

    def _mail(self, argument: str) -> None:
        found = _PATH.fullmatch(argument)
        if self._sender is not None:
            self._say("503 5.5.1 nested MAIL")
        elif found is None:
            self._complain("501 5.5.4 this is no path")
        else:
            self._sender = found[1]
            self._eight_bit = "8BITMIME" in found[2].upper()
            self._say("250 2.1.0 ok")

    def _rcpt(self, argument: str) -> None:
        found = _PATH.fullmatch(argument)
        if self._sender is None or found is None:
            self._say("503 5.5.1 MAIL first" if found else "501 5.5.4 this is no path")
            return
        refusal = self._server.refuse(found[1]) if self._server.refuse is not None else None
        if refusal is None:
            self._recipients.append(found[1])
        self._say(refusal or "250 2.1.5 ok")

    def _data(self) -> None:
        if not self._recipients:
            self._say("554 5.5.1 no valid recipients")
            return
        if self._buffer:
            self._complain("503 5.5.0 the message came before the 354")
            self._transport.close()
            return
        self._in_data = True
        self._say("354 go ahead")

    def _other(self, verb: str) -> None:
        if verb == "EHLO":
            starttls = ("STARTTLS",) if self._server.tls is not None and not self._secure else ()
            lines = ["sink.example", *self._server.extensions, *starttls]
            self._say("\r\n".join([f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"]))
        elif verb in {"HELO", "NOOP", "RSET"}:
            self._clear()
            self._say("250 2.0.0 ok")
        elif verb == "STARTTLS" and self._server.tls is not None and not self._secure:
            self._start_tls(self._server.tls)
        elif verb == "QUIT":
            self._say("221 2.0.0 bye")
            self._transport.close()
        else:
            self._complain(f"500 5.5.1 no such command: {verb[:20]}")

    def _start_tls(self, context: ssl.SSLContext) -> None:
        if self._buffer:
            self._complain("554 5.5.0 plain text behind STARTTLS")
            self._transport.close()
            return
        self._say("220 2.0.0 go ahead")
        self._transport.pause_reading()
        self._upgrade = asyncio.get_running_loop().create_task(self._go_secure(context))

    async def _go_secure(self, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        try:
            transport = await loop.start_tls(self._transport, self, context, server_side=True)
        except (OSError, ssl.SSLError):
            self._transport.abort()
            return
        self._transport = cast("asyncio.Transport", transport)
        self._secure = True
        self._clear()
        self._upgrade = None

    # -- the message ---------------------------------------------------------------------------------------------------

    def _take_message(self) -> bool:
        end = -2 if self._buffer.startswith(b".\r\n") else self._buffer.find(_END)
        if end == -1:
            return False
        raw, self._buffer = self._buffer[: end + 2], self._buffer[end + 5 :]
        self._in_data = False
        fault = self._fault_of(raw)
        if fault:
            self._complain(f"554 5.6.0 {fault}")
        else:
            content = raw[1:] if raw.startswith(b".") else raw
            message = SinkMessage(
                self._sender or "", tuple(self._recipients), content.replace(b"\n.", b"\n"), self._secure
            )
            self._server.take(message)
            self._taken(f"250 2.0.0 ok: queued as {self._server.count:X}")
        self._clear()
        return True

    def _fault_of(self, raw: bytes) -> str:
        pairs = raw.count(b"\r\n")
        if raw.count(b"\n") != pairs or raw.count(b"\r") != pairs:
            return "a bare CR or LF"
        # No expressions here: searching 27 kB with them took 3.5 ms, these counts take 0.1.
        if raw.count(b"\n.") != raw.count(b"\n..") or (raw.startswith(b".") and not raw.startswith(b"..")):
            return "a line that begins with a dot that was not doubled"
        if not (self._eight_bit or raw.isascii()):
            return "bytes over 127 without BODY=8BITMIME"
        return "a line of more than 998 octets" if max(map(len, raw.split(b"\r\n"))) > _LONGEST_LINE else ""

    def _taken(self, line: str) -> None:
        if self._server.pause:
            self._pausing = True  # what came behind the message is answered behind it (RFC 2920 §3.2)
            asyncio.get_running_loop().call_later(self._server.pause, self._end_pause, line)
        else:
            self._say(line)

    def _end_pause(self, line: str) -> None:
        self._say(line)
        self._pausing = False
        self._go_on()

    def _complain(self, line: str) -> None:
        self._server.complaints.append(line)
        self._say(line)

    def _say(self, line: str) -> None:
        self._transport.write(f"{line}\r\n".encode())
