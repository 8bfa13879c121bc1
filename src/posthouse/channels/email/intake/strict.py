"""aiosmtpd, stricter: no bare line ends, nobody who talks out of turn, no crowds.

A server that takes a bare LF for a line end can be made to see two mails where the one before it saw one (SMTP smuggling); one that goes
on reading what was sent before its answer can be made to take commands from before TLS for commands within it.
"""

import asyncio
import ipaddress
import ssl
import time
from collections import OrderedDict
from typing import Any, Final

import msgspec
from aiosmtpd.smtp import SMTP, syntax

LONGEST_LINE: Final = 1 << 16
"""Octets of a line: returned mails quote what no standard allows."""
ENDLESS_LINE: Final = 1 << 20
"""Octets without a line end after which nobody waits for one: aiosmtpd keeps all of them."""
MOST_PEERS: Final = 4_096
MINUTE: Final = 60.0


class ListenerLimits(msgspec.Struct, frozen=True):
    """How much one listener takes."""

    size: int = 10 * 2**20
    """Octets of a mail (SIZE, RFC 1870)."""
    connections: int = 40
    """At a time, from everybody."""
    peer_connections: int = 8
    """At a time, from one address."""
    peer_mails: int = 600
    """A minute, from one address."""
    seconds: float = 900.0
    """For a whole connection. Each command has two minutes of its own, and nobody needs a thousand of those."""


def peer_of(address: Any) -> str:
    """What is counted as one: an address of IPv4, or what one house has of IPv6 (a /64), where addresses cost nothing."""
    if not isinstance(address, tuple):
        return "local"
    try:
        parsed = ipaddress.ip_address(str(address[0]).partition("%")[0])
    except ValueError:
        return str(address[0])
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))


class Crowd:
    """Who is connected, and how many mails each address has sent in the last minute."""

    def __init__(self, limits: ListenerLimits) -> None:
        self._limits = limits
        self._here: dict[str, int] = {}
        self._mails: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def enters(self, peer: str) -> bool:
        """Whether one more may come in; then it is counted until :meth:`leaves`."""
        here = self._here.get(peer, 0)
        if sum(self._here.values()) >= self._limits.connections or here >= self._limits.peer_connections:
            return False
        self._here[peer] = here + 1
        return True

    def leaves(self, peer: str) -> None:
        """One is gone."""
        if self._here.get(peer, 0) <= 1:
            self._here.pop(peer, None)
        else:
            self._here[peer] -= 1

    def may_send(self, peer: str) -> bool:
        """Whether one more mail is welcome; counts it."""
        now = time.monotonic()
        since, count = self._mails.pop(peer, (now, 0))
        if now - since >= MINUTE:
            since, count = now, 0
        self._mails[peer] = (since, count + 1)
        if len(self._mails) > MOST_PEERS:
            self._mails.popitem(last=False)
        return count < self._limits.peer_mails


class StrictSmtp(SMTP):
    """One connection.

    Args:
        handler: aiosmtpd's hooks.
        crowd: who else is there.
        limits: how much.
        hostname: what the listener calls itself.
        tls: offers STARTTLS when given.
    """

    line_length_limit = LONGEST_LINE

    def __init__(
        self, handler: Any, crowd: Crowd, limits: ListenerLimits, *, hostname: str, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(
            handler,
            data_size_limit=limits.size,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="ESMTP",
            tls_context=tls,
            command_call_limit=1_000,
            timeout=120,
        )
        self._crowd = crowd
        self._peer = ""
        self._last = b""
        self._line = 0
        self._seconds = limits.seconds
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Lets in, or turns away with words."""
        entering = not self._peer  # after STARTTLS it is the same guest
        if entering:
            peer = transport.get_extra_info("peername")
            self._peer = peer_of(peer)
            if not self._crowd.enters(self._peer):
                self._peer = ""
                transport.write(b"421 4.7.0 too many connections, try again later\r\n")
                transport.close()
                return
            self._end = self.loop.call_later(self._seconds, transport.abort)  # close() would wait for who reads nothing
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Counts who is left."""
        if self._end is not None:
            self._end.cancel()
        if self._peer:
            self._crowd.leaves(self._peer)
            self._peer = ""
            super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        """Refuses bare CR and LF in commands and content, wherever the pieces were cut."""
        seen = self._last + data
        if seen.count(b"\r\n") != seen.count(b"\n") or seen.count(b"\r\n") + seen.endswith(b"\r") != seen.count(b"\r"):
            self._refuse(b"554 5.5.2 bare CR or LF: every line ends with CRLF (RFC 5321 section 2.3.8)\r\n")
            return
        self._last = b"\r" if data.endswith(b"\r") else b""
        end = data.rfind(b"\n")
        self._line = len(data) - end - 1 if end >= 0 else self._line + len(data)
        if self._line > ENDLESS_LINE:
            self._refuse(b"500 5.5.2 a line without an end (RFC 5321 section 4.5.3.1.6)\r\n")
            return
        super().data_received(data)

    @syntax("EHLO hostname")
    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Greets whoever waits for the answer."""
        if await self._in_turn("EHLO"):
            await super().smtp_EHLO(hostname)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Takes content from whoever waits for the answer."""
        if await self._in_turn("DATA"):
            await super().smtp_DATA(arg)

    @syntax("STARTTLS")
    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Begins TLS with whoever waits for the answer."""
        if await self._in_turn("STARTTLS"):
            await super().smtp_STARTTLS(arg)

    async def _in_turn(self, verb: str) -> bool:
        """Whether nothing came after a command that has to be the last of its group (RFC 2920 §3.1)."""
        if not self._reader._buffer:  # type: ignore[attr-defined]  # noqa: SLF001 - asyncio has no other way to ask
            return True
        self._refuse(f"503 5.5.0 wait for the answer to {verb} (RFC 2920 section 3.1)\r\n".encode())
        return False

    def _refuse(self, line: bytes) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.write(line)
            self.transport.close()
