"""Where the mails are kept."""

import asyncio

from posthouse.core.delivery.model import SandboxMessage
from posthouse.core.kernel.ids import MESSAGE, show
from posthouse.testing.mailbox.sandbox import SandboxMails
from posthouse.testing.mailbox.source import Inbox, Mail


def mail(name: str, size: int = 1) -> Mail:
    return Mail(name, 1, "a@x.example", ("b@x.example",), b"x" * size)


async def test_the_inbox_keeps_the_newest():
    """By number."""
    inbox = Inbox(keep=3)
    for n in range(5):
        inbox.add(mail(f"m{n}"))
    assert await inbox.ids() == ["m4", "m3", "m2"]
    assert await inbox.mail("m0") is None


async def test_the_inbox_keeps_within_its_octets_but_always_the_newest():
    """One giant mail pushes the others out and stays."""
    inbox = Inbox(keep_bytes=100)
    for n in range(4):
        inbox.add(mail(f"m{n}", 40))
    assert await inbox.ids() == ["m3", "m2"]
    inbox.add(mail("giant", 1000))
    assert await inbox.ids() == ["giant"]
    inbox.add(mail("next", 10))
    assert await inbox.ids() == ["next"]


async def test_clearing_forgets_everything():
    """And says how much it was."""
    inbox = Inbox()
    inbox.add(mail("a"))
    assert await inbox.clear() == 1
    assert await inbox.ids() == []


async def test_who_waits_is_woken_by_the_next_mail():
    """Without polling."""
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.changed(10))
    await asyncio.sleep(0)
    inbox.add(mail("a"))
    await asyncio.wait_for(waiting, 1)


class SandboxFake:
    """A store with two kept messages."""

    def __init__(self) -> None:
        self.kept = [
            SandboxMessage(bytes([n]) * 16, b"w" * 16, n, "a@x.example", ("b@x.example",), b"..dot\r\n") for n in (2, 1)
        ]

    async def sandbox_list(self, workspace_id, limit, before):
        return [one for one in self.kept if one.workspace_id == workspace_id][:limit]

    async def sandbox_message(self, workspace_id, message_id):
        return next((one for one in self.kept if one.message_id == message_id), None)


async def test_the_sandbox_is_shown_under_the_messages_own_identifiers():
    """In the form that a reader gets: the dots of the wire are taken off."""
    mails = SandboxMails(SandboxFake(), b"w" * 16)
    newest = show(MESSAGE, b"\x02" * 16)
    assert await mails.ids() == [newest, show(MESSAGE, b"\x01" * 16)]
    found = await mails.mail(newest)
    assert found is not None
    assert (found.content, found.via) == (b".dot\r\n", "sandbox")
    assert await mails.mail("nonsense") is None


async def test_emptying_the_sandbox_page_hides_what_is_there():
    """The store's history stays; what comes later is shown."""
    store = SandboxFake()
    mails = SandboxMails(store, b"w" * 16)
    assert await mails.clear() == 2
    assert await mails.ids() == []
    store.kept.insert(0, SandboxMessage(b"\x03" * 16, b"w" * 16, 3, "", ("b@x.example",), b""))
    assert await mails.ids() == [show(MESSAGE, b"\x03" * 16)]
