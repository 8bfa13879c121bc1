"""Anybody can send anything to a return path."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.channels.returned.collection import names, raw
from tests.unit.channels.returned.letters import letter, report

from posthouse.channels.email.returned import Returned, Verdict, read_returned

MEGABYTE = 1 << 20
MAILS = names()
LONGEST = 2.0
"""Seconds of the processor; ten times what the slowest takes."""

FLOODS = {
    "nul": bytes(10 * MEGABYTE),
    "every byte": bytes(range(256)) * (40 << 10),
    "at signs": letter("@" * MEGABYTE),
    "addresses": letter("a@b.c " * MEGABYTE),
    "people": letter("".join(f"<a{n}@b.c>:\nunknown user\n" for n in range(50_000))),
    "empty lines": b"\n" * 10 * MEGABYTE,
    "fields": b"a: b\n" * MEGABYTE,
    "folded field": b"a: b\n" + b" c\n" * MEGABYTE,
    "subject": b"Subject: " + b"delivery " * 100_000 + b"\n\n",
    "encoded words": b"Subject: " + b"=?utf-8?q?" * 100_000 + b"\n\n",
    "nested": b"".join(b'Content-Type: multipart/mixed; boundary="%06d"\n\n--%06d\n' % (n, n) for n in range(20_000)),
    "nested alike": b'Content-Type: multipart/mixed; boundary="b"\n\n'
    + b'--b\nContent-Type: multipart/mixed; boundary="b"\n\n' * 50_000,
    "parts": letter("\n--x\n" * 100_000, fields="Content-Type: multipart/mixed; boundary=x\n"),
    "recipients": report("".join(f"Final-Recipient: rfc822;a{n}@b.c\nAction: failed\n\n" for n in range(50_000))),
    "open tags": letter("<a " * MEGABYTE, fields="Content-Type: text/html\n"),
    "dashes": letter("-" * MEGABYTE),
    "separators": letter("a@b.c\n" + "original message " * 200_000),
    "headers": letter("a@b.c" + "\n\nReceived: x\n" * 100_000),
    "phrases": letter("<a@b.c>:\n" + "user mailbox account not exceeded the " * 50_000),
    "blanks": letter(" " * MEGABYTE + "a@b.c"),
    "codes": letter("550 5.1.1 " * 100_000),
    "json": letter("notificationType " + '{"a":' * 100_000),
    "escapes": report("Final-Recipient: utf-8; " + "\\x{110000}" * 50_000, kind="global-delivery-status"),
    "punycode": letter("é" * 100_000, fields="Content-Type: text/plain; charset=punycode\n"),
    "unknown charset": letter("é", fields='Content-Type: text/plain; charset="no-such"\n'),
}


def check(read: Returned) -> None:
    assert len(read.recipients) <= 200
    for recipient in read.recipients:
        assert len(recipient.words) <= 1_000
        assert len(recipient.address) <= 600
        assert isinstance(recipient.verdict, Verdict)


@pytest.mark.parametrize("mail", FLOODS.values(), ids=FLOODS.keys())
def test_floods_are_read_in_time(mail: bytes) -> None:
    """Megabytes of anything are answered in bounded time."""
    started = time.process_time()
    check(read_returned(mail))
    assert time.process_time() - started < LONGEST


@settings(deadline=None, max_examples=80)
@given(st.binary(max_size=4_000))
def test_any_bytes(mail: bytes) -> None:
    """Any bytes get an answer."""
    check(read_returned(mail))


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(MAILS),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=12), st.integers(0, 200)), max_size=8),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
def test_damaged_reports(name: str, damages: list[tuple[float, bytes, int]], line_end: bytes) -> None:
    """Real reports with bytes put in, cut out and line ends changed get an answer."""
    mail = raw(name).replace(b"\r\n", b"\n").replace(b"\n", line_end)
    for place, put, cut in damages:
        at = int(place * len(mail))
        mail = mail[:at] + put + mail[at + cut :]
    check(read_returned(mail))


WORDS = st.sampled_from(
    [
        *(
            "550",
            "5.1.1",
            "<a@b.c>",
            "a@b.c",
            ":",
            "user unknown",
            "mailbox full",
            "said:",
            ">>>",
            "<<<",
            "RCPT TO:",
            "DATA",
        ),
        *(
            "\n",
            "\n\n",
            "--",
            "--b",
            "Content-Type: multipart/mixed; boundary=b",
            "Content-Type: message/delivery-status",
        ),
        *("Final-Recipient: rfc822;", "Action: failed", "Received: x", "Message-ID: <x@y>"),
    ]
)


@settings(deadline=None, max_examples=80)
@given(st.lists(WORDS, max_size=80))
def test_any_words_of_reports(words: list[str]) -> None:
    """The words of reports in any order get an answer."""
    check(read_returned(letter(" ".join(words))))
