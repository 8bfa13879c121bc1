"""The SMTP side of the mailbox, spoken to byte by byte."""

import asyncio
import itertools

import pytest

from posthouse.testing.mailbox.smtp import SmtpSession, unstuffed
from posthouse.testing.mailbox.source import Mail


class StoppedClock:
    def now(self) -> int:
        return 1_700_000_000_000_000

    def monotonic(self) -> int:
        return 0


class Wire(asyncio.Transport):
    """A connection whose other end is the test."""

    def __init__(self) -> None:
        super().__init__()
        self.said = b""
        self.closed = False

    def write(self, data) -> None:
        self.said += bytes(data)

    def close(self) -> None:
        self.closed = True

    def take(self) -> list[str]:
        said, self.said = self.said, b""
        return said.decode().splitlines()


class Talk:
    """A session and the mails it delivered."""

    def __init__(self, **options) -> None:
        self.mails: list[Mail] = []
        self.wire = Wire()
        count = itertools.count(1)
        self.session = SmtpSession(
            self.mails.append, clock=StoppedClock(), new_id=lambda: f"mail_{next(count)}", **options
        )
        self.session.connection_made(self.wire)

    def say(self, data: bytes) -> list[str]:
        self.session.data_received(data)
        return self.wire.take()

    def ready(self, envelope: bytes = b"MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\n") -> "Talk":
        self.say(b"EHLO test\r\n")
        self.say(envelope)
        return self


@pytest.fixture
async def talk():
    one = Talk()
    yield one
    one.session.connection_lost(None)


async def test_a_pipelined_mail_is_kept_to_the_byte(talk):
    """MAIL, RCPT and DATA in one packet; the next transaction behind the final dot (RFC 2920)."""
    assert talk.wire.take()[0].startswith("220 ")
    assert "250-PIPELINING" in talk.say(b"EHLO test\r\n")
    answers = talk.say(b"MAIL FROM:<a@x.example> SIZE=9 BODY=8BITMIME\r\nRCPT TO:<b@x.example>\r\nDATA\r\n")
    assert [answer[:3] for answer in answers] == ["250", "250", "354"]
    answers = talk.say(b"Subject: x\r\n\r\n..dot\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<c@x.example>\r\nDATA\r\n")
    assert [answer[:3] for answer in answers] == ["250", "250", "250", "354"]
    assert talk.say(b".\r\nQUIT\r\n")[0] == "250 2.0.0 kept as mail_2"
    first, second = talk.mails
    assert (first.sender, first.recipients, first.content) == (
        "a@x.example",
        ("b@x.example",),
        b"Subject: x\r\n\r\n.dot\r\n",
    )
    assert (second.sender, second.content) == ("", b"")
    assert talk.wire.closed


async def test_it_does_not_matter_how_the_bytes_are_cut(talk):
    """One octet at a time gives the same mail."""
    talk.ready().say(b"DATA\r\n")
    for octet in b"A: b\r\n\r\n.\r\r\n.\r\n..\r\n.\r\n"[:8] + b"x\r\n..\r\n.\r\n":
        talk.say(bytes([octet]))
    assert [mail.content for mail in talk.mails] == [b"A: b\r\n\r\nx\r\n.\r\n"]


@pytest.mark.parametrize("content", [b"a\nb\r\n", b"a\rb\r\n", b"a\n.\r\nMAIL FROM:<evil@x>\r\n", b"a\r.\r\n"])
async def test_a_bare_cr_or_lf_in_a_mail_is_refused(talk, content):
    """SMTP smuggling finds no way in: nothing but CRLF . CRLF ends a mail, and a mail with stray ends is refused."""
    talk.ready().say(b"DATA\r\n")
    assert talk.say(content + b".\r\n")[0].startswith("554 5.6.0 bare CR or LF")
    assert talk.mails == []


async def test_a_command_that_ends_with_a_bare_lf_ends_the_connection(talk):
    """Refused before it is obeyed."""
    talk.wire.take()
    assert talk.say(b"EHLO test\n")[0].startswith("500 5.5.2 bare CR or LF")
    assert talk.wire.closed


@pytest.mark.parametrize(("before", "after"), [(b"EHLO x\r\n", b"NOOP\r\n"), (b"DATA\r\n", b"Subject: early\r\n")])
async def test_who_does_not_wait_for_the_answer_is_refused(talk, before, after):
    """EHLO and DATA end a group (RFC 2920 §3.1)."""
    talk.ready()
    talk.wire.take()
    answers = talk.say(before + after)
    assert len(answers) == 1
    assert answers[0].startswith("503 5.5.0 wait for the answer")
    assert talk.wire.closed


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (b"RCPT TO:<b@x.example>\r\n", "503"),
        (b"DATA\r\n", "503"),
        (b"MAIL FROM:<a@x.example> SIZE=99999999999\r\n", "552"),
        (b"MAIL FROM:<a@x.example> FUTURE=1\r\n", "555"),
        (b"MAIL FROM:a@x.example\r\n", "501"),
        ("MAIL FROM:<é@x.example>\r\n".encode(), "553"),
        ("MAIL FROM:<é@x.example> SMTPUTF8\r\n".encode(), "250"),
        (b"MAIL FROM:<\xff@x.example>\r\n", "500"),
        (b"STARTTLS\r\n", "502"),
        (b"VRFY ann\r\n", "252"),
        (b"EHLO\r\n", "501"),
        (b"\r\n", "500"),
        (b"x" * 5000, "500"),
    ],
)
async def test_every_command_has_its_answer(talk, command, answer):
    """Each refusal has the code that RFC 5321 gives it."""
    talk.say(b"EHLO test\r\n")
    assert talk.say(command)[0].startswith(answer)


async def test_a_mail_before_hello_is_refused(talk):
    """RFC 5321 §4.1.4."""
    talk.wire.take()
    assert talk.say(b"MAIL FROM:<a@x.example>\r\n")[0].startswith("503")


async def test_a_mail_that_is_too_large_is_refused_and_not_kept_in_memory():
    """The connection goes on, the next mail is fine."""
    talk = Talk(max_size=1000).ready()
    talk.say(b"DATA\r\n")
    for _ in range(100):
        talk.say(b"x" * 998 + b"\r\n")
    assert len(talk.session._buffer) < 6000
    assert talk.say(b".\r\n")[0].startswith("552")
    talk.ready().say(b"DATA\r\n")
    assert talk.say(b"ok\r\n.\r\n")[0].startswith("250")
    assert [mail.content for mail in talk.mails] == [b"ok\r\n"]
    talk.session.connection_lost(None)


async def test_a_connection_lost_in_the_middle_leaves_nothing(talk):
    """Half a mail is no mail."""
    talk.ready().say(b"DATA\r\n")
    talk.say(b"half\r\n")
    talk.session.connection_lost(None)
    assert talk.mails == []


def test_unstuffing_takes_off_one_dot_a_line():
    """RFC 5321 §4.5.2."""
    assert unstuffed(b"..a\r\n...\r\nb.\r\n") == b".a\r\n..\r\nb.\r\n"
