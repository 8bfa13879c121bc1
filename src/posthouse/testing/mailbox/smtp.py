"""A strict SMTP receiver (RFC 5321) for loopback use: everything that is written to it lands in the inbox.

Strict where sloppiness hides bugs or opens doors: a bare CR or LF is refused (SMTP smuggling), and so is a
client that goes on talking where it has to wait for the answer (RFC 2920 §3.1: after EHLO, DATA and STARTTLS).
"""

import asyncio
import re
import ssl
from collections.abc import Callable
from typing import Final, NamedTuple

from posthouse.core.kernel.clock import Clock
from posthouse.testing.mailbox.source import Mail

MAX_SIZE: Final = 50 * 1024 * 1024
"""Octets of one mail, announced by SIZE (RFC 1870)."""
MAX_RECIPIENTS: Final = 1_000
IDLE_SECONDS: Final = 300.0
"""RFC 5321 §4.5.3.2.7: a server waits at least five minutes for the next command."""

_MAX_LINE: Final = 4_096
_END: Final = b"\r\n.\r\n"
_STRAY: Final = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_PATH: Final = re.compile(r"^(?:FROM|TO):\s?<([^<>\r\n]*)>((?:\s+\S+)*)\s*$", re.IGNORECASE)


class Envelope(NamedTuple):
    """A mail that is being received."""

    sender: str
    smtputf8: bool
    recipients: list[str]


