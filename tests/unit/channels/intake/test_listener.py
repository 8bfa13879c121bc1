"""The listener for returned mail: ours only, strict, and never a 250 for what is not on the disk."""

import asyncio
import contextlib

import pytest
from tests.unit.channels.intake.conftest import MAIL, PATH, Clerk, Talk, call

from posthouse.channels.email.intake.strict import Crowd, ListenerLimits, peer_of


async def test_a_bounce_is_taken_in(clerk: Clerk) -> None:
    """To a return path of ours, from nobody, dots unstuffed, with its envelope."""
    talk = await call(clerk)
    await talk.begin()
    await talk.say(MAIL + b"..dot\r\n.\r\n")
    assert (await talk.hear()).startswith("250 2.0.0")
    assert clerk.taken == [(MAIL + b".dot\r\n", [PATH], "smtp")]
    assert (await talk.ask("QUIT")).startswith("221")


async def test_the_answer_waits_for_the_commit(clerk: Clerk) -> None:
    """Until the mail is filed nothing is answered: whoever dies meanwhile still has it on the other side."""
    clerk.hold = asyncio.Event()
    talk = await call(clerk)
    await talk.begin()
    await talk.say(MAIL + b".\r\n")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await talk.hear()
    clerk.hold.set()
    assert (await talk.hear()).startswith("250")


async def test_what_cannot_be_filed_stays_with_the_other_server(clerk: Clerk) -> None:
    """Store away or a defect of ours: 451, and told to the operator; no inside of ours in the answer."""
    for trouble in ("away", "broken"):
        setattr(clerk, trouble, True)
        talk = await call(clerk)
        await talk.begin()
        await talk.say(MAIL + b".\r\n")
        answer = await talk.hear()
        assert answer.startswith("451 4.3.0")
        assert "defect" not in answer
        setattr(clerk, trouble, False)
    assert [str(error) for error in clerk.troubles] == ["a defect"]
    assert clerk.taken == []


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("feedback@shop.example", "250"),
        ("FeedBack@SHOP.example", "250"),
        (PATH.upper(), "250"),
        ("feedback@other.example", "550"),
        ("postmaster@shop.example", "550"),
        (PATH.replace("bounce+0", "bounce+1"), "550"),
        ("bounce+x@shop.example", "550"),
        ("feedback", "550"),
        ("feedback@" + "a" * 300, "550"),
    ],
)
async def test_addresses_of_ours_only(clerk: Clerk, address: str, answer: str) -> None:
    """Return paths with a valid code, and feedback@ a domain of ours; all others are refused at RCPT."""
    talk = await call(clerk)
    await talk.hear()
    await talk.ask("EHLO x")
    await talk.ask("MAIL FROM:<>")
    assert (await talk.ask(f"RCPT TO:<{address}>")).startswith(answer)


@pytest.mark.parametrize(
    "content",
    [
        b"a\n.\nMAIL FROM:<x>\r\n.\r\n",
        b"a\r\n.\nb\r\n.\r\n",
        b"a\r.\rb\r\n.\r\n",
        b"a\n.\r\n.\r\n",
        b"a\rb\r\n.\r\n",
    ],
)
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
async def test_bare_line_ends_are_refused(clerk: Clerk, content: bytes, cut: int) -> None:
    """Smuggled ends of mail, wherever the pieces are cut: refused, hung up, nothing taken."""
    talk = await call(clerk)
    await talk.begin()
    await talk.say(content[:cut])
    await asyncio.sleep(0.01)
    await talk.say(content[cut:])
    assert (await talk.hear()).startswith("554 5.5.2")
    assert await talk.hear() == ""
    assert clerk.taken == []


async def test_line_ends_cut_in_two_are_whole(clerk: Clerk) -> None:
    """CR and LF may come in different pieces."""
    talk = await call(clerk)
    await talk.begin()
    for byte in MAIL + b".\r\n":
        await talk.say(bytes([byte]))
    assert (await talk.hear()).startswith("250")
    assert clerk.taken[0][0] == MAIL


async def test_a_bare_line_end_in_a_command_is_refused(clerk: Clerk) -> None:
    """EHLO x, LF."""
    talk = await call(clerk)
    await talk.hear()
    await talk.say(b"EHLO x\n")
    assert (await talk.hear()).startswith("554 5.5.2")


@pytest.mark.parametrize("verb", ["DATA", "EHLO x"])
async def test_talking_out_of_turn_is_refused(clerk: Clerk, verb: str) -> None:
    """What has to be the last command of its group is."""
    talk = await call(clerk)
    await talk.hear()
    if verb == "DATA":
        await talk.ask("EHLO x")
        await talk.ask("MAIL FROM:<>")
        await talk.ask(f"RCPT TO:<{PATH}>")
    await talk.say(verb.encode() + b"\r\nNOOP\r\n")
    assert (await talk.hear()).startswith("503 5.5.0")
    assert await talk.hear() == ""


