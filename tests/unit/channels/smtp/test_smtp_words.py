"""Reading replies and judging them."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.channels.email.smtp.judge import RULES, accepted, judge
from posthouse.channels.email.smtp.replies import MAX_LINE, NonsenseError, Reply, ReplyReader, clean
from posthouse.channels.email.smtp.stages import Stage
from posthouse.core.delivery.outcomes import Deferred, Refused, Scope, Throttled
from posthouse.core.kernel.clock import MINUTE

TEXTS = st.binary(max_size=60).map(lambda words: words.replace(b"\r", b"?").replace(b"\n", b"?"))
REPLIES = st.lists(st.tuples(st.integers(200, 599), st.lists(TEXTS, min_size=1, max_size=4)), max_size=6)


@settings(max_examples=100)
@given(REPLIES, st.data())
def test_replies_are_read_whatever_the_pieces(replies: list[tuple[int, list[bytes]]], data: st.DataObject) -> None:
    """Cutting the stream anywhere changes nothing."""
    stream = b"".join(
        b"".join(b"%d%s%s\r\n" % (code, b" " if n == len(lines) - 1 else b"-", line) for n, line in enumerate(lines))
        for code, lines in replies
    )
    reader, found, at = ReplyReader(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, 40))
        found += reader.feed(stream[at : at + size])
        at += size
    assert [(reply.code, reply.lines) for reply in found] == [(code, list(lines)) for code, lines in replies]
    assert not reader.mid_reply


@settings(max_examples=100)
@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_fail_in_another_way(noise: bytes) -> None:
    """It understands, or it says that it does not."""
    with contextlib.suppress(NonsenseError):
        ReplyReader().feed(noise)


def test_a_line_without_end_is_cut_off() -> None:
    """Nobody can fill our memory."""
    with pytest.raises(NonsenseError, match="more than"):
        ReplyReader().feed(b"250 " + b"x" * MAX_LINE)


def test_a_reply_without_end_is_cut_off() -> None:
    """Nor with lines."""
    reader = ReplyReader()
    with pytest.raises(NonsenseError, match="lines"):
        reader.feed(b"250-x\r\n" * 1000)


@settings(max_examples=100)
@given(st.text(max_size=3000))
def test_the_servers_words_are_harmless(words: str) -> None:
    """One line, no controls, bounded."""
    cleaned = clean(words)
    assert len(cleaned) <= 500
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in cleaned)


@pytest.mark.parametrize(
    ("stage", "line", "kind", "scope"),
    [
        (Stage.RECIPIENT, "550 5.1.1 user unknown", Refused, Scope.RECIPIENT),
        (Stage.RECIPIENT, "552 5.2.2 mailbox full", Refused, Scope.RECIPIENT),
        (Stage.RECIPIENT, "451 4.7.1 Greylisting in action, please come back later", Deferred, Scope.RECIPIENT),
        (Stage.RECIPIENT, "450 4.2.1 The user you are trying to contact is receiving mail at a rate that", Deferred, Scope.RECIPIENT),
        (Stage.RECIPIENT, "554 5.7.1 <x@y>: Relay access denied", Refused, Scope.PROVIDER),
        (Stage.RECIPIENT, "550 5.7.1 Service unavailable; client blocked using Spamhaus", Refused, Scope.PROVIDER),
        (Stage.RECIPIENT, "451 4.7.1 try again later", Throttled, Scope.PROVIDER),
        (Stage.RECIPIENT, "452 4.5.3 Too many recipients", Deferred, Scope.RECIPIENT),
        (Stage.END, "421 4.7.28 unusual rate of mail", Throttled, Scope.PROVIDER),
        (Stage.END, "454 4.7.0 Throttling failure: Maximum sending rate exceeded.", Throttled, Scope.PROVIDER),
        (Stage.END, "554 5.7.1 message content rejected as spam", Refused, Scope.RECIPIENT),
        (Stage.END, "452 4.3.1 insufficient system storage, try again later", Deferred, Scope.PROVIDER),
        (Stage.MAIL, "552 5.3.4 message size exceeds limit", Refused, Scope.RECIPIENT),
        (Stage.MAIL, "552 message too big", Refused, Scope.RECIPIENT),
        (Stage.MAIL, "550 5.1.8 sender domain not found", Refused, Scope.RECIPIENT),
        (Stage.MAIL, "530 5.7.0 Must issue a STARTTLS command first", Refused, Scope.PROVIDER),
        (Stage.MAIL, "452 4.3.1 insufficient system storage", Deferred, Scope.PROVIDER),
        (Stage.GREETING, "554 no service here", Refused, Scope.PROVIDER),
        (Stage.GREETING, "421 4.7.0 too many concurrent connections", Throttled, Scope.PROVIDER),
        (Stage.AUTH, "454 4.7.0 temporary authentication failure", Deferred, Scope.PROVIDER),
    ],
)  # fmt: skip
def test_answers_of_real_servers_are_judged(stage: Stage, line: str, kind: type, scope: Scope) -> None:
    """Each row is an answer seen in the world."""
    (reply,) = ReplyReader().feed(line.encode() + b"\r\n")
    outcome = judge(stage, reply, "mx.example")
    assert isinstance(outcome, kind)
    assert outcome.scope is scope
    assert outcome.code == int(line[:3])


def test_greylisting_waits_as_long_as_the_server_says() -> None:
    """A named time is used, otherwise five minutes."""
    named = judge(Stage.RECIPIENT, Reply(450, [b"4.2.0 Greylisted, see you in 120 seconds"]), "")
    unnamed = judge(Stage.RECIPIENT, Reply(450, [b"4.2.0 Greylisted"]), "")
    assert isinstance(named, Deferred)
    assert isinstance(unnamed, Deferred)
    assert (named.retry_after, unnamed.retry_after) == (2 * MINUTE, 5 * MINUTE)


@settings(max_examples=100)
@given(st.sampled_from(list(Stage)), st.integers(400, 599), TEXTS)
def test_every_answer_has_an_outcome(stage: Stage, code: int, text: bytes) -> None:
    """4xx is never permanent and 5xx always is, whatever the words."""
    outcome = judge(stage, Reply(code, [text]), "mx.example")
    assert isinstance(outcome, Refused) == (code >= 500)
    assert RULES[-1].codes == ()


@pytest.mark.parametrize(
    ("text", "remote_id"),
    [
        (b"2.0.0 Ok: queued as 4Wq7Zx1Fz9z3", "4Wq7Zx1Fz9z3"),
        (b"OK id=1rABCD-0001ab-2C", "1rABCD-0001ab-2C"),
        (b"2.6.0 <abc@mail.example> [InternalId=1234] Queued mail for delivery", "abc@mail.example"),
        (b"Ok 0100018c0e0e1f2a-aaaa-bbbb-000000", "0100018c0e0e1f2a-aaaa-bbbb-000000"),
        (b"2.0.0 3AB12345678901 Message accepted for delivery", "3AB12345678901"),
        (b"2.0.0 Ok", ""),
    ],
)
def test_the_remote_identifier_is_found(text: bytes, remote_id: str) -> None:
    """What the other side calls the message, for those who have to ask there."""
    assert accepted(Reply(250, [text]), "", "", (), delivered=False).remote_id == remote_id
