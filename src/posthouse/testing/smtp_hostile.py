r"""A mail server that misbehaves on purpose, at exactly the place it is told to.

    server = HostileServer({"RCPT": Fault(say=b"450 4.2.0 busy\\r\\n")})
    async with server:
        ...  # send to 127.0.0.1, server.port
    assert server.messages == []

Places are the commands and ``greeting``, ``BODY`` (while the message is on its way) and ``END`` (after the final dot).
"""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import ssl
from collections.abc import Mapping
from typing import Final, Self

import msgspec

EXTENSIONS: Final = ("PIPELINING", "SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8")
_HANG: Final = 3600.0


class Fault(msgspec.Struct, frozen=True):
    """What goes wrong at one place. Everything empty: nothing."""

    say: bytes | None = None
    """Instead of the right answer (CRLF included)."""
    extra: bytes = b""
    """After the answer, unasked."""
    half: bool = False
    """Only half of the answer, then the connection is cut."""
    cut: bool = False
    """The connection is cut: instead of the answer, or after ``say``."""
    hang: bool = False
    """No answer, ever."""
    drip: float = 0.0
    """The answer comes byte by byte, with this many seconds between them."""
    wait: float = 0.0
    """Seconds before the answer."""
    after: int = 0
    """``BODY`` only: after how many bytes of the message."""
    times: int | None = None
    """How many times it happens; None: always."""


class Received(msgspec.Struct):
    """A message that was taken (or would have been, had the server been honest)."""

    sender: str
    recipients: list[str]
    content: bytes
    """As it came: dot-stuffed, without the final dot."""
    tls: bool


class HostileServer:
    """Speaks SMTP on loopback, faults included.

    Args:
        faults: by place.
        extensions: what EHLO offers (STARTTLS and AUTH are added when they are to be had).
        tls: context for STARTTLS, or for the whole connection with ``implicit``.
        hide_starttls: STARTTLS is stripped from the offer, as a hostile network does.
        users: user name → password or token, for AUTH.
        mechanisms: what AUTH offers.
    """

    def __init__(
        self,
        faults: Mapping[str, Fault] | None = None,
        *,
        extensions: tuple[str, ...] = EXTENSIONS,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        hide_starttls: bool = False,
        users: Mapping[str, str] | None = None,
        mechanisms: str = "PLAIN LOGIN CRAM-MD5 XOAUTH2",
    ) -> None:
        self.faults = dict(faults or {})
        self.extensions = extensions
        self.tls = tls
        self.implicit = implicit
        self.hide_starttls = hide_starttls
        self.users = users
        self.mechanisms = mechanisms
        self.messages: list[Received] = []
        self.commands: list[str] = []
        self.connections = 0
        self.peak = 0
        self.port = 0
        self._happened: dict[str, int] = {}
        self._sessions: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listens on a free port of 127.0.0.1."""
        context = self.tls if self.implicit else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stops, connections included."""
        self._server.close()
        for session in tuple(self._sessions):
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def fault(self, place: str) -> Fault:
        """What happens there this time."""
        found = self.faults.get(place)
        if found is None:
            return Fault()
        happened = self._happened[place] = self._happened.get(place, 0) + 1
        return found if found.times is None or happened <= found.times else Fault()

    @property
    def _under_way(self) -> int:
        return len(self._sessions)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._sessions.add(task)
            task.add_done_callback(self._sessions.discard)
        self.connections += 1
        self.peak = max(self.peak, self._under_way)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            await _Session(self, reader, writer).run()
        writer.transport.abort()


class _CutError(ConnectionError):
    """This session is over."""


