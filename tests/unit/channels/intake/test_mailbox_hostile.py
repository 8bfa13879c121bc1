"""A mail host that is broken, or somebody else's: it costs bounded memory and time, and no mail is lost or taken for another."""

import asyncio
import contextlib
import imaplib
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from tests.unit.channels.intake.conftest import MAIL
from tests.unit.channels.intake.test_mailbox_reader import Desk

from posthouse.channels.email.intake.imap import MOST_OF_ANSWER, BoundedImap
from posthouse.channels.email.intake.mailbox import AT_ONCE, MailboxRefusedError
from posthouse.testing.imap_fake import FakeImap

Reply = bytes | Iterator[bytes]
MANY = 64_000_000


class Liar:
    """Says what it was told to say to one command, and what is usual to all others."""

    def __init__(self, command: str, *replies: Callable[[str], Reply]) -> None:
        self.command = command
        self.replies = list(replies)
        self.sent = 0
        self.asked: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(b"* OK IMAP4rev1 ready\r\n")
            while line := (await reader.readline()).decode():
                tag, _, rest = line.strip().partition(" ")
                self.asked.append(rest)
                await self._say(writer, self._reply(tag, rest))
        except OSError:
            pass
        finally:
            writer.close()

    def _reply(self, tag: str, rest: str) -> Reply:
        if rest.startswith(self.command):
            return (self.replies.pop(0) if len(self.replies) > 1 else self.replies[0])(tag)
        if rest.startswith("CAPABILITY"):
            return f"* CAPABILITY IMAP4rev1 MOVE\r\n{tag} OK done\r\n".encode()
        if rest.startswith("UID SEARCH"):
            return f"* SEARCH 7\r\n{tag} OK done\r\n".encode()
        if rest.startswith("UID FETCH"):
            return b"* 1 FETCH (UID 7 BODY[]<0> {%d}\r\n%b)\r\n%b OK done\r\n" % (len(MAIL), MAIL, tag.encode())
        return f"{tag} OK done\r\n".encode()

    async def _say(self, writer: asyncio.StreamWriter, reply: Reply) -> None:
        for piece in [reply] if isinstance(reply, bytes) else reply:
            writer.write(piece)
            await writer.drain()
            self.sent += len(piece)


@asynccontextmanager
async def lying(command: str, *replies: Callable[[str], Reply]) -> AsyncIterator[tuple[Liar, int]]:
    liar = Liar(command, *replies)
    server = await asyncio.start_server(liar.serve, "127.0.0.1", 0)
    async with server:
        yield liar, server.sockets[0].getsockname()[1]


