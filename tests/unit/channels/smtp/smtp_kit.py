"""What the tests of the SMTP client share: messages, flights, pools on loopback."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from posthouse.channels.email.model import Outbound
from posthouse.channels.email.smtp.opening import TlsContexts
from posthouse.channels.email.smtp.options import Credentials, Limits, Security, Target, Timeouts
from posthouse.channels.email.smtp.pool import Pool

CONTENT = b"Subject: hello\r\nMessage-ID: <1@shop.example>\r\n\r\nHello Ann.\r\n..dot\r\n"
FEW = Limits(connections=3)
BRIEF = Timeouts(connect=2, greeting=0.3, command=0.3, block=0.3, end=0.3, quit=0.3, idle=5)


def outbound(*recipients: str, content: bytes = CONTENT, sender: str = "bounce@shop.example", **more: bool) -> Outbound:
    return Outbound(b"m" * 16, sender, recipients or ("ann@home.example",), content, "<1@shop.example>", **more)


class Log:
    """A flight that remembers; ``lease`` says how many times it may begin."""

    def __init__(self, lease: int = 99, on_begin: Callable[[], None] = lambda: None) -> None:
        self.said: list[str] = []
        self._lease = lease
        self._on_begin = on_begin

    def may_begin(self) -> bool:
        self._on_begin()
        self._lease -= 1
        allowed = self._lease >= 0
        self.said.append("begin" if allowed else "lost")
        return allowed

    def committed(self) -> None:
        self.said.append("committed")


def target(
    port: int,
    *,
    host: str = "localhost",
    security: Security = Security.NONE,
    credentials: Credentials | None = None,
    limits: Limits = FEW,
    timeouts: Timeouts = BRIEF,
    trusted_path: bool = True,
) -> Target:
    return Target(host, port, "client.example", security, credentials, timeouts, limits, trusted_path=trusted_path)


async def loopback() -> list[str]:
    return ["127.0.0.1"]


@asynccontextmanager
async def pool(where: Target, ca_file: str = "") -> AsyncIterator[Pool]:
    made = Pool(where, loopback, TlsContexts(ca_file))
    try:
        yield made
    finally:
        await made.close()
