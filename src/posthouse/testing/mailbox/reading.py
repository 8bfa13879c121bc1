"""Reads a mail for showing. Nothing that a mail contains may stop it: what cannot be read is shown as it is.

The standard library's parser does the work under its old policy (``compat32``): the new one raises on many
broken headers. What it decodes is text for people, not protocol.
"""

import email.message
import email.parser
import email.policy
import email.utils
import re
from email.header import decode_header
from html.parser import HTMLParser
from typing import Final

import msgspec

from posthouse.core.kernel.references import bounded
from posthouse.testing.mailbox.source import Mail

_FOLD: Final = re.compile(r"\r?\n[ \t]*")
_HEAD_LIMIT: Final = 1024 * 1024
_READABLE: Final = frozenset({"text/plain", "multipart/mixed", "multipart/alternative", "multipart/related"})
"""Shown as text; a multipart only gets here when its parts could not be found."""
_ALGORITHMS: Final = {"rsa-sha256": "RSA-SHA256", "ed25519-sha256": "Ed25519-SHA256", "rsa-sha1": "RSA-SHA1 (obsolete)"}


class Signature(msgspec.Struct, frozen=True):
    """A DKIM signature as it stands in the header (RFC 6376 §3.5). It is shown, not verified: that needs the DNS."""

    domain: str
    selector: str
    algorithm: str
    headers: list[str]


class File(msgspec.Struct, frozen=True):
    """An attachment or inline file; ``n`` counts from 1."""

    n: int
    name: str
    type: str
    size: int
    content_id: str


class Summary(msgspec.Struct, frozen=True):
    """One row of the list."""

    id: str
    sender: str
    to: list[str]
    subject: str
    received_at: int
    size: int
    recipients: list[str]
    """Envelope and header recipients in lower case: what a search for an address looks at."""


class Reading(msgspec.Struct):
    """A mail taken apart."""

    headers: list[tuple[str, str]]
    html: str | None = None
    text: str | None = None
    files: list[File] = []
    signatures: list[Signature] = []
    links: list[str] = []
    bodies: dict[int, bytes] = {}
    """The bytes of each file by its number."""
    defects: list[str] = []


def decoded(value: str) -> str:
    """A header for people: unfolded, encoded words (RFC 2047) decoded, control characters made visible."""
    flat = _FOLD.sub(" ", value)
    try:
        pieces = decode_header(flat)
    except Exception:  # noqa: BLE001 - a hostile header must not break the page
        return _visible(flat)
    return _visible("".join(_piece(piece, charset) for piece, charset in pieces))


def summarise(mail: Mail) -> Summary:
    """The row of a mail; reads the header only."""
    head, _, _ = mail.content[:_HEAD_LIMIT].partition(b"\r\n\r\n")
    headers = _headers(email.parser.BytesHeaderParser(policy=email.policy.compat32).parsebytes(head + b"\r\n\r\n"))
    to = [value for name, value in headers if name.lower() == "to"]
    copies = [value for name, value in headers if name.lower() in {"to", "cc"}]
    addresses = {address.lower() for _, address in _addresses(copies) if address}
    return Summary(
        id=mail.id,
        sender=_first(headers, "from") or mail.sender or "<>",
        to=[part for value in to for part in _people(value)] or list(mail.recipients),
        subject=_first(headers, "subject"),
        received_at=mail.received_at,
        size=len(mail.content),
        recipients=sorted(addresses | {address.lower() for address in mail.recipients}),
    )


def read(mail: Mail) -> Reading:
    """Takes a mail apart; a mail that cannot be is shown as one text."""
    try:
        return _read(email.message_from_bytes(mail.content, policy=email.policy.compat32))
    except Exception as error:  # noqa: BLE001 - a hostile mail (nesting, charsets…) must not break the page
        text = mail.content.decode("utf-8", "replace")
        return Reading(
            headers=[], text=text, defects=[f"not readable as MIME ({type(error).__name__}); see the source"]
        )


def _read(message: email.message.Message) -> Reading:
    reading = Reading(headers=_headers(message), files=[], bodies={}, defects=[])
    reading.signatures = [_signature(value) for name, value in reading.headers if name.lower() == "dkim-signature"]
    for part in message.walk():
        reading.defects.extend(type(defect).__name__ for defect in part.defects)
        if not part.is_multipart():
            _sort_in(reading, part)
    if reading.html is not None:
        reading.links = links_of(reading.html)
    return reading


def _sort_in(reading: Reading, part: email.message.Message) -> None:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    kind = part.get_content_type()
    attached = part.get_content_disposition() == "attachment" or part.get_filename() is not None
    if kind == "text/html" and reading.html is None and not attached:
        reading.html = _text(data, part)
    elif kind in _READABLE and reading.text is None and not attached:
        reading.text = _text(data, part)
    else:
        n = len(reading.files) + 1
        name = decoded(part.get_filename() or "") or f"part-{n}"
        content_id = str(part.get("Content-ID", "")).strip().strip("<>")
        reading.files.append(File(n, name, kind, len(data), content_id))
        reading.bodies[n] = data


def _text(data: bytes, part: email.message.Message) -> str:
    charset = part.get_content_charset() or "utf-8"
    try:
        return data.decode(charset, "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def _headers(message: email.message.Message) -> list[tuple[str, str]]:
    raw = getattr(message, "_headers", None)  # items() wraps 8-bit values in Header objects, which lose them
    pairs = raw if isinstance(raw, list) else message.items()
    return [(str(name), decoded(_eight_bit(str(value)))) for name, value in pairs]


def _eight_bit(value: str) -> str:
    """Bytes over 127 that the parser smuggled in as surrogates, read as UTF-8 (RFC 6532)."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _piece(piece: bytes | str, charset: str | None) -> str:
    if isinstance(piece, str):
        return piece
    try:
        return piece.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return piece.decode("utf-8", "replace")


def _visible(value: str) -> str:
    return "".join(
        letter if letter.isprintable() or letter == "\t" else "\N{REPLACEMENT CHARACTER}" for letter in value
    )


def _first(headers: list[tuple[str, str]], name: str) -> str:
    return next((value for header, value in headers if header.lower() == name), "")


def _addresses(values: list[str]) -> list[tuple[str, str]]:
    try:
        return email.utils.getaddresses(values)
    except Exception:  # noqa: BLE001 - as above
        return []


def _people(value: str) -> list[str]:
    pairs = _addresses([value])
    if not pairs or not all("@" in address for _, address in pairs):
        return [value]  # no list of addresses: shown as it was written
    return [f"{name} <{address}>" if name else address for name, address in pairs]


def _signature(value: str) -> Signature:
    pairs = (tag.partition("=") for tag in value.split(";"))
    tags = {name.strip(): "".join(word.split()) for name, _, word in pairs}
    algorithm = tags.get("a", "")
    return Signature(
        tags.get("d", ""),
        tags.get("s", ""),
        _ALGORITHMS.get(algorithm.lower(), algorithm),
        [name for name in tags.get("h", "").split(":") if name],
    )


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"a", "area"}:
            self.found.update({value: None for name, value in attrs if name == "href" and value})


def links_of(html: str) -> list[str]:
    """Where the links of an HTML text lead, each once, in order: what an end-to-end test clicks on."""
    parser = _Links()
    try:
        parser.feed(bounded(html))
        parser.close()
    except Exception:  # noqa: BLE001 - as above
        return list(parser.found)
    return list(parser.found)
