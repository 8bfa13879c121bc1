"""From a returned mail to its message: events, state, suppression; by proof, by hint, or not at all."""

import asyncio

import pytest
from tests.unit.returned.scene import Desk, bounce, complaint

from posthouse.core.kernel import ids
from posthouse.core.messages.model import EventType, Status
from posthouse.core.returned.intake import Filed
from posthouse.core.suppressions.model import Reason

ANN = "ann@customer.example"


async def test_a_proved_bounce_ends_the_message_and_suppresses(desk: Desk) -> None:
    """The return path names the message: it is bounced, with the remote's words; the address is suppressed with them as evidence."""
    message = await desk.message()
    assert await desk.take(bounce(path := desk.return_path(message)), path) is Filed.FILED
    assert await desk.status(message) is Status.BOUNCED
    (event,) = await desk.events(message)
    assert event.type is EventType.BOUNCED
    assert (event.data["class"], event.data["enhanced"], event.data["source"]) == ("hard", "5.1.1", "returned mail")
    assert "User unknown" in event.data["text"]
    (entry,) = await desk.suppressed()
    assert (entry.reason, entry.source, entry.message_id) == (Reason.HARD_BOUNCE, "returned mail", message)
    again = await desk.scene.accepted()
    assert b'"status":"suppressed"' in again.body


async def test_the_same_report_again_and_another_copy_of_it_change_nothing(desk: Desk) -> None:
    """Ten copies at the same time, differently dressed by their way: one event, one suppression, counters that equal a recount."""
    message = await desk.message()
    path = desk.return_path(message)
    copies = [b"Received: by hop %d\r\n" % number + bounce(path) for number in range(5)] * 2
    await asyncio.gather(*(desk.take(copy, path) for copy in copies))
    assert len(await desk.events(message)) == 1
    log = await desk.house.store.suppression_log(desk.workspace, 1, ANN, 10)  # type: ignore[arg-type]
    assert len(log) == 1
    assert await desk.house.store.counters() == await desk.house.store.recount()


async def test_delivered_first_then_bounced(desk: Desk) -> None:
    """Their server took it and sent it back an hour later: bounced."""
    message = await desk.message(Status.DELIVERED)
    await desk.take(bounce(desk.return_path(message)), desk.return_path(message))
    assert await desk.status(message) is Status.BOUNCED


async def test_a_receipt_makes_sent_delivered_and_says_what_it_is(desk: Desk) -> None:
    """A relay's receipt is shown as one."""
    message = await desk.message()
    path = desk.return_path(message)
    assert await desk.take(bounce(path, action="delivered", status="2.0.0", words="250 ok"), path) is Filed.FILED
    assert await desk.status(message) is Status.DELIVERED
    (event,) = await desk.events(message)
    assert (event.type, event.data["proof"]) == (EventType.DELIVERED, "receipt")
    assert await desk.suppressed() == []


async def test_a_delay_is_a_fact_and_no_end(desk: Desk) -> None:
    """The other server goes on trying: it is told, and nothing else changes."""
    message = await desk.message()
    path = desk.return_path(message)
    await desk.take(bounce(path, action="delayed", status="4.4.1", words="451 4.4.1 timed out"), path)
    assert await desk.status(message) is Status.SENT
    assert [event.type for event in await desk.events(message)] == [EventType.DELAYED]
    assert await desk.suppressed() == []


@pytest.mark.parametrize(
    ("feedback", "suppressed"), [("abuse", True), ("fraud", True), ("not-spam", False), ("auth-failure", False)]
)
async def test_complaints_suppress_where_somebody_complained(desk: Desk, feedback: str, suppressed: bool) -> None:
    """An abuse report suppresses at once; the person who says *not spam*, and a machine's DMARC report, do not."""
    message = await desk.message(Status.DELIVERED)
    returned = f"Return-Path: <{desk.return_path(message)}>\r\nMessage-ID: <x@y>"
    filed = await desk.take(complaint("feedback@shop.example", feedback=feedback, returned=returned))
    assert filed is Filed.FILED
    assert await desk.status(message) is Status.DELIVERED
    (event,) = await desk.events(message)
    assert (event.type, event.data["feedback"]) == (EventType.COMPLAINED, feedback)
    assert [entry.reason for entry in await desk.suppressed()] == ([Reason.COMPLAINT] if suppressed else [])


async def test_the_header_finds_the_message_where_no_proof_does(desk: Desk) -> None:
    """A mailbox without return paths: the Message-ID of the returned message is believed about its own recipient."""
    message = await desk.message()
    header = f"Message-ID: <{ids.show(ids.MESSAGE, message)}@shop.example>"
    assert await desk.take(bounce("shop@shop.example", returned=header)) is Filed.FILED
    assert await desk.status(message) is Status.BOUNCED
    assert len(await desk.suppressed()) == 1


async def test_a_hint_about_somebody_else_is_not_believed(desk: Desk) -> None:
    """Whoever knows a Message-ID cannot have others suppressed by it."""
    message = await desk.message()
    header = f"Message-ID: <{ids.show(ids.MESSAGE, message)}@shop.example>"
    forged = bounce("shop@shop.example", about="victim@customer.example", returned=header)
    assert await desk.take(forged) is Filed.UNMATCHED
    assert await desk.status(message) is Status.SENT
    assert await desk.suppressed("victim@customer.example") == []


