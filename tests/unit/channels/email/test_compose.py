"""Whole mails: what the standard library reads back is what went in."""

import email.header
import email.policy
import hashlib
import re
from email import message_from_bytes
from email.message import EmailMessage
from typing import Any

import dkim
import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.channels.email.kit import (
    MESSAGE_ID,
    NOW,
    Letter,
    composer,
    dnsfunc,
    identity,
    inline,
    release,
    unsigned,
)

from posthouse.channels.email.canonical import relaxed_body
from posthouse.channels.email.compose import EmailComposer
from posthouse.channels.email.mime import assemble, base64_lines, media_type
from posthouse.channels.email.verp import ReturnPaths
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.messages.model import Attachment, Extras
from posthouse.core.templates.model import Sender
from posthouse.rendering.quoted import plain_body
from posthouse.rendering.renderer import MinijinjaRenderer

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=300)
NAMES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)


def parse(content: bytes) -> EmailMessage:
    parsed = message_from_bytes(content, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert all(not part.defects for part in parsed.walk())
    return parsed


def shape(part: Any) -> Any:
    """The nesting of a mail."""
    if part.is_multipart():
        return (part.get_content_subtype(), [shape(inner) for inner in part.iter_parts()])
    return part.get_content_type()


def field(content: bytes, name: str) -> str:
    """A field as a reader shows it."""
    head = content.partition(b"\r\n\r\n")[0].decode()
    found = re.search(rf"(?im)^{name}: ([^\r\n]*(?:\r\n [^\r\n]*)*)", head)
    assert found is not None
    value = found[1].replace("\r\n", "")
    return "".join(
        piece if isinstance(piece, str) else piece.decode(charset or "ascii")
        for piece, charset in email.header.decode_header(value)
    )


def file(name: str, media: str, data: bytes, content_id: str = "") -> tuple[Attachment, dict[bytes, bytes]]:
    digest = hashlib.sha256(data).digest()
    return Attachment(name, media, digest, len(data), content_id), {digest: data}


def build(extras: Extras, contents: dict[bytes, bytes] | None = None, letter: Letter | None = None) -> bytes:
    return composer().compose(letter or Letter(), extras, None, unsigned(), contents or {}).content


def check_wire(content: bytes) -> None:
    """The promises that SMTP and DKIM rely on."""
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert not re.search(rb"(?m)^\.", content)
    assert content.endswith(b"\r\n")
    assert b"\0" not in content
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    body = content.partition(b"\r\n\r\n")[2]
    assert body == relaxed_body(body)
    assert body.isascii()


PICTURE, PICTURE_BYTES = file("logo.png", "image/png", b"\x89PNG....", "logo")
PDF, PDF_BYTES = file("invoice.pdf", "application/pdf", b"%PDF-1.7\n.\n..\r.\n" * 50)
FILES = PICTURE_BYTES | PDF_BYTES


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"text": "t"}, "text/plain"),
        ({"text": None, "html": "h"}, "text/html"),
        ({"text": "t", "html": "h"}, ("alternative", ["text/plain", "text/html"])),
        (
            {"text": "t", "html": "h", "attachments": (PICTURE,)},
            ("alternative", ["text/plain", ("related", ["text/html", "image/png"])]),
        ),
        ({"text": "t", "attachments": (PDF,)}, ("mixed", ["text/plain", "application/pdf"])),
        ({"text": "t", "attachments": (PICTURE,)}, ("mixed", ["text/plain", "image/png"])),
        ({"text": None, "html": "h", "attachments": (PICTURE,)}, ("related", ["text/html", "image/png"])),
        (
            {"text": "t", "html": "h", "attachments": (PDF, PICTURE)},
            (
                "mixed",
                [("alternative", ["text/plain", ("related", ["text/html", "image/png"])]), "application/pdf"],
            ),
        ),
    ],
)
def test_nesting_has_only_the_levels_needed(fields: dict[str, Any], expected: Any) -> None:
    """mixed(alternative(text, related(html, images)), files), without empty levels."""
    content = build(inline(**fields), FILES)
    check_wire(content)
    assert shape(parse(content)) == expected


