"""What the standards describe: delivery status notifications, feedback reports, automatic answers."""

import pytest
from tests.unit.channels.returned.letters import RETURNED, letter, report

from posthouse.channels.email.returned import Kind, Recipient, Returned, Verdict, read_returned
from posthouse.channels.email.verp import ReturnPaths

MESSAGE_ID = bytes(range(16))
PATHS = ReturnPaths(b"0123456789abcdef")


def only(read: Returned) -> Recipient:
    assert len(read.recipients) == 1
    return read.recipients[0]


def test_dsn() -> None:
    """A notification gives address, class, codes, the remote's words and name (RFC 3464)."""
    status = (
        "Reporting-MTA: dns; mx.example\n\nOriginal-Recipient: rfc822;alias@example.org\nFinal-Recipient: rfc822; ann@example.net\n"
        "Action: failed\nStatus: 5.0.0\nRemote-MTA: dns; in.example.net\nDiagnostic-Code: smtp; 550-5.1.1 The email account that you\n"
        " tried to 550 5.1.1 reach does not exist."
    )
    read = read_returned(report(status))
    assert (read.kind, read.header_message_id) == (Kind.BOUNCE, "<order-1@shop.example>")
    ann = only(read)
    assert (ann.address, ann.written_to, ann.person) == ("ann@example.net", "alias@example.org", "alias@example.org")
    assert (ann.verdict, ann.enhanced, ann.code, ann.remote) == (Verdict.HARD, "5.1.1", 550, "in.example.net")
    assert ann.words.startswith("550-5.1.1 The email account that you tried to")


def test_dsn_of_several_people() -> None:
    """Each gets the verdict of their own fields, although no blank line stands between them."""
    status = "".join(
        f"Final-Recipient: rfc822; {name}@example.net\nAction: failed\nStatus: {code}\n"
        f"Diagnostic-Code: smtp; 550 {code} <{name}@example.net>... {words}\n"
        for name, code, words in (("ann", "5.1.1", "User unknown"), ("bob", "5.2.2", "Mailbox full"))
    )
    read = read_returned(report(status))
    assert [(item.address, item.verdict) for item in read.recipients] == [
        ("ann@example.net", Verdict.HARD),
        ("bob@example.net", Verdict.FULL),
    ]


@pytest.mark.parametrize(
    ("field", "address"),
    [
        ("utf-8; jos\\x{E9}@b\\x{FC}cher.example", "josé@bücher.example"),
        ("utf-8; josé@bücher.example", "josé@bücher.example"),
        ("rfc822; <ann@example.net>", "ann@example.net"),
        ("ann@example.net", "ann@example.net"),
        ('rfc822; "ann b"@example.net', '"ann b"@example.net'),
    ],
)
def test_address_forms(field: str, address: str) -> None:
    """Internationalised addresses (RFC 6533) and careless servers are understood."""
    status = f"Final-Recipient: {field}\nAction: failed\nStatus: 5.1.1\n"
    assert only(read_returned(report(status, kind="global-delivery-status"))).address == address


@pytest.mark.parametrize(
    ("action", "kind", "verdict"),
    [
        ("delayed", Kind.DELAYED, Verdict.SOFT),
        ("delivered", Kind.DELIVERED, Verdict.AUTO),
        ("relayed", Kind.DELIVERED, Verdict.AUTO),
        ("expanded", Kind.DELIVERED, Verdict.AUTO),
    ],
)
def test_actions(action: str, kind: Kind, verdict: Verdict) -> None:
    """A delay is never hard, a receipt is no failure."""
    code = "4.1.2" if action == "delayed" else "2.0.0"
    status = f"Final-Recipient: rfc822; ann@example.net\nAction: {action}\nStatus: {code}\nDiagnostic-Code: smtp; host unknown\n"
    read = read_returned(report(status))
    assert (read.kind, only(read).verdict) == (kind, verdict)


def test_feedback_report() -> None:
    """A complaint names who complained (RFC 5965), and what about."""
    status = "Feedback-Type: abuse\nUser-Agent: x\nVersion: 1\nOriginal-Rcpt-To: <ann@example.net>\n"
    read = read_returned(report(status, kind="feedback-report"))
    assert (read.kind, read.feedback, only(read).address) == (Kind.COMPLAINT, "abuse", "ann@example.net")
    assert only(read).verdict is Verdict.COMPLAINT


def test_feedback_without_an_address() -> None:
    """Where the report names nobody, the returned message's header does."""
    read = read_returned(report("Feedback-Type: opt-out\nVersion: 1\n", kind="feedback-report"))
    assert (read.feedback, only(read).address) == ("opt-out", "ann@example.net")


def test_not_spam_is_no_complaint() -> None:
    """Somebody who takes a message out of the spam folder must not be suppressed."""
    read = read_returned(report("Feedback-Type: not-spam\nVersion: 1\n", kind="feedback-report"))
    assert only(read).verdict is Verdict.UNKNOWN


def test_return_path_identifies_the_message() -> None:
    """The address that the report went to proves the message; a forged one does not."""
    status = "Final-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: 5.1.1\n"
    address = PATHS.make(MESSAGE_ID, "bounces.shop.example")
    assert read_returned(report(status, to=address), ours=PATHS.parse).message_id == MESSAGE_ID
    forged = address.replace("@", "0@")
    assert read_returned(report(status, to=forged), ours=PATHS.parse).message_id is None
    returned = letter(
        f"<ann@example.net>:\n550 5.1.1 no such user\n\n--- Below this line is a copy of the message.\n\nReturn-Path: <{address}>\n{RETURNED}"
    )
    assert read_returned(returned, ours=PATHS.parse).message_id == MESSAGE_ID


@pytest.mark.parametrize(
    ("subject", "fields", "kind"),
    [
        ("Automatic reply: Your order", "Auto-Submitted: auto-replied\n", Kind.AUTO),
        ("Out of Office", "Return-Path: <>\n", Kind.AUTO),
        ("Abwesenheitsnotiz", "", Kind.AUTO),
        ("Re: Your order", "Precedence: auto_reply\n", Kind.AUTO),
        ("Please confirm your message", "", Kind.CHALLENGE),
        ("Question about my delivery", "", Kind.NOT_A_REPORT),
        ("Re: Undelivered mail?", "", Kind.NOT_A_REPORT),
    ],
)
def test_answers_of_people_and_their_machines(subject: str, fields: str, kind: Kind) -> None:
    """Automatic answers and challenges count as nothing (RFC 3834), a person's mail is no report; colleagues named in it stay out."""
    read = read_returned(
        letter("I am away, write to bob@example.net.", sender="Ann <ann@example.net>", subject=subject, fields=fields)
    )
    assert read.kind is kind
    expected = [] if kind is Kind.NOT_A_REPORT else [("ann@example.net", Verdict.AUTO)]
    assert [(item.address, item.verdict) for item in read.recipients] == expected


def test_a_person_who_writes_about_a_bounce() -> None:
    """A customer who answers, with the words of a bounce in the mail, is not taken for a server."""
    body = "You wrote that ann@example.net got: 550 5.1.1 user unknown. Why?"
    assert (
        read_returned(letter(body, sender="Bob <bob@example.net>", subject="Re: Undelivered mail")).kind
        is Kind.NOT_A_REPORT
    )