async def test_a_forged_return_path_proves_nothing(desk: Desk) -> None:
    """One wrong letter of the code, and the mail is on the list of those without a message."""
    message = await desk.message()
    path = desk.return_path(message)
    forged = path.replace("@", "0@" if path.partition("@")[0][-1] != "0" else "1@", 1)
    forged = forged[: path.index("@") - 1] + forged[path.index("@") :]
    assert await desk.take(bounce(forged), forged) is Filed.UNMATCHED
    assert await desk.status(message) is Status.SENT
    (kept,) = await desk.house.store.unmatched(10)
    assert (kept.kind, kept.people, kept.verdict, kept.via) == ("bounce", (ANN,), "hard", "smtp")


async def test_forwarded_elsewhere_is_the_person_we_wrote_to(desk: Desk) -> None:
    """Her mailbox forwards to one that is gone: she is suppressed, as mail to her does not arrive."""
    message = await desk.message()
    path = desk.return_path(message)
    gone = bounce(path, about="old-account@elsewhere.example", words="550 5.1.1 no such user here at all, sorry")
    assert await desk.take(gone, path) is Filed.FILED
    assert await desk.status(message) is Status.BOUNCED
    assert len(await desk.suppressed()) == 1
    assert await desk.suppressed("old-account@elsewhere.example") == []


async def test_a_copy_that_bounced_is_not_the_person(desk: Desk) -> None:
    """The cc's mailbox is gone: the message stays delivered, the copy is suppressed."""
    message = await desk.message(Status.DELIVERED, cc=["Ben@customer.example"])
    path = desk.return_path(message)
    words = "550 5.1.1 <ben@customer.example>: Recipient address rejected: User unknown"
    await desk.take(bounce(path, about="ben@CUSTOMER.example", words=words), path)
    assert await desk.status(message) is Status.DELIVERED
    (event,) = await desk.events(message)
    assert (event.type, event.data["recipient"]) == (EventType.RECIPIENT_REFUSED, "Ben@customer.example")
    assert await desk.suppressed() == []
    assert len(await desk.suppressed("ben@customer.example")) == 1


async def test_of_several_people_an_unknown_one_is_nobody(desk: Desk) -> None:
    """With copies, a report about an address that none of them has suppresses nobody."""
    message = await desk.message(Status.DELIVERED, cc=["ben@customer.example"])
    path = desk.return_path(message)
    await desk.take(bounce(path, about="somebody@elsewhere.example"), path)
    assert await desk.status(message) is Status.DELIVERED
    assert [event.type for event in await desk.events(message)] == [EventType.RECIPIENT_REFUSED]
    assert await desk.suppressed() == []
    assert await desk.suppressed("somebody@elsewhere.example") == []


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.spamhaus.org", "5.7.1"),
        ("550 5.7.26 This mail has been blocked because the sender is unauthenticated (SPF)", "5.7.26"),
        ("550 5.7.25 The IP address sending this message does not have a PTR record", "5.7.25"),
        ("554 5.7.1 Message rejected as spam by content scanner", "5.7.1"),
    ],
)
async def test_our_own_failures_suppress_nobody(desk: Desk, words: str, status: str) -> None:
    """Our address on a block list, our DNS broken, our content disliked: the message bounced, the person is as good as before."""
    message = await desk.message()
    path = desk.return_path(message)
    await desk.take(bounce(path, words=words, status=status), path)
    assert await desk.status(message) is Status.BOUNCED
    assert await desk.suppressed() == []


async def test_no_such_domain_is_a_resolvers_word(desk: Desk) -> None:
    """A relay whose DNS is out of order says it of every domain: the message bounced, and it counts as one soft bounce."""
    words = "Host or domain name not found. Name service error for name=customer.example type=AAAA: Host not found"
    for number in range(1, 6):
        message = await desk.message()
        path = desk.return_path(message)
        await desk.take(bounce(path, words=words, status="5.4.4"), path)
        assert await desk.status(message) is Status.BOUNCED
        assert [entry.reason for entry in await desk.suppressed()] == [Reason.SOFT_BOUNCES] * (number == 5)


async def test_an_automatic_answer_is_not_counted_as_anything(desk: Desk) -> None:
    """Out of office (RFC 3834): no event, no suppression, not even on the list."""
    message = await desk.message()
    path = desk.return_path(message)
    away = (
        f"From: {ANN}\r\nTo: {path}\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\n"
        "I am away until Monday.\r\n"
    ).encode()
    assert await desk.take(away, path) is Filed.IGNORED
    assert await desk.events(message) == []
    assert await desk.house.store.unmatched(10) == []


async def test_test_messages_teach_nothing(desk: Desk) -> None:
    """A report about a test message is told in its timeline, and suppresses nobody."""
    desk.scene.caller = type(desk.scene.caller)(desk.workspace, desk.scene.caller.key_id, live=False)
    message = await desk.message()
    await desk.take(bounce(desk.return_path(message)), desk.return_path(message))
    assert await desk.status(message) is Status.BOUNCED
    assert await desk.suppressed() == []


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"hello", b"\xff" * 1000, b"Subject: hi\r\n\r\nHow are you?\r\n"])
async def test_what_is_no_report_is_on_the_list(desk: Desk, raw: bytes) -> None:
    """Nothing that comes to a return path vanishes without a trace."""
    message = await desk.message()
    assert await desk.take(raw, desk.return_path(message)) is Filed.UNMATCHED
    assert [mail.kind for mail in await desk.house.store.unmatched(10)] == ["not-a-report"]