@settings(max_examples=80, deadline=None)
@given(
    text=TEXTS | st.none(),
    html=TEXTS | st.none(),
    subject=NAMES,
    name=NAMES,
    sender=NAMES,
    data=st.binary(max_size=300),
    file_name=NAMES,
    both=st.booleans(),
)
@example(text=".", html="..\n.\n", subject=".", name=".", sender=".", data=b"", file_name=".", both=True)
@example(text="a" * 500, html="é" * 500, subject="", name=" ", sender="", data=b".", file_name="", both=False)
@example(
    text="--=_a01k7ra5cy4fnf8z451pb1x9sfp--",
    html="",
    subject="=?",
    name="a",
    sender="",
    data=b"",
    file_name="",
    both=True,
)
def test_what_went_in_comes_out(
    text: str | None, html: str | None, subject: str, name: str, sender: str, data: bytes, file_name: str, both: bool
) -> None:
    """For any Unicode: bodies, subject, names, file names and bytes are read back as they were."""
    attachment, contents = file(file_name, "text/csv", data, "cid.1" if both else "")
    extras = inline(text=text, html=html, subject=subject, sender=Sender("shop@shop.example", sender))
    extras = msgspec.structs.replace(extras, attachments=(attachment,))
    content = build(extras, contents, Letter(recipient_name=name))
    check_wire(content)
    mail = parse(content)
    parts = [part for part in mail.walk() if not part.is_multipart()]
    bodies = {part.get_content_type(): part for part in parts}
    for media, written in (("text/plain", text), ("text/html", html)):
        if written is not None:
            assert lines_of(bodies[media].get_content()) == lines_of(written)
    assert bodies["text/csv"].get_payload(decode=True) == data
    if file_name:
        plain = message_from_bytes(content)
        assert [part.get_filename() for part in plain.walk()][-1] == file_name.strip()
    if subject:
        assert field(content, "Subject") == subject
    if name and not name.isspace() and '"' not in field(content, "To"):
        assert field(content, "To").removesuffix("<ann@people.example>")[:-1] == name


def lines_of(text: str) -> list[str]:
    """A text without the line ends after its last line, of which the wire form promises nothing."""
    return text.replace("\r\n", "\n").rstrip("\n").split("\n")


@settings(max_examples=50, deadline=None)
@given(text=TEXTS, html=TEXTS | st.none(), subject=NAMES)
@example(text="", html="", subject="")
@example(text=".\n..\n \t\n", html="a  b \n" + "é." * 200, subject=".")
def test_what_the_renderer_encodes_comes_out(text: str, html: str | None, subject: str) -> None:
    """With the wire form of our own renderer too, and signed: bodies are read back, signatures hold."""
    mails = EmailComposer(MinijinjaRenderer(), ReturnPaths(b"0123456789abcdef"))
    content = mails.compose(Letter(), inline(text=text, html=html, subject=subject), None, identity(), {}).content
    check_wire(content)
    bodies = {part.get_content_type(): part.get_content() for part in parse(content).walk() if not part.is_multipart()}
    for media, written in (("text/plain", text), ("text/html", html)):
        if written is not None:
            assert lines_of(bodies[media]) == lines_of(plain_body(written))
    assert dkim.DKIM(content).verify(idx=0, dnsfunc=dnsfunc())
    assert dkim.DKIM(content).verify(idx=1, dnsfunc=dnsfunc())


def test_the_usual_fields_are_there() -> None:
    """A mail says what RFC 5322, RFC 3834 and the mailbox hosts want to know, each once."""
    content = (
        composer()
        .compose(Letter(), Extras(), release(subject="Order 7", text="Hi", html="<p>Hi"), unsigned(), {})
        .content
    )
    mail = parse(content)
    assert mail["From"] == "The Shop <shop@shop.example>"
    assert mail["To"] == "Ann <ann@people.example>"
    assert mail["Subject"] == "Order 7"
    assert mail["Date"].datetime.timestamp() == NOW // 1_000_000
    assert mail["Message-ID"] == "<msg_01k7ra5cy4fnf8z451pb1x9sfp@shop.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["MIME-Version"] == "1.0"
    assert mail["Feedback-ID"].startswith("order-confirmation:transactional:en:")
    assert len(mail["Feedback-ID"].rpartition(":")[2]) == 15
    assert len(set(mail.keys())) == len(mail.keys())


