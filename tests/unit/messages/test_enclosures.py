"""What a template declares travels with its messages, made when they are sent or shown, the same each time."""

from email import message_from_bytes
from email.policy import default

import icalendar
from tests.unit.messages.scene import Scene

from posthouse.core.messages.uploads import make_upload_id
from posthouse.core.templates.folder import read_folder

TERMS = b"Terms of sale"
UPLOAD, DIGEST = make_upload_id(TERMS)
TOML = f"""
subject = "Booking"
[[attachments]]
kind = "pdf"
name = "ticket-{{{{ number }}}}.pdf"
[[attachments]]
kind = "calendar"
uid = "{{{{ number }}}}@shop.example"
start = "2026-04-01"
summary = "Table"
[[attachments]]
kind = "qr"
id = "ticket"
data = "{{{{ number }}}}"
show_if = "number"
[[attachments]]
kind = "file"
name = "terms.txt"
type = "text/plain"
upload = "{UPLOAD}"
"""
FILES = {
    "template.toml": TOML.encode(),
    "email.en.html": b'<p>Booking {{ number }}</p><img src="cid:ticket" alt="">',
    "pdf.en.html": b'<h1>{{ number }}</h1><img src="cid:ticket">',
    "sample.json": b'{"number": "A-1"}',
}


async def test_a_mail_brings_what_its_template_declares(scene: Scene) -> None:
    """Beside the HTML what the mail shows, after it the files; the same bytes when asked again."""
    house = scene.house
    await house.store.add_blob(scene.caller.workspace_id, DIGEST, TERMS, 0)
    await house.templates.push(scene.caller.workspace_id, read_folder(FILES, "booking"), publish=True)
    receipt = await scene.accepted(template="booking", variables={"number": "B-7"})
    message_id = receipt.message_id
    content = await house.messages.content(scene.caller.workspace_id, message_id)
    again = await house.messages.content(scene.caller.workspace_id, message_id)
    assert content.source == again.source
    assert [one.name for one in content.attachments] == ["ticket-B-7.pdf", "invite.ics", "ticket.png", "terms.txt"]
    mail = message_from_bytes(content.source, policy=default)
    parts = {part.get_filename(): part for part in mail.walk() if part.get_filename()}
    assert parts["ticket-B-7.pdf"].get_content().startswith(b"%PDF-")
    assert parts["terms.txt"].get_content() == TERMS.decode()
    assert (parts["ticket.png"]["Content-ID"], parts["ticket.png"].get_content_disposition()) == ("<ticket>", "inline")
    calendar = parts["invite.ics"]
    assert (calendar.get_content_type(), calendar.get_param("method")) == ("text/calendar", "PUBLISH")
    assert str(icalendar.Calendar.from_ical(calendar.get_content()).walk("VEVENT")[0]["UID"]) == "B-7@shop.example"
