"""Where the mailbox page finds its mails: a port, and the inbox in memory that stands behind the SMTP server."""

import asyncio
import collections
from typing import Final, Protocol

import msgspec

KEEP: Final = 1_000
"""Mails kept, the newest."""
KEEP_BYTES: Final = 256 * 1024 * 1024
"""Octets kept at most, whatever the number of mails."""


class Mail(msgspec.Struct, frozen=True):
    """One mail as it arrived. ``content`` has CRLF line ends and no dot-stuffing (RFC 5321 §4.5.2)."""

    id: str
    received_at: int
    """Microseconds since the Unix epoch."""
    sender: str
    """Envelope sender, empty for a bounce."""
    recipients: tuple[str, ...]
    """Envelope recipients."""
    content: bytes
    via: str = ""
    """How it came: ``SMTP``, ``SMTP, TLSv1.3``, ``sandbox``."""


class MailSource(Protocol):
    """What the page and the API show: the inbox of the SMTP server, or what the sandbox provider kept in the store."""

    async def ids(self) -> list[str]:
        """Identifiers of all mails kept, newest first."""
        ...

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail, None when it is not (or no longer) kept."""
        ...

    async def clear(self) -> int:
        """Forgets all mails; how many there were."""
        ...

    async def changed(self, seconds: float) -> None:
        """Comes back when a mail may have arrived, at the latest after ``seconds``."""
        ...


class Inbox:
    """The newest mails, in memory.

    Args:
        keep: how many mails are kept.
        keep_bytes: how many octets are kept; the newest mail always is.
    """

    def __init__(self, keep: int = KEEP, keep_bytes: int = KEEP_BYTES) -> None:
        self._keep = keep
        self._keep_bytes = keep_bytes
        self._mails: collections.OrderedDict[str, Mail] = collections.OrderedDict()
        self._bytes = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def add(self, mail: Mail) -> None:
        """Keeps a mail, lets go of the oldest beyond the limits and wakes who waits."""
        self._mails[mail.id] = mail
        self._bytes += len(mail.content)
        while len(self._mails) > 1 and (len(self._mails) > self._keep or self._bytes > self._keep_bytes):
            _, oldest = self._mails.popitem(last=False)
            self._bytes -= len(oldest.content)
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def ids(self) -> list[str]:
        """Identifiers, newest first."""
        return list(reversed(self._mails))

    async def mail(self, mail_id: str) -> Mail | None:
        """One mail."""
        return self._mails.get(mail_id)

    async def clear(self) -> int:
        """Forgets everything."""
        count = len(self._mails)
        self._mails.clear()
        self._bytes = 0
        return count

    async def changed(self, seconds: float) -> None:
        """Waits for the next :meth:`add`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await asyncio.wait([future], timeout=seconds)
        finally:
            self._waiting.discard(future)