def test_copies_and_blind_copies() -> None:
    """Copies stand in header and envelope, blind copies in the envelope only, every address once."""
    extras = inline(
        cc=(Sender("bob@people.example", "Bob, Jr."), Sender("ann@people.example")),
        bcc=(Sender("secret@people.example", "Hidden"),),
        reply_to=Sender("help@shop.example", "Help"),
    )
    outbound = composer().compose(Letter(), extras, None, unsigned(), {})
    mail = parse(outbound.content)
    assert [address.addr_spec for address in mail["Cc"].addresses] == ["bob@people.example", "ann@people.example"]
    assert mail["Cc"].addresses[0].display_name == "Bob, Jr."
    assert mail["Reply-To"] == "Help <help@shop.example>"
    assert outbound.recipients == ("ann@people.example", "bob@people.example", "secret@people.example")
    assert b"secret" not in outbound.content
    assert b"Hidden" not in outbound.content


def test_internationalised_addresses() -> None:
    """A domain goes out in A-labels without SMTPUTF8; only a local part beyond ASCII needs it."""
    plain = composer().compose(Letter(recipient="ann@exämple.com"), inline(), None, unsigned(), {})
    assert (plain.smtputf8, plain.eight_bit, plain.recipients) == (False, False, ("ann@xn--exmple-cua.com",))
    assert plain.content.isascii()
    wide = composer().compose(Letter(recipient="josé@exämple.com"), inline(), None, identity(), {})
    assert (wide.smtputf8, wide.eight_bit, wide.recipients) == (True, True, ("josé@xn--exmple-cua.com",))
    blind = composer().compose(Letter(), inline(bcc=(Sender("josé@x.example"),)), None, unsigned(), {})
    assert (blind.smtputf8, blind.eight_bit) == (True, False)
    assert wide.sender.isascii()


def test_the_same_message_gives_the_same_bytes() -> None:
    """Retries, other machines and the content view build the same mail; only the signatures differ in their time."""
    extras = inline(html="<p>é</p>", attachments=(PDF, PICTURE))
    first = build(extras, FILES)
    signed = composer().compose(Letter(), extras, None, identity(), FILES).content
    view = composer().view(Letter(), extras, None, FILES)
    assert view.source == first == build(extras, FILES)
    assert signed.endswith(first)
    assert signed[: -len(first)].count(b"DKIM-Signature:") == 2
    assert (view.subject, view.html, view.text) == ("Hello", "<p>é</p>", "Hi")
    assert ("Subject", "Hello") in view.headers
    assert view.attachments == (PDF, PICTURE)


def test_a_planned_mail_is_dated_when_it_was_due() -> None:
    """A mail planned a month ahead must not look a month old."""
    mail = parse(build(inline(), letter=Letter(created_at=NOW, due_at=NOW + 86_400_000_000)))
    assert mail["Date"].datetime.timestamp() == NOW // 1_000_000 + 86_400


CONTROLS = ["\r\nBcc: x@y.example", "\n", "\r", "\0", "\x1b", "\x85", "\u2028", "\ud800"]


@pytest.mark.parametrize("bad", CONTROLS)
@pytest.mark.parametrize(
    "extras",
    [
        lambda bad: inline(sender=Sender("shop@shop.example", f"a{bad}b")),
        lambda bad: inline(sender=Sender(f"shop{bad}@shop.example")),
        lambda bad: inline(reply_to=Sender("a@b.example", f"a{bad}b")),
        lambda bad: inline(cc=(Sender("a@b.example", f"a{bad}b"),)),
        lambda bad: inline(bcc=(Sender(f"a{bad}@b.example"),)),
        lambda bad: inline(headers={"X-Order": f"a{bad}b"}),
        lambda bad: inline(headers={f"X-Or{bad}der": "a"}),
        lambda bad: inline(attachments=(msgspec.structs.replace(PDF, name=f"a{bad}b"),)),
        lambda bad: inline(attachments=(msgspec.structs.replace(PICTURE, content_id=f"a{bad}b"),), html="h"),
    ],
)
def test_no_header_can_be_injected(extras: Any, bad: str) -> None:
    """Whatever the door let in, a control character in a name, address, header or file name stops the message."""
    with pytest.raises(ValidationError) as caught:
        build(extras(bad), FILES)
    assert caught.value.fields[0].pointer.startswith("/")