def endless(beginning: bytes, again: bytes) -> Callable[[str], Iterator[bytes]]:
    def reply(_tag: str) -> Iterator[bytes]:
        yield beginning
        piece = again * (100_000 // len(again))
        for _ in range(MANY // len(piece)):
            yield piece

    return reply


@pytest.mark.parametrize(
    ("command", "beginning", "again"),
    [
        ("UID FETCH", b"* 1 FETCH (UID 7 BODY[]<0> {999999999}\r\n", b"x"),
        ("UID FETCH", b"* 1 FETCH (UID 7 BODY[]<0> {4000000}\r\n", b"x"),
        ("UID FETCH", b"", b"* 1 EXPUNGE\r\n"),
        ("UID FETCH", b"", b"* 1 FETCH (UID 7 BODY[] {1}\r\nx)\r\n"),
        ("UID SEARCH", b"* SEARCH", b" 7"),
        ("LOGIN", b"* OK ", b"x"),
        ("CAPABILITY", b"", b"* CAPABILITY IMAP4rev1\r\n"),
    ],
)
async def test_an_answer_without_an_end_is_cut_off(command: str, beginning: bytes, again: bytes) -> None:
    """Literals, lines, answers nobody asked for, at whatever command: a few megabytes, and the conversation is over."""
    desk = Desk()
    async with lying(command, endless(beginning, again)) as (liar, port):
        with pytest.raises((imaplib.IMAP4.error, OSError)):
            await desk.reader(port).look()
        assert liar.sent < 4 * MOST_OF_ANSWER
    assert desk.taken == []


class Hasty(BoundedImap):
    command_seconds = 0.3


def test_a_drip_is_a_timeout() -> None:
    """A byte now and then is no progress: the whole answer has its time."""
    ours, theirs = socket.socketpair()
    imap = Hasty.__new__(Hasty)
    imap.sock, imap.untagged_responses = ours, {}

    def drip() -> None:
        with contextlib.suppress(OSError):
            while True:
                theirs.send(b"x")
                time.sleep(0.02)

    dripping = threading.Thread(target=drip)
    dripping.start()
    with ours, theirs:
        with pytest.raises(TimeoutError, match=r"over 0\.3 for an answer"):
            imap.readline()
        imap.hang_up()
        dripping.join(20)


def fetched(*answers: bytes) -> Callable[[str], bytes]:
    return lambda tag: b"".join(answers) + f"{tag} OK done\r\n".encode()


def mail(uid: int, body: bytes, *, behind: bool = False) -> bytes:
    before, after = (b"", b" UID %d" % uid) if behind else (b"UID %d " % uid, b"")
    return b"* 1 FETCH (%bBODY[]<0> {%d}\r\n%b%b)\r\n" % (before, len(body), body, after)


@pytest.mark.parametrize("behind", [False, True])
async def test_another_mail_is_not_taken_for_the_one_that_was_asked_for(*, behind: bool) -> None:
    """The server says unasked what another holds, and that one was expunged: only the right one is filed and put away."""
    desk = Desk()
    said = fetched(mail(6, b"another", behind=behind), b"* 3 EXPUNGE\r\n", mail(7, MAIL, behind=behind))
    async with lying("UID FETCH", said) as (liar, port):
        assert await desk.reader(port).look() == 1
    assert desk.taken == [MAIL]
    assert [one for one in liar.asked if one.startswith("UID MOVE")] == ['UID MOVE 7 "Handled"']


async def test_what_was_expunged_meanwhile_is_passed_over() -> None:
    """Or never was there: nothing is filed, nothing put away."""
    desk = Desk()
    async with lying("UID FETCH", fetched(b"* 1 EXPUNGE\r\n", mail(8, MAIL))) as (liar, port):
        await desk.reader(port).look()
    assert desk.taken == []
    assert not any(one.startswith("UID MOVE") for one in liar.asked)


async def test_nonsense_does_not_end_the_reading() -> None:
    """Whatever a server says, and whatever the library makes of it: trouble is told, and the next look finds the mail."""
    desk = Desk()
    nonsense = fetched(b"* SEARCH \xff\xfe -1 7e 1:*\r\n")
    broken = fetched(b"* CAPABILITY \xff\xff\r\n")
    usual = fetched(b"* CAPABILITY IMAP4rev1 MOVE\r\n")
    stopping = asyncio.Event()
    async with lying("UID SEARCH", nonsense, fetched(b"* SEARCH 7\r\n")) as (_, port):
        assert await desk.reader(port).look() == 0
    async with lying("CAPABILITY", broken, usual) as (_, port):
        running = asyncio.ensure_future(desk.reader(port).run(stopping))
        async with asyncio.timeout(20):
            while not desk.taken:
                await asyncio.sleep(0.01)
        stopping.set()
        await running
    assert desk.troubles
    assert desk.taken[0] == MAIL


async def test_mails_that_stay_where_they_are_are_not_read_without_a_pause() -> None:
    """The server says that it moves them, and does not: it is asked again after the usual time, not at once."""

    class Stuck(FakeImap):
        def _by_uid(self, name: str, words: list[str]) -> tuple[str, list[bytes]]:
            return ("OK moved", []) if name == "UID MOVE" else super()._by_uid(name, words)

    imap, desk = Stuck([MAIL] * AT_ONCE), Desk()
    reader = desk.reader(await imap.start(), seconds=600)
    stopping = asyncio.Event()
    running = asyncio.ensure_future(reader.run(stopping))
    async with asyncio.timeout(60):
        while imap.asked.count("LOGOUT") < 2:
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    assert imap.asked.count("LOGIN") == 2
    stopping.set()
    await running
    await imap.stop()


async def test_stopping_does_not_wait_for_a_server_that_says_nothing() -> None:
    """The conversation is hung up on."""
    silent = asyncio.Event()

    def nothing(_tag: str) -> bytes:
        silent.set()
        return b"* OK still here\r\n"

    desk = Desk()
    async with lying("UID FETCH", nothing) as (_, port):
        looking = asyncio.ensure_future(desk.reader(port).look())
        await asyncio.wait_for(silent.wait(), 20)
        looking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(looking), 20)


async def test_a_refused_search_is_told() -> None:
    """With the server's own words."""
    async with lying("UID SEARCH", lambda tag: f"{tag} NO not today\r\n".encode()) as (_, port):
        with pytest.raises(MailboxRefusedError, match="not today"):
            await Desk().reader(port).look()
