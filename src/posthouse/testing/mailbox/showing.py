"""A mail's HTML as a page of its own: no scripts, nothing loaded but pictures, no way back to the mailbox."""

import base64
import re
from typing import Final

from posthouse.testing.mailbox.reading import Reading

MAIL_CSP: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
"""``sandbox`` gives the mail an origin of its own and forbids scripts; a link that a person clicks opens a new tab."""

_BASE: Final = '<base target="_blank">'
_HEAD: Final = re.compile(r"<head(?:\s[^>]*)?>", re.IGNORECASE)
_HTML: Final = re.compile(r"<html(?:\s[^>]*)?>", re.IGNORECASE)
_DOCTYPE: Final = re.compile(r"<!doctype[^>]*>", re.IGNORECASE)
_CID: Final = re.compile(r"cid:([^\"'\s)>]+)", re.IGNORECASE)
_PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml", "image/avif"})


def page_of(reading: Reading) -> str:
    """The HTML with inline pictures (``cid:``) put in place and links that open a tab of their own."""
    html = _CID.sub(lambda found: _picture(reading, found[1]) or found[0], reading.html or "")
    for landmark in (_HEAD, _HTML, _DOCTYPE):
        found = landmark.search(html)
        if found is not None:
            return html[: found.end()] + _BASE + html[found.end() :]
    return _BASE + html


def _picture(reading: Reading, content_id: str) -> str | None:
    for file in reading.files:
        if file.content_id == content_id and file.type in _PICTURES:
            return f"data:{file.type};base64,{base64.b64encode(reading.bodies[file.n]).decode('ascii')}"
    return None