class SmtpSession(asyncio.Protocol):
    """One connection. Reads whole lines from its own buffer, so that it knows whether the client waited for the answer.

    Args:
        deliver: is given every complete mail.
        clock: says when it arrived.
        new_id: names it.
        tls: offers STARTTLS when given.
        max_size: octets of one mail.
    """

    def __init__(
        self,
        deliver: Callable[[Mail], None],
        *,
        clock: Clock,
        new_id: Callable[[], str],
        tls: ssl.SSLContext | None = None,
        max_size: int = MAX_SIZE,
    ) -> None:
        self._deliver = deliver
        self._clock = clock
        self._new_id = new_id
        self._tls = tls
        self._max_size = max_size
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._scanned = 0
        self._in_data = False
        self._too_large = False
        self._greeted = False
        self._secure = ""
        self._envelope: Envelope | None = None
        self._upgrading: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greets."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("SMTP needs a stream transport")
        self._transport = transport
        self._wait_again()
        self._say("220 mailbox.posthouse.local ESMTP Posthouse mailbox")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Forgets an unfinished mail."""
        self._transport = None
        self._buffer.clear()
        if self._idle is not None:
            self._idle.cancel()

    def data_received(self, data: bytes) -> None:
        """Goes through as many commands as have come whole."""
        self._wait_again()
        self._buffer += data
        while self._transport is not None and self._upgrading is None:
            took = self._take_content() if self._in_data else self._take_command()
            if not took:
                break

    def close(self) -> None:
        """Ends the connection, after what was said has left."""
        if self._transport is not None:
            self._transport.close()

    # ---- lines ---------------------------------------------------------------------------------------------------

    def _take_command(self) -> bool:
        end = self._buffer.find(b"\n")
        if end < 0 or end > _MAX_LINE:
            if len(self._buffer) > _MAX_LINE:
                self._end("500 5.5.2 command line is too long")
            return False
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            self._end("500 5.5.2 bare CR or LF: every line ends with CRLF (RFC 5321 section 2.3.8)")
            return False
        try:
            self._obey(line[:-2].decode("utf-8"))
        except UnicodeDecodeError:
            self._say("500 5.5.2 command is not UTF-8")
        return True

    def _take_content(self) -> bool:
        """Takes a mail up to its final dot. What lies beyond stays in the buffer: the next command of the group."""
        if self._buffer.startswith(_END[2:]):
            content, rest = b"", len(_END) - 2
        else:
            at = self._buffer.find(_END, max(0, self._scanned - len(_END)))
            self._scanned = len(self._buffer)
            if at < 0:
                self._drop_what_is_too_large()
                return False
            content, rest = bytes(self._buffer[: at + 2]), at + len(_END)
        del self._buffer[:rest]
        self._in_data, self._scanned = False, 0
        self._finish(content)
        return True

    def _drop_what_is_too_large(self) -> None:
        if len(self._buffer) > self._max_size + _MAX_LINE:
            self._too_large = True
            del self._buffer[: -len(_END)]
            self._scanned = 0

    # ---- commands ------------------------------------------------------------------------------------------------

    def _obey(self, line: str) -> None:
        verb, _, rest = line.partition(" ")
        match verb.upper():
            case "EHLO" | "HELO":
                self._hello(verb.upper(), rest.strip())
            case "MAIL":
                self._mail(rest)
            case "RCPT":
                self._recipient(rest)
            case "DATA":
                self._data()
            case "RSET":
                self._envelope = None
                self._say("250 2.0.0 forgotten")
            case "NOOP":
                self._say("250 2.0.0 still here")
            case "VRFY":
                self._say("252 2.1.5 every address is good here")
            case "STARTTLS":
                self._start_tls()
            case "QUIT":
                self._end("221 2.0.0 goodbye")
            case _:
                self._say("500 5.5.1 no such command")

    def _hello(self, verb: str, name: str) -> None:
        if not name:
            self._say("501 5.5.4 say who you are: EHLO your.host.name")
            return
        if self._buffer:
            self._unsynchronised(verb)
            return
        self._envelope, self._greeted = None, True
        if verb == "HELO":
            self._say("250 mailbox.posthouse.local")
            return
        words = ["PIPELINING", f"SIZE {self._max_size}", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"]
        if self._tls is not None and not self._secure:
            words.append("STARTTLS")
        lines = ["mailbox.posthouse.local", *words]
        self._say("\r\n".join(f"250-{line}" for line in lines[:-1]) + f"\r\n250 {lines[-1]}")

    def _mail(self, rest: str) -> None:
        found = _PATH.match(rest)
        if not self._greeted:
            self._say("503 5.5.1 EHLO first")
        elif self._envelope is not None:
            self._say("503 5.5.1 one sender is enough; RSET starts again")
        elif found is None or rest[:5].upper() != "FROM:":
            self._say("501 5.5.4 write MAIL FROM:<address>")
        else:
            self._open(found[1], found[2].upper().split())

    def _open(self, sender: str, parameters: list[str]) -> None:
        smtputf8 = "SMTPUTF8" in parameters
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name == "SIZE" and value.isascii() and value.isdigit():
                if int(value[:12]) > self._max_size:
                    self._say(f"552 5.3.4 a mail may have {self._max_size} octets at most")
                    return
            elif parameter not in {"BODY=7BIT", "BODY=8BITMIME", "SMTPUTF8"}:
                self._say("555 5.5.4 parameter not known; EHLO lists what is")
                return
        if not self._spelled(sender, smtputf8=smtputf8):
            return
        self._envelope = Envelope(sender, smtputf8, [])
        self._say("250 2.1.0 sender ok")

    def _recipient(self, rest: str) -> None:
        found = _PATH.match(rest)
        if self._envelope is None:
            self._say("503 5.5.1 MAIL FROM first")
        elif found is None or rest[:3].upper() != "TO:" or not found[1] or found[2].strip():
            self._say("501 5.5.4 write RCPT TO:<address>")
        elif len(self._envelope.recipients) >= MAX_RECIPIENTS:
            self._say("452 4.5.3 too many recipients")
        elif self._spelled(found[1], smtputf8=self._envelope.smtputf8):
            self._envelope.recipients.append(found[1])
            self._say("250 2.1.5 recipient ok")

    def _spelled(self, address: str, *, smtputf8: bool) -> bool:
        if address.isascii() or smtputf8:
            return True
        self._say("553 5.6.7 an address beyond ASCII needs SMTPUTF8 in MAIL FROM (RFC 6531)")
        return False

    def _data(self) -> None:
        if self._envelope is None:
            self._say("503 5.5.1 MAIL FROM first")
        elif not self._envelope.recipients:
            self._say("554 5.5.1 no valid recipients")
        elif self._buffer:
            self._unsynchronised("DATA")
        else:
            self._in_data, self._too_large, self._scanned = True, False, 0
            self._say("354 go ahead, end with a line that has only a dot")

    def _finish(self, content: bytes) -> None:
        envelope, self._envelope = self._envelope, None
        if self._too_large or len(content) > self._max_size:
            self._say(f"552 5.3.4 a mail may have {self._max_size} octets at most")
        elif _STRAY.search(content):
            self._say("554 5.6.0 bare CR or LF in the mail: every line ends with CRLF (RFC 5321 section 2.3.8)")
        elif envelope is not None:
            mail = Mail(
                id=self._new_id(),
                received_at=self._clock.now(),
                sender=envelope.sender,
                recipients=tuple(envelope.recipients),
                content=unstuffed(content),
                via=f"SMTP, {self._secure}" if self._secure else "SMTP",
            )
            self._deliver(mail)
            self._say(f"250 2.0.0 kept as {mail.id}")

    # ---- the connection ------------------------------------------------------------------------------------------

    def _start_tls(self) -> None:
        if self._tls is None or self._secure:
            self._say("502 5.5.1 STARTTLS is not offered")
        elif self._buffer:
            self._unsynchronised("STARTTLS")
        else:
            self._say("220 2.0.0 begin TLS")
            self._upgrading = asyncio.get_running_loop().create_task(self._upgrade(self._tls))

    async def _upgrade(self, context: ssl.SSLContext) -> None:
        old = self._transport
        if old is None:
            return
        try:
            new = await asyncio.get_running_loop().start_tls(old, self, context, server_side=True)
        except (OSError, ssl.SSLError, ConnectionError):
            old.close()
            return
        self._upgrading = None
        if new is None:  # the client left during the handshake
            return
        self._transport = new
        self._secure = str(new.get_extra_info("ssl_object").version())
        self._greeted, self._envelope = False, None  # RFC 3207 section 4.2: forget all that came before
        self.data_received(b"")

    def _unsynchronised(self, verb: str) -> None:
        self._end(f"503 5.5.0 wait for the answer to {verb} before you go on (RFC 2920 section 3.1)")

    def _say(self, line: str) -> None:
        if self._transport is not None:
            self._transport.write(line.encode("utf-8") + b"\r\n")

    def _end(self, line: str) -> None:
        self._say(line)
        self._buffer.clear()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _wait_again(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end, "421 4.4.2 nothing heard for long")


def unstuffed(content: bytes) -> bytes:
    """Takes off the dot that was put before every line beginning with one (RFC 5321 §4.5.2)."""
    if content.startswith(b"."):
        content = content[1:]
    return content.replace(b"\r\n.", b"\r\n")
