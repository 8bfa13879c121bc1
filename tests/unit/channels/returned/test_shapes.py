"""Shapes that no standard describes, written for this test in the manner of real servers."""

import pytest
from tests.unit.channels.returned.letters import RETURNED, letter, report

from posthouse.channels.email.returned import Kind, Verdict, read_returned

SHAPES = {
    "courier": "UNDELIVERABLE MAIL\n\nYour message to the following recipients cannot be delivered:\n\n<ann@example.net>:\n"
    "    in.example.net [192.0.2.1]:\n>>> RCPT TO:<ann@example.net>\n<<< 550 5.1.1 <ann@example.net>... User Unknown\n",
    "james": "Message details:\n  MAIL FROM: sender@shop.example\n"
    "  RCPT TO: ann@example.net\n  From: Shop <sender@shop.example>\n\n550 5.1.1 unknown user\n",
    "in brackets": "--- The following addresses had delivery problems ---\n\n<ann@example.net>   (User unknown <ann@example.net>)\n",
    "exchange": "Your message\n\n  To:      Ann\n  Sent:    Thu\n\ndid not reach the following recipient(s):\n\n"
    "ann@example.net on Thu, 29 Apr 2010 18:14:35 +0000\n    The recipient name is not recognized\n",
    "arrows": "----- The following addresses had permanent fatal errors -----\n\n"
    ">>> ann@example.net <ann@example.net>\n\n550 sorry, no mailbox here by that name (#5.1.1)\n",
    "a sentence": "Sorry: your message to ann@example.net could not be delivered, there is no such user.\n",
    "after a colon": "undeliverable:\nUnknown user: ann@example.net\n",
}


@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
def test_missing_mailbox(body: str, line_end: str) -> None:
    """Whatever the shape and the line ends: who, and that the mailbox is missing."""
    raw = letter(f"{body}\n--- Original message follows ---\n\n{RETURNED}").replace(b"\n", line_end.encode())
    read = read_returned(raw)
    assert [(item.address, item.verdict) for item in read.recipients] == [("ann@example.net", Verdict.HARD)]
    assert read.header_message_id == "<order-1@shop.example>"


def test_several_people_in_one_text() -> None:
    """Each gets the words that stand beside them."""
    body = "<ann@example.net>:\nRemote host said: 550 5.1.1 User unknown\n\n<bob@example.net>:\nRemote host said: 552 5.2.2 Mailbox full\n"
    read = read_returned(letter(body))
    assert [(item.address, item.verdict, item.code) for item in read.recipients] == [
        ("ann@example.net", Verdict.HARD, 550),
        ("bob@example.net", Verdict.FULL, 552),
    ]


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        ("in.example.net did not like our RCPT TO:\n550 user unknown", Verdict.HARD),
        ("in.example.net did not like our final DATA:\n550 user unknown", Verdict.BLOCK),
        ("SMTP error from remote mail server after MAIL FROM:<sender@shop.example>:\n550 user unknown", Verdict.POLICY),
        ("550 user unknown", Verdict.BLOCK),
        ("550 5.1.1 user unknown", Verdict.HARD),
        ("450 4.1.2 host unknown", Verdict.SOFT),
    ],
)
def test_hard_is_doubted(told: str, verdict: Verdict) -> None:
    """A person is called gone only where the answer was about the mailbox: not after the content, not about the sender."""
    assert read_returned(letter(f"<ann@example.net>:\n{told}\n")).recipients[0].verdict is verdict


@pytest.mark.parametrize(
    ("told", "verdict"),
    [
        # Postfix tells the stage behind the remote's words: "MAIL FROM" there says nothing about the sender.
        ("550 5.7.1 messages from [192.0.2.1] weren't sent: its network is on our block list (in reply to MAIL FROM command)", Verdict.BLOCK),
        ("550 5.7.1 No such user! (in reply to RCPT TO command)", Verdict.HARD),
        # A number that has one meaning only says more than "access denied".
        ("550 5.7.705 Access denied, tenant has exceeded threshold", Verdict.BLOCK),
        ("554-Transaction failed Reject due to policy restrictions. 554 For explanation visit https://post.example/errors", Verdict.POLICY),
        ("550-Mail from 192.0.2.1 rejected because host is sending to invalid users (directory harvest attack)", Verdict.BLOCK),
        ("550 5.7.350 Remote server returned message detected as spam -> 554 rejected due to spam content", Verdict.CONTENT),
        ("550 5.7.1 Your message was rejected because the sender domain has no MX", Verdict.POLICY),
        ("550 5.7.511 Access denied, banned sender[192.0.2.1]. To request removal forward this message to delist@post.example", Verdict.BLOCK),
        ("550 5.7.1 Message blocked due to spam content in the message; recipient address not affected", Verdict.CONTENT),
    ],
)  # fmt: skip
def test_what_refuses_us_is_told_from_what_refuses_the_person(told: str, verdict: Verdict) -> None:
    """As a relay writes it into the status fields."""
    status = f"Final-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; {told}"
    human = f"<ann@example.net>: host mx.example.net[192.0.2.9] said: {told}"
    (person,) = read_returned(report(status, human=human)).recipients
    assert person.verdict is verdict


def test_delay() -> None:
    """A warning is a delay, and never hard."""
    body = "THIS IS A WARNING MESSAGE ONLY. YOU DO NOT NEED TO RESEND YOUR MESSAGE.\n\n<ann@example.net>\n451 example.net: host unknown\n"
    read = read_returned(letter(body, subject="Warning: could not send message for past 4 hours"))
    assert (read.kind, read.recipients[0].verdict) == (Kind.DELAYED, Verdict.SOFT)


def test_forwarded_report() -> None:
    """A colleague forwards a bounce as an attachment or quotes it: the mail inside is read."""
    inner = letter("<ann@example.net>:\n550 5.1.1 no such user\n").decode()
    attached = letter(
        f"--b\n\nsee below\n--b\nContent-Type: message/rfc822\n\n{inner}\n--b--",
        sender="bob@shop.example",
        subject="Fwd: this came",
        fields='Content-Type: multipart/mixed; boundary="b"\n',
    )
    read = read_returned(attached)
    assert [(item.address, item.verdict) for item in read.recipients] == [("ann@example.net", Verdict.HARD)]


def test_notice_in_json() -> None:
    """Amazon SES tells bounces and complaints in JSON."""
    bounce = (
        '{"notificationType":"Bounce","bounce":{"bouncedRecipients":['
        '{"emailAddress":"ann@example.net","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]}}'
    )
    complaint = '{"eventType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"ann@example.net"}],"complaintFeedbackType":"abuse"}}'
    assert read_returned(letter(bounce, sender="no-reply@sns.example")).recipients[0].verdict is Verdict.HARD
    assert read_returned(letter(complaint, sender="no-reply@sns.example")).kind is Kind.COMPLAINT
