"""Reading a mailbox: filed first, put away then, never lost, never twice."""

import asyncio
import imaplib
import ssl
from dataclasses import dataclass, field

import pytest
from tests.unit.channels.intake.conftest import MAIL

from posthouse.channels.email.intake.mailbox import (
    MOST_BYTES,
    MailboxReader,
    MailboxRefusedError,
    MailboxSettings,
    _quoted,
)
from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.returned.intake import Filed
from posthouse.core.returned.model import Kind
from posthouse.testing.imap_fake import FakeImap


@dataclass
class Desk:
    """Files, or fails as it is told to."""

    taken: list[bytes] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    away: bool = False
    broken_by: bytes = b"nothing"

    async def take(self, raw: bytes, sent_to: list[str], via: str) -> tuple[Filed, Kind]:
        if self.away:
            raise UnavailableError("away")
        if self.broken_by in raw:
            raise RuntimeError("a defect")
        self.taken.append(raw)
        return Filed.FILED, Kind.BOUNCE

    def reader(self, port: int, **changes: object) -> MailboxReader:
        settings = MailboxSettings("127.0.0.1", port, "shop", "secret", tls="none", seconds=0.01)
        for name, value in changes.items():
            settings = MailboxSettings(**{**{f: getattr(settings, f) for f in settings.__struct_fields__}, name: value})
        return MailboxReader(
            settings,
            self.take,
            on_filed=lambda _filed, _kind: None,
            on_trouble=self.troubles.append,
            context=ssl.create_default_context(),
        )


@pytest.mark.parametrize("capabilities", ["MOVE UIDPLUS", "UIDPLUS", ""])
async def test_read_and_put_away(capabilities: str) -> None:
    """Each mail once, whole, moved into the other folder by the best way that the server knows."""
    imap, desk = FakeImap([MAIL, MAIL + b"2"], capabilities=capabilities), Desk()
    port = await imap.start()
    reader = desk.reader(port)
    assert await reader.look() == 2
    assert await reader.look() == 0
    imap.put(MAIL + b"3")
    assert await reader.look() == 1
    assert desk.taken == [MAIL, MAIL + b"2", MAIL + b"3"]
    assert len(imap.folders["Handled"]) == 3
    assert "EXPUNGE" not in imap.asked, "what others have marked is not ours to expunge"
    await imap.stop()


async def test_a_break_between_filing_and_putting_away_loses_nothing() -> None:
    """It is read again: filing the same mail twice changes nothing (see the tests of the intake)."""
    imap, desk = FakeImap([MAIL]), Desk()
    reader = desk.reader(await imap.start())
    imap.dies_before = "UID MOVE"
    with pytest.raises((OSError, imaplib.IMAP4.error)):
        await reader.look()
    assert await reader.look() == 1
    assert desk.taken == [MAIL, MAIL]
    assert list(imap.folders["INBOX"]) == []
    await imap.stop()


async def test_a_store_that_is_away_leaves_the_mail_where_it_is() -> None:
    """Nothing is put away that is not filed."""
    imap, desk = FakeImap([MAIL]), Desk(away=True)
    reader = desk.reader(await imap.start())
    with pytest.raises(UnavailableError):
        await reader.look()
    assert len(imap.folders["INBOX"]) == 1
    desk.away = False
    assert await reader.look() == 1
    await imap.stop()


async def test_a_mail_that_we_cannot_read_does_not_stop_the_others() -> None:
    """It is flagged, stays for a person to see, and is not tried again and again."""
    imap, desk = FakeImap([b"poison", MAIL]), Desk(broken_by=b"poison")
    reader = desk.reader(await imap.start())
    await reader.look()
    assert await reader.look() == 0
    assert desk.taken == [MAIL]
    assert list(imap.folders["INBOX"]) == [1]
    assert imap.flags[1] == {"Flagged"}
    assert [str(error) for error in desk.troubles] == ["a defect"]
    await imap.stop()


async def test_only_the_beginning_of_a_large_mail_is_fetched() -> None:
    """The rest says nothing."""
    imap, desk = FakeImap([b"x" * (MOST_BYTES + 1_000)]), Desk()
    reader = desk.reader(await imap.start())
    await reader.look()
    assert len(desk.taken[0]) == MOST_BYTES
    await imap.stop()


async def test_wrong_settings_are_told() -> None:
    """A wrong password, a folder that is not there, a server that is not there: trouble with words, and the reader goes on."""
    imap, desk = FakeImap([]), Desk()
    port = await imap.start()
    with pytest.raises(MailboxRefusedError, match=r"wrong password.*imap_password"):
        await desk.reader(port, password="wrong").look()
    with pytest.raises(MailboxRefusedError, match="imap_folder"):
        await desk.reader(port, folder="Bounces").look()
    await imap.stop()
    stopping = asyncio.Event()
    running = asyncio.ensure_future(desk.reader(1).run(stopping))
    while not desk.troubles:
        await asyncio.sleep(0.01)
    stopping.set()
    await asyncio.wait_for(running, 5)
    assert isinstance(desk.troubles[0], OSError)


def test_names_of_folders() -> None:
    """Quoted, and in modified UTF-7 (RFC 3501 §5.1.3)."""
    assert _quoted("INBOX") == '"INBOX"'
    assert _quoted('a"b\\c') == '"a\\"b\\\\c"'
    assert _quoted("Zurück & mehr") == '"Zur&APw-ck &- mehr"'
    assert _quoted("日本語") == '"&ZeVnLIqe-"'