@pytest.mark.parametrize("bad", CONTROLS)
def test_a_broken_subject_or_type_is_made_harmless(bad: str) -> None:
    """A subject comes from templates and data: its control characters become blanks; an odd media type becomes octets."""
    attachment = msgspec.structs.replace(PDF, type=f"text/x{bad}")
    content = build(inline(subject=f"a{bad}b", attachments=(attachment,)), FILES)
    check_wire(content)
    mail = parse(content)
    assert "Bcc" not in mail
    assert len(mail["Subject"].splitlines()) == 1
    assert b"application/octet-stream" in content


@pytest.mark.parametrize(
    "name",
    ["From", "bcc", "Content-Type", "DKIM-Signature", "message-id", "Resent-To", "X Y", "X:Y", "", "É", "Subject"],
)
def test_fields_of_ours_cannot_be_replaced(name: str) -> None:
    """A source may not write what identifies or structures the mail."""
    with pytest.raises(ValidationError):
        build(inline(headers={name: "x"}))


def test_custom_fields() -> None:
    """Text may be any Unicode; fields with a syntax are folded but never encoded; two of our defaults may be replaced."""
    url = "<https://shop.example/u?token=" + "a" * 300 + ">"
    headers = {
        "X-Note": "für Zoë",
        "List-Unsubscribe": f"{url}, <mailto:u@shop.example>",
        "Feedback-ID": "a:b:c:sender",
    }
    content = build(inline(headers=headers))
    check_wire(content)
    assert field(content, "X-Note") == "für Zoë"
    assert field(content, "List-Unsubscribe") == headers["List-Unsubscribe"]
    assert field(content, "Feedback-ID") == "a:b:c:sender"
    assert content.count(b"Feedback-ID") == 1
    with pytest.raises(ValidationError):
        build(inline(headers={"References": "<é@x>"}))
    with pytest.raises(ValidationError):
        build(inline(headers={"List-Unsubscribe": "<https://shop.example/" + "a" * 1000 + ">"}))


def test_the_sender_must_be_of_the_signing_domain() -> None:
    """Mail is signed only for the domain it is from."""
    with pytest.raises(ValidationError):
        build(inline(sender=Sender("a@mail.shop.example")))
    with pytest.raises(ValidationError):
        build(inline(sender=None))


def test_attachments_whose_bytes_are_gone() -> None:
    """A mail is never sent without something that belongs to it."""
    with pytest.raises(ValidationError) as caught:
        build(inline(attachments=(PDF,)))
    assert caught.value.fields[0].pointer == "/attachments/0"


@settings(deadline=None)
@given(st.binary(max_size=500))
def test_base64_lines(data: bytes) -> None:
    """Lines of 76, CRLF, no dot, decodes to the same."""
    import base64

    text = base64_lines(data)
    assert base64.b64decode(text) == data
    assert text.endswith(b"\r\n")
    assert max(map(len, text.split(b"\r\n"))) <= 76


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        ("application/pdf", "application/pdf"),
        ("text/calendar; method=REQUEST; charset=utf-8", "text/calendar;\r\n method=REQUEST; charset=utf-8"),
        ("message/rfc822", "application/octet-stream"),
        ("multipart/mixed", "application/octet-stream"),
        ("", "application/octet-stream"),
        ('text/plain; x="a"; y=\'', "application/octet-stream"),
    ],
)
def test_media_types(declared: str, written: str) -> None:
    """Well-formed types stay; what may not be in base64, or is none, becomes octets."""
    assert media_type(declared) == written


def test_a_soft_line_break_at_the_end_keeps_its_line_end() -> None:
    """The delimiter takes one line end for itself; a body that ends in a soft break must not lose its own."""
    part = assemble(text=b"Hi=\r\n", html=b"Ho\r\n", attachments=(), contents={}, unique="1")
    source = "".join(f"{name}: {value}\r\n" for name, value in part.fields).encode() + b"\r\n" + part.body
    assert b"Hi=\r\n\r\n--" in source
    assert b"Ho\r\n--" in source
    assert [inner.get_payload(decode=True) for inner in parse(source).iter_parts()] == [b"Hi", b"Ho"]


def test_return_path_and_ids_of_the_envelope() -> None:
    """The envelope's sender names the message."""
    outbound = composer().compose(Letter(), inline(), None, unsigned(), {})
    assert outbound.sender.endswith("@bounces.shop.example")
    assert ReturnPaths(b"0123456789abcdef").parse(outbound.sender) == MESSAGE_ID
    assert outbound.header_message_id == "<msg_01k7ra5cy4fnf8z451pb1x9sfp@shop.example>"
    assert outbound.manual_domain
