"""Reading mails for showing: nothing that a mail contains may stop it."""

from email.message import EmailMessage

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.testing.mailbox.reading import decoded, links_of, read, summarise
from posthouse.testing.mailbox.showing import MAIL_CSP, page_of
from posthouse.testing.mailbox.source import Mail


def mail(content: bytes, **changes) -> Mail:
    return msgspec.structs.replace(
        Mail("mail_1", 1_700_000_000_000_000, "bounce@shop.example", ("Ann@X.example",), content), **changes
    )


def order_mail() -> bytes:
    message = EmailMessage()
    message["From"] = "Café Shop <shop@shop.example>"
    message["To"] = "Ann Ünal <ann@x.example>, bob@x.example"
    message["Subject"] = "Commande nº 7"
    message["DKIM-Signature"] = "v=1; a=ed25519-sha256; d=shop.example; s=ph1; h=from:to; b=xx"
    message.set_content("Bonjour\n")
    message.add_alternative('<html><body><a href="https://s.example/7?a=1&amp;b=2">7</a></body></html>', subtype="html")
    message.get_payload()[1].add_related(b"PNG", "image", "png", cid="<logo>")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="reçu.pdf")
    return message.as_bytes()


def test_a_mail_is_taken_apart():
    """Headers decoded, both bodies, files with their names, links and signatures."""
    reading = read(mail(order_mail()))
    assert ("Subject", "Commande nº 7") in reading.headers
    assert reading.text == "Bonjour\n"
    assert reading.html is not None
    assert [(file.n, file.name, file.content_id) for file in reading.files] == [
        (1, "part-1", "logo"),
        (2, "reçu.pdf", ""),
    ]
    assert reading.bodies[2] == b"%PDF"
    assert reading.links == ["https://s.example/7?a=1&b=2"]
    assert [(one.domain, one.selector, one.algorithm) for one in reading.signatures] == [
        ("shop.example", "ph1", "Ed25519-SHA256")
    ]
    assert reading.defects == []


def test_the_row_of_a_mail_names_people_and_finds_them_in_lower_case():
    """Envelope and header recipients count alike."""
    row = summarise(mail(order_mail()))
    assert row.sender == "Café Shop <shop@shop.example>"
    assert row.to == ["Ann Ünal <ann@x.example>", "bob@x.example"]
    assert row.recipients == ["ann@x.example", "bob@x.example"]


def test_a_mail_without_headers_is_shown_by_its_envelope():
    """There is always a row."""
    row = summarise(mail(b"\r\nhello"))
    assert (row.sender, row.to, row.subject) == ("bounce@shop.example", ["Ann@X.example"], "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no header at all",
        b"Subject: =?nonsense?b?////?= =?utf-8?q?=ZZ?=\r\n\r\nx",
        b"Content-Type: multipart/mixed; boundary=none\r\n\r\nlost",
        b"Content-Type: text/html; charset=klingon\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!!",
        b"Content-Type: text/plain; charset=\xff\xfe\r\nFrom: \xff\xff <\xe9@x>\r\n\r\n\xff",
        b"To: " + b"a" * 10_000 + b"\r\nX: " + b"\x00\x1b[31m" * 1000 + b"\r\n\r\nx",
        b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(3_000)),
        b"Content-Disposition: attachment; filename*=utf-8''%ff%fe\x0d\r\n\r\nx",
        b"DKIM-Signature: ;;;===;d\r\nFrom: =?utf-8?b?" + b"A" * 9_999 + b"?=\r\n\r\nx",
    ],
)
def test_hostile_mails_are_shown_as_well_as_can_be(content):
    """No exception, and every text can be sent as JSON or as a page."""
    row, reading = summarise(mail(content)), read(mail(content))
    assert row.id == "mail_1"
    assert reading.html is not None or reading.text is not None or reading.files
    page_of(reading).encode("utf-8", "replace")


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=400), st.binary(max_size=200))
def test_no_bytes_break_the_reading(head, body):
    """Whatever arrives: a row and a reading."""
    content = b"Subject: " + head + b"\r\nContent-Type: text/html; charset=" + head[:9] + b"\r\n\r\n" + body
    assert summarise(mail(content)).size == len(content)
    read(mail(content))


@given(st.text(max_size=80))
def test_headers_lose_control_characters(text):
    """A header shown to people cannot draw on their screen."""
    assert all(letter.isprintable() or letter == "\t" for letter in decoded(text))


def test_inline_pictures_stand_in_the_page_and_links_open_a_tab():
    """``cid:`` becomes the picture itself; the base is put where it does not change the rendering mode."""
    message = EmailMessage()
    message.set_content('<!doctype html><html><head><title>x</title></head><img src="cid:logo">', subtype="html")
    message.add_related(b"PNG", "image", "png", cid="<logo>")
    page = page_of(read(mail(message.as_bytes())))
    assert page.startswith('<!doctype html><html><head><base target="_blank"><title>')
    assert 'src="data:image/png;base64,UE5H"' in page


def test_an_unknown_or_foreign_inline_file_stays_as_it_is():
    """Only pictures are put in place: an HTML part named by ``cid:`` is not."""
    message = EmailMessage()
    message.set_content('<img src="cid:other"><img src="cid:page">', subtype="html")
    message.add_related(b"<script>", "application", "xhtml+xml", cid="<page>")
    page = page_of(read(mail(message.as_bytes())))
    assert "cid:other" in page
    assert "cid:page" in page


def test_the_mail_page_may_do_nothing():
    """No scripts, no forms, no origin of its own to reach the mailbox from."""
    assert "default-src 'none'" in MAIL_CSP
    assert "allow-scripts" not in MAIL_CSP
    assert "allow-same-origin" not in MAIL_CSP


def test_links_are_found_in_broken_html():
    """Each once, in order."""
    assert links_of('<a href="b">x<a href=a><area href="b"><a>') == ["b", "a"]
