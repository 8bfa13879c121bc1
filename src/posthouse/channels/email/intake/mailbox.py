"""Reads returned mail out of a mailbox (IMAP, RFC 3501 and 9051), for those whose mail host takes their bounces.

A mail is filed in our store first and put into another folder then: a crash in between has it read again, which changes nothing. What could not
be read because of a defect of ours is flagged and left where it is, for a person to see.
"""

import asyncio
import imaplib
import re
import ssl
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from posthouse.channels.email.intake.imap import TIMEOUT, BoundedImap, BoundedImapTls
from posthouse.channels.email.intake.listener import Take
from posthouse.core.kernel.errors import PosthouseError, UnavailableError
from posthouse.core.kernel.waiting import either
from posthouse.core.returned.intake import Filed
from posthouse.core.returned.model import Kind

VIA: Final = "mailbox"
MOST_BYTES: Final = 1 << 20
"""Of each mail; what reports say stands at their beginning."""
AT_ONCE: Final = 200
"""Mails in one session."""
LONGEST_WAIT: Final = 600.0
_WAITING: Final = "UNDELETED UNFLAGGED"
_UID: Final = re.compile(rb"\bUID (\d+)", re.IGNORECASE)


class MailboxRefusedError(PosthouseError):
    """The mailbox cannot be read."""

    slug = "mailbox-refused"


class MailboxSettings(msgspec.Struct, frozen=True):
    """Where the mailbox is. ``seconds`` between two looks."""

    host: str
    port: int
    user: str
    password: str
    folder: str = "INBOX"
    handled: str = "Handled"
    tls: Literal["implicit", "starttls", "none"] = "implicit"
    seconds: float = 60.0


