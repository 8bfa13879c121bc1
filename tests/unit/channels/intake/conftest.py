"""A listener on loopback with somebody behind it who notes what is taken in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Self

import pytest

from posthouse.channels.email.intake.listener import ReturnedMail, listen
from posthouse.channels.email.intake.strict import Crowd, ListenerLimits
from posthouse.channels.email.verp import ReturnPaths
from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.returned.intake import Filed
from posthouse.core.returned.model import Kind

PATHS = ReturnPaths(b"k" * 32)
MESSAGE = bytes.fromhex("018f" + "00" * 14)
PATH = PATHS.make(MESSAGE, "bounces.shop.example")
MAIL = b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered\r\n\r\nann@x.example: 550 User unknown\r\n"


@dataclass
class Clerk:
    """Takes mail in, as it is told to."""

    limits: ListenerLimits = field(default_factory=ListenerLimits)
    away: bool = False
    broken: bool = False
    hold: asyncio.Event | None = None
    taken: list[tuple[bytes, list[str], str]] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    port: int = 0
    callers: list[asyncio.StreamWriter] = field(default_factory=list)
    server: asyncio.Server | None = None

    async def take(self, raw: bytes, sent_to: list[str], via: str) -> tuple[Filed, Kind]:
        if self.broken:
            raise RuntimeError("a defect")
        if self.away:
            raise UnavailableError("away")
        if self.hold is not None:
            await self.hold.wait()
        self.taken.append((raw, sent_to, via))
        return Filed.FILED, Kind.BOUNCE

    async def is_our_domain(self, domain: str) -> bool:
        return domain == "shop.example"

    async def __aenter__(self) -> Self:
        crowd = Crowd(self.limits)
        hooks = ReturnedMail(
            self.take,
            PATHS.parse,
            self.is_our_domain,
            crowd,
            on_filed=lambda _filed, _kind: None,
            on_trouble=self.troubles.append,
        )
        self.server = await listen("127.0.0.1", 0, hooks, crowd, self.limits, hostname="mx.shop.example", tls=None)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        for caller in self.callers:
            caller.close()
            with contextlib.suppress(OSError):
                await caller.wait_closed()
        assert self.server is not None
        self.server.close()
        await asyncio.sleep(0)


@dataclass
class Talk:
    """A conversation in SMTP, byte by byte."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self) -> str:
        """One whole reply; '' when the other side has hung up."""
        lines = []
        async with asyncio.timeout(10):
            while line := await self.reader.readline():
                lines.append(line.decode().rstrip())
                if line[3:4] == b" ":
                    break
        return "\n".join(lines)

    async def ask(self, line: str) -> str:
        await self.say(line.encode() + b"\r\n")
        return await self.hear()

    async def begin(self, to: str = PATH) -> None:
        """Up to the 354."""
        assert (await self.hear()).startswith("220")
        assert (await self.ask("EHLO mx.x.example")).startswith("250")
        assert (await self.ask("MAIL FROM:<>")).startswith("250")
        assert (await self.ask(f"RCPT TO:<{to}>")).startswith("250")
        assert (await self.ask("DATA")).startswith("354")


@pytest.fixture
async def clerk() -> AsyncIterator[Clerk]:
    async with Clerk() as clerk:
        yield clerk


async def call(clerk: Clerk) -> Talk:
    talk = Talk(*await asyncio.open_connection("127.0.0.1", clerk.port))
    clerk.callers.append(talk.writer)
    return talk
