"""The mailbox as a running thing: an SMTP server and a web page on loopback, both in the caller's event loop."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Final, Self

import uvicorn

from posthouse.core.kernel.clock import Clock, SystemClock
from posthouse.core.kernel.ids import Uuid7Source, show
from posthouse.testing.mailbox.api import mailbox_app
from posthouse.testing.mailbox.smtp import MAX_SIZE, SmtpSession
from posthouse.testing.mailbox.source import KEEP, Inbox, Mail, MailSource

LOOPBACK: Final = "127.0.0.1"
MAIL: Final = "mail"
"""Prefix of a mail's identifier."""


class Mailbox:
    """Takes every mail that is sent to it, keeps the newest, shows them.

    >>> async with Mailbox() as mailbox:                        # doctest: +SKIP
    ...     settings.smtp_port = mailbox.smtp_port
    ...     ...
    ...     print(mailbox.url)

    Args:
        host: the address to listen on. Anything but loopback lets others read the mails.
        smtp_port: 0 for any free one; None for no SMTP server.
        http_port: 0 for any free one; None for no page.
        source: what the page shows instead of the own inbox.
        keep: how many mails are kept.
        max_size: octets of one mail.
        tls: offers STARTTLS when given.
        clock: the time.
        names: host names the page answers to besides ``localhost`` and IP addresses.
    """

    def __init__(
        self,
        *,
        host: str = LOOPBACK,
        smtp_port: int | None = 0,
        http_port: int | None = 0,
        source: MailSource | None = None,
        keep: int = KEEP,
        max_size: int = MAX_SIZE,
        tls: ssl.SSLContext | None = None,
        clock: Clock | None = None,
        names: frozenset[str] = frozenset(),
    ) -> None:
        self.host = host
        self.smtp_port = smtp_port
        self.http_port = http_port
        self.inbox = Inbox(keep)
        self._source = source or self.inbox
        self._max_size = max_size
        self._tls = tls
        self._clock = clock or SystemClock()
        self._names = names
        self._new_id = _names_for_mails(self._clock)
        self._smtp: asyncio.Server | None = None
        self._http: _QuietServer | None = None
        self._http_task: asyncio.Task[None] | None = None
        self._sessions: set[SmtpSession] = set()
        self._closing = asyncio.Event()

    @property
    def url(self) -> str:
        """Where the page is."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.http_port}/"

    async def start(self) -> Self:
        """Begins to listen. OSError when a port is taken."""
        if self.smtp_port is not None:
            self._smtp = await asyncio.get_running_loop().create_server(self._session, self.host, self.smtp_port)
            self.smtp_port = self._smtp.sockets[0].getsockname()[1]
        if self.http_port is not None:
            try:
                await self._start_http(self.http_port)
            except OSError:
                await self.stop()
                raise
        return self

    async def stop(self) -> None:
        """Ends all connections and listens no more; the mails stay readable in :attr:`inbox`."""
        if self._smtp is not None:
            self._smtp.close()
            for session in list(self._sessions):
                session.close()
            self._smtp = None
        if self._http is not None and self._http_task is not None:
            self._closing.set()
            self._http.should_exit = True
            await self._http_task
            self._http = self._http_task = None

    async def __aenter__(self) -> Self:
        """Starts."""
        return await self.start()

    async def __aexit__(self, *_: object) -> None:
        """Stops."""
        await self.stop()

    async def mails(self) -> list[Mail]:
        """What is kept, newest first."""
        found = [await self.inbox.mail(mail_id) for mail_id in await self.inbox.ids()]
        return [mail for mail in found if mail is not None]

    def _session(self) -> SmtpSession:
        session = _Session(
            self.inbox.add, clock=self._clock, new_id=self._new_id, tls=self._tls, max_size=self._max_size
        )
        session.sessions = self._sessions
        return session

    async def _start_http(self, port: int) -> None:
        listener = socket.create_server(
            (self.host, port), family=socket.AF_INET6 if ":" in self.host else socket.AF_INET
        )
        self.http_port = listener.getsockname()[1]
        self._closing = asyncio.Event()
        app = mailbox_app(self._source, self._clock, self._names, self._closing)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="off", server_header=False, timeout_graceful_shutdown=2
        )
        self._http = _QuietServer(config)
        self._http_task = asyncio.get_running_loop().create_task(self._http.serve([listener]))
        while not self._http.started:  # noqa: ASYNC110 - uvicorn has a flag, no event
            await asyncio.sleep(0.005)


class _Session(SmtpSession):
    """A session that the mailbox can find again, to end it."""

    sessions: set[SmtpSession]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.sessions.discard(self)
        super().connection_lost(exc)


class _QuietServer(uvicorn.Server):
    """Leaves the signals to whoever owns the event loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _names_for_mails(clock: Clock) -> Callable[[], str]:
    ids = Uuid7Source(clock.now)
    return lambda: show(MAIL, ids())