async def test_a_pipelined_envelope_is_fine(clerk: Clerk) -> None:
    """MAIL, RCPT and DATA in one piece, as RFC 2920 allows."""
    talk = await call(clerk)
    await talk.hear()
    await talk.ask("EHLO x")
    await talk.say(f"MAIL FROM:<>\r\nRCPT TO:<{PATH}>\r\nDATA\r\n".encode())
    assert [(await talk.hear())[:3] for _ in range(3)] == ["250", "250", "354"]
    await talk.say(MAIL + b".\r\nQUIT\r\n")
    assert [(await talk.hear())[:3] for _ in range(2)] == ["250", "221"]


async def test_too_large_is_refused_and_forgotten() -> None:
    """Announced or not; the memory does not grow with it."""
    async with Clerk(ListenerLimits(size=100_000)) as clerk:
        talk = await call(clerk)
        await talk.hear()
        await talk.ask("EHLO x")
        assert (await talk.ask("MAIL FROM:<> SIZE=100001")).startswith("552")
        await talk.ask("MAIL FROM:<>")
        await talk.ask(f"RCPT TO:<{PATH}>")
        await talk.ask("DATA")
        for _ in range(30):
            await talk.say(b"x" * 9_998 + b"\r\n")
        await talk.say(b".\r\n")
        assert (await talk.hear()).startswith("552")
        assert clerk.taken == []


async def test_a_line_without_an_end_is_hung_up_on(clerk: Clerk) -> None:
    """It is told so after a megabyte, and nothing more of it is read: it would be kept for two minutes."""
    talk = await call(clerk)
    await talk.begin()
    sent = 0
    with contextlib.suppress(OSError):
        while sent < 40_000_000 and not talk.reader.at_eof():
            await talk.say(b"x" * 100_000)
            sent += 100_000
            await asyncio.sleep(0)
    assert sent < 30_000_000
    with contextlib.suppress(OSError):
        assert (await talk.hear())[:3] in {"500", ""}
    assert clerk.taken == []


@pytest.mark.parametrize("greedy", [b"", b"NOOP\r\n", b"HELP\r\n" * 100_000])
async def test_nobody_stays_for_ever(greedy: bytes) -> None:
    """Who is busy all the time, who is not, and who never reads an answer: the place is free again."""
    async with Clerk(ListenerLimits(peer_connections=1, seconds=0.5)) as clerk:
        talk = await call(clerk)
        await talk.hear()
        with contextlib.suppress(OSError):
            talk.writer.write(greedy)
        async with asyncio.timeout(20):
            while not (await (other := await call(clerk)).hear()).startswith("220"):
                other.writer.close()
                talk.writer.write(greedy[:6])
                await asyncio.sleep(0.1)


def test_one_house_counts_as_one() -> None:
    """Of IPv6 a /64 has more addresses than there are connections."""
    assert peer_of(("2001:db8:1:2::a", 25, 0, 0)) == peer_of(("2001:db8:1:2:ffff::b", 25, 0, 0))
    assert peer_of(("2001:db8:1:2::a", 25, 0, 0)) != peer_of(("2001:db8:1:3::a", 25, 0, 0))
    assert peer_of(("::ffff:192.0.2.1", 25, 0, 0)) == peer_of(("192.0.2.1", 25)) == "192.0.2.1"
    assert peer_of("/run/socket") == "local"


async def test_crowds_are_kept_out() -> None:
    """So many connections for one address; whoever leaves makes room; so many mails a minute."""
    async with Clerk(ListenerLimits(peer_connections=2, peer_mails=1)) as clerk:
        first, second = await call(clerk), await call(clerk)
        assert [(await talk.hear())[:3] for talk in (first, second)] == ["220", "220"]
        third = await call(clerk)
        assert (await third.hear()).startswith("421")
        assert (await first.ask("QUIT")).startswith("221")
        await asyncio.sleep(0.05)
        fourth: Talk = await call(clerk)
        await fourth.begin()
        await fourth.say(MAIL + b".\r\n")
        assert (await fourth.hear()).startswith("250")
        await fourth.ask("MAIL FROM:<>")
        await fourth.ask(f"RCPT TO:<{PATH}>")
        await fourth.ask("DATA")
        await fourth.say(MAIL + b".\r\n")
        assert (await fourth.hear()).startswith("450 4.7.0")
        assert len(clerk.taken) == 1


def test_the_crowd_forgets() -> None:
    """Counts of thousands of addresses take no more memory than of the last few thousand."""
    crowd = Crowd(ListenerLimits(peer_mails=1))
    for number in range(10_000):
        assert crowd.may_send(str(number))
    assert len(crowd._mails) <= 4_096
    assert not crowd.may_send("9999")