class Session:
    """One conversation with the server; its methods wait, so they run in a thread.

    Args:
        settings: where to.
        context: for TLS.

    Raises:
        MailboxRefusedError: it said no, or what makes no sense.
        OSError: it is not there.
    """

    def __init__(self, settings: MailboxSettings, context: ssl.SSLContext) -> None:
        self._settings = settings
        if settings.tls == "implicit":
            self._imap: BoundedImap = BoundedImapTls(settings.host, settings.port, ssl_context=context, timeout=TIMEOUT)
        else:
            self._imap = BoundedImap(settings.host, settings.port, timeout=TIMEOUT)
        try:
            self._enter(settings, context)
        except BaseException:
            self._imap.shutdown()
            raise

    def _enter(self, settings: MailboxSettings, context: ssl.SSLContext) -> None:
        self._imap.allow()
        if settings.tls == "starttls":
            self._imap.starttls(context)
        self._imap.allow()
        try:
            self._imap.login(settings.user, settings.password)
        except imaplib.IMAP4.abort:
            raise  # the connection broke: nothing was said of the password
        except imaplib.IMAP4.error as error:
            advice = "see [returned] imap_user and imap_password"
            raise MailboxRefusedError(f"the mailbox refused the login: {error!s:.200}; {advice}") from None
        self._capabilities = set(self._imap.capabilities)
        typ, _ = self._imap.select(_quoted(settings.folder))
        if typ != "OK":
            raise MailboxRefusedError(f"there is no folder {settings.folder!r}; set [returned] imap_folder")
        self._imap.create(_quoted(settings.handled))  # says no when it is there already

    def waiting(self) -> list[str]:
        """The identifiers of what is to be read, oldest first."""
        said = [word for line in self._command("SEARCH", _WAITING) if isinstance(line, bytes) for word in line.split()]
        return list(dict.fromkeys(word.decode() for word in said if word.isdigit()))[:AT_ONCE]

    def fetch(self, uid: str) -> bytes | None:
        """The beginning of a mail, without marking it as seen; None: it is gone.

        A server may say unasked what changed of others. Whoever took another mail for this one would put this one away unread.
        """
        data = self._command("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        for place, part in enumerate(data):
            behind = data[place + 1] if place + 1 < len(data) else b""
            if isinstance(part, tuple):
                about = part[0] + (b" " + behind if isinstance(behind, bytes) else b"")
                if uid.encode() in _UID.findall(about):
                    return part[1][:MOST_BYTES]
        return None

    def put_away(self, uid: str) -> None:
        """Moves a mail into the folder of handled ones. Never expunges what somebody else has marked."""
        folder = _quoted(self._settings.handled)
        if "MOVE" in self._capabilities:
            self._command("MOVE", uid, folder)
            return
        self._command("COPY", uid, folder)
        self._command("STORE", uid, "+FLAGS.SILENT", r"(\Deleted)")
        if "UIDPLUS" in self._capabilities:
            self._command("EXPUNGE", uid)

    def flag(self, uid: str) -> None:
        """Marks a mail that we could not read."""
        self._command("STORE", uid, "+FLAGS.SILENT", r"(\Flagged)")

    def close(self) -> None:
        """Says goodbye."""
        self._imap.allow()
        try:
            self._imap.logout()
        except (OSError, imaplib.IMAP4.error):
            self._imap.shutdown()

    def hang_up(self) -> None:
        """Ends it at once, also while another thread waits for an answer."""
        self._imap.hang_up()

    def _command(self, name: str, *words: str) -> list[bytes | tuple[bytes, bytes]]:
        self._imap.allow()
        typ, data = self._imap.uid(name, *words)
        if typ != "OK":
            raise MailboxRefusedError(f"the mailbox refused {name}: {data!r:.200}")
        return data


class MailboxReader:
    """Looks into the mailbox again and again.

    Args:
        settings: where it is.
        take: files a mail (core/returned, Intake).
        on_filed: told of each mail.
        on_trouble: told of what went wrong; it is tried again.
        context: for TLS; the system's trust by default.
    """

    def __init__(
        self,
        settings: MailboxSettings,
        take: Take,
        *,
        on_filed: Callable[[Filed, Kind], None],
        on_trouble: Callable[[Exception], None],
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._take = take
        self._on_filed = on_filed
        self._on_trouble = on_trouble
        self._context = context or ssl.create_default_context()
        self._last: list[str] = []
        """What waited at the last look."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Reads until told to stop; after trouble it waits longer each time."""
        wait = self._settings.seconds
        while not stopping.is_set():
            try:
                before = self._last
                full = (
                    await self.look() >= AT_ONCE and self._last != before
                )  # else the server says that it moves them, and does not
                wait = 0.0 if full else self._settings.seconds
            except Exception as error:  # noqa: BLE001 - a stranger's server may say anything, and imaplib raise as much
                self._on_trouble(error)
                wait = min(LONGEST_WAIT, max(self._settings.seconds, wait * 2))
            await either(stopping, wait)

    async def look(self) -> int:
        """Reads what waits, once; how many mails.

        Raises:
            UnavailableError: our store is away; what is not filed stays where it is.
            MailboxRefusedError, imaplib.IMAP4.error, OSError: the mailbox cannot be read.
        """
        session = await asyncio.to_thread(Session, self._settings, self._context)
        try:
            waiting = self._last = await asyncio.to_thread(session.waiting)
            for uid in waiting:
                await self._one(session, uid)
            return len(waiting)
        except asyncio.CancelledError:
            session.hang_up()
            raise
        finally:
            await asyncio.to_thread(session.close)

    async def _one(self, session: Session, uid: str) -> None:
        raw = await asyncio.to_thread(session.fetch, uid)
        if raw is None:
            return
        try:
            filed, kind = await self._take(raw, [], VIA)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 - one mail that we cannot read must not stop the others
            self._on_trouble(error)
            await asyncio.to_thread(session.flag, uid)
            return
        await asyncio.to_thread(session.put_away, uid)
        self._on_filed(filed, kind)


def _quoted(name: str) -> str:
    """A folder's name as a quoted string in modified UTF-7 (RFC 3501 §5.1.3)."""
    encoded = re.sub(r"[^\x20-\x7e]+", lambda found: _shifted(found[0]), name.replace("&", "&-"))
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _shifted(word: str) -> str:
    return "&" + word.encode("utf-7").decode()[1:].rstrip("-").replace("/", ",") + "-"