class _Session:
    """One connection."""

    def __init__(self, server: HostileServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._secure = server.implicit
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def run(self) -> None:
        await self._answer("greeting", b"220 hostile.example ESMTP\r\n")
        while line := await self._reader.readline():
            command = line.decode("utf-8", "replace").strip()
            self._server.commands.append(command)
            verb, _, rest = command.partition(" ")
            handler = self._HANDLERS.get(verb.upper())
            if handler is None:
                await self._answer("unknown", b"500 5.5.1 no such command\r\n")
            else:
                await handler(self, rest)
                if verb.upper() == "QUIT":
                    return

    async def _answer(self, place: str, right: bytes) -> bool:
        """Says what is due, or what goes wrong; whether the right thing was said."""
        fault = self._server.fault(place)
        if fault.hang:
            await asyncio.sleep(_HANG)
        if fault.wait:
            await asyncio.sleep(fault.wait)
        if fault.cut and fault.say is None:
            raise _CutError
        words = (right if fault.say is None else fault.say) + fault.extra
        if fault.half:
            await self._write(words[: len(words) // 2])
            raise _CutError
        if fault.drip:
            for at in range(len(words)):
                await self._write(words[at : at + 1])
                await asyncio.sleep(fault.drip)
        else:
            await self._write(words)
        if fault.cut:
            self._writer.close()
            await self._reader.read()
            raise _CutError
        return fault.say is None

    async def _write(self, words: bytes) -> None:
        self._writer.write(words)
        await self._writer.drain()

    # -- commands ------------------------------------------------------------------------------------------------------

    async def _ehlo(self, _rest: str) -> None:
        server = self._server
        offers = ["hostile.example greets you", *server.extensions]
        if server.tls and not self._secure and not server.hide_starttls:
            offers.append("STARTTLS")
        if server.users is not None:
            offers.append(f"AUTH {server.mechanisms}")
        lines = [f"250-{offer}\r\n" for offer in offers[:-1]] + [f"250 {offers[-1]}\r\n"]
        await self._answer("EHLO", "".join(lines).encode())

    async def _helo(self, _rest: str) -> None:
        await self._answer("HELO", b"250 hostile.example\r\n")

    async def _starttls(self, _rest: str) -> None:
        if self._server.tls is None:
            await self._answer("STARTTLS", b"502 5.5.1 not here\r\n")
        elif await self._answer("STARTTLS", b"220 2.0.0 go ahead\r\n"):
            await self._writer.start_tls(self._server.tls)
            self._secure = True

    async def _auth(self, rest: str) -> None:
        mechanism, _, first = rest.partition(" ")
        accepted = await _AUTH[mechanism.upper()](self, first) if mechanism.upper() in _AUTH else False
        await self._answer("AUTH", b"235 2.7.0 welcome\r\n" if accepted else b"535 5.7.8 wrong credentials\r\n")

    async def _mail(self, rest: str) -> None:
        right = b"503 5.5.1 nested MAIL command\r\n" if self._sender is not None else b"250 2.1.0 ok\r\n"
        if await self._answer("MAIL", right) and self._sender is None:
            self._sender = _path(rest)

    async def _rcpt(self, rest: str) -> None:
        if self._sender is None:
            await self._write(b"503 5.5.1 MAIL first\r\n")
            return
        person = not any(command.startswith("RCPT") for command in self._server.commands[:-1])
        place = "RCPT" if person or "COPY" not in self._server.faults else "COPY"
        if await self._answer(place, b"250 2.1.5 ok\r\n"):
            self._recipients.append(_path(rest))

    async def _data(self, _rest: str) -> None:
        generous = "DATA without RCPT" in self._server.faults and self._sender is not None
        if not self._recipients and not generous:
            await self._write(b"554 5.5.1 no valid recipients\r\n")
            return
        if await self._answer("DATA", b"354 go ahead\r\n"):
            await self._message()

    async def _message(self) -> None:
        early = self._server.faults.get("BODY")
        content = bytearray()
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                raise _CutError
            content += line
            if early is not None and len(content) > early.after:
                early = None
                await self._answer("BODY", b"")
        sender, self._sender = self._sender or "", None
        recipients, self._recipients = self._recipients, []
        message = Received(sender, recipients, bytes(content), self._secure)
        if not recipients:
            self._server.commands.append(f"{len(content)} bytes for nobody")
            await self._write(b"554 5.5.1 no valid recipients\r\n")
            return
        if "store then" in self._server.faults:
            self._server.messages.append(message)
            await self._answer("store then", b"250 2.0.0 ok\r\n")
        elif await self._answer("END", b"250 2.0.0 ok: queued as HOSTILE1\r\n"):
            self._server.messages.append(message)

    async def _rset(self, _rest: str) -> None:
        self._sender, self._recipients = None, []
        await self._answer("RSET", b"250 2.0.0 ok\r\n")

    async def _quit(self, _rest: str) -> None:
        await self._answer("QUIT", b"221 2.0.0 bye\r\n")

    _HANDLERS: Final = {
        "EHLO": _ehlo, "HELO": _helo, "STARTTLS": _starttls, "AUTH": _auth, "MAIL": _mail,
        "RCPT": _rcpt, "DATA": _data, "RSET": _rset, "QUIT": _quit,
    }  # fmt: skip

    # -- AUTH ----------------------------------------------------------------------------------------------------------

    async def challenge(self, words: bytes) -> bytes:
        """Asks for more; the decoded answer."""
        await self._write(b"334 " + base64.b64encode(words) + b"\r\n")
        return base64.b64decode(await self._reader.readline())

    def knows(self, user: str, secret: str) -> bool:
        """Whether the secret is this user's."""
        return (self._server.users or {}).get(user) == secret

    def secret_of(self, user: str) -> str:
        """For mechanisms that never send it."""
        return (self._server.users or {}).get(user, "")


def _path(rest: str) -> str:
    return rest[rest.index("<") + 1 : rest.rindex(">")]


async def _plain(session: _Session, first: str) -> bool:
    _, user, password = base64.b64decode(first).decode().split("\0")
    return session.knows(user, password)


async def _login(session: _Session, _first: str) -> bool:
    user = await session.challenge(b"Username:")
    password = await session.challenge(b"Password:")
    return session.knows(user.decode(), password.decode())


async def _cram_md5(session: _Session, _first: str) -> bool:
    challenge = b"<1896.697170952@hostile.example>"
    user, _, digest = (await session.challenge(challenge)).decode().rpartition(" ")
    right = hmac.new(session.secret_of(user).encode(), challenge, hashlib.md5).hexdigest()
    return hmac.compare_digest(right, digest)


async def _xoauth2(session: _Session, first: str) -> bool:
    user, bearer, *_ = base64.b64decode(first).decode().split("\1")
    accepted = session.knows(user.removeprefix("user="), bearer.removeprefix("auth=Bearer "))
    if not accepted:
        await session.challenge(b'{"status":"401"}')
    return accepted


_AUTH: Final = {"PLAIN": _plain, "LOGIN": _login, "CRAM-MD5": _cram_md5, "XOAUTH2": _xoauth2}
