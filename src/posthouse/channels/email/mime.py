"""The body of a mail: parts, and their nesting (RFC 2045, RFC 2046), as bytes that need no dot-stuffing.

Every part ends with one CRLF, which the following delimiter takes as its own; encoded bodies never hold ``=_``, with
which each boundary begins, nor a line that begins with a dot.
"""

import re
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from posthouse.channels.email.headers import refuse_controls
from posthouse.channels.email.words import parameter
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.messages.model import Attachment

_BASE64_LINE: Final = 76
_WORD: Final = r"[A-Za-z0-9!#$&^_.+-]{1,64}"
_TYPE: Final = re.compile(rf"({_WORD})/{_WORD}((?:; ?{_WORD}=(?:{_WORD}|\"[A-Za-z0-9!#$&^_.+/ :-]{{1,64}}\")){{0,4}})")
_CONTENT_ID: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]{1,200}")
_NEVER_ENCODED: Final = frozenset({"multipart", "message"})
_OCTETS: Final = "application/octet-stream"


class Part(NamedTuple):
    """A part: its fields as sent, and its encoded body, ending with CRLF."""

    fields: tuple[tuple[str, str], ...]
    body: bytes


_QP: Final = ("Content-Transfer-Encoding", "quoted-printable")
_TEXT_FIELDS: Final = (("Content-Type", "text/plain; charset=utf-8"), _QP)
_HTML_FIELDS: Final = (("Content-Type", "text/html; charset=utf-8"), _QP)


def assemble(
    *,
    text: bytes | None,
    html: bytes | None,
    attachments: Sequence[Attachment],
    contents: Mapping[bytes, bytes],
    unique: str,
) -> Part:
    """The whole body with only the levels it needs: mixed(alternative(text, related(html, images)), files).

    Args:
        text: quoted-printable, or None for none.
        html: quoted-printable, or None for none.
        attachments: those with a content id go beside the HTML, when there is any.
        contents: their bytes, by digest.
        unique: letters and digits that no other message has, for the boundaries.

    Raises:
        ValidationError: an attachment without bytes, or with a name or content id that cannot be written.
    """
    body = Part(_TEXT_FIELDS, text) if text is not None else None
    inline: list[Part] = []
    files: list[Part] = []
    for place, attachment in enumerate(attachments):
        beside_html = bool(attachment.content_id) and html is not None
        (inline if beside_html else files).append(_file(attachment, place, contents, beside_html))
    if html is not None:
        rich = Part(_HTML_FIELDS, html)
        if inline:
            rich = _multipart('related; type="text/html"', f"=_r{unique}", (rich, *inline))
        body = rich if body is None else _multipart("alternative", f"=_a{unique}", (body, rich))
    if body is None:
        body = Part(_TEXT_FIELDS, b"\r\n")
    return _multipart("mixed", f"=_m{unique}", (body, *files)) if files else body


def _multipart(kind: str, boundary: str, parts: Sequence[Part]) -> Part:
    line = b"--" + boundary.encode() + b"\r\n"
    pieces: list[bytes] = []
    for part in parts:
        pieces.append(line)
        pieces.append(_field_block(part.fields))
        pieces.append(part.body)
        if part.body.endswith(b"=\r\n"):
            pieces.append(b"\r\n")  # the soft line break keeps its own line end, the delimiter gets another
    pieces.append(line[:-2] + b"--\r\n")
    return Part((("Content-Type", f'multipart/{kind};\r\n boundary="{boundary}"'),), b"".join(pieces))


_BLOCKS: Final[dict[tuple[tuple[str, str], ...], bytes]] = {
    fields: "".join([f"{name}: {value}\r\n" for name, value in fields]).encode() + b"\r\n"
    for fields in (_TEXT_FIELDS, _HTML_FIELDS)
}


def _field_block(fields: tuple[tuple[str, str], ...]) -> bytes:
    return _BLOCKS.get(fields) or "".join([f"{name}: {value}\r\n" for name, value in fields]).encode() + b"\r\n"


def _file(attachment: Attachment, place: int, contents: Mapping[bytes, bytes], beside_html: bool) -> Part:
    pointer = f"/attachments/{place}"
    data = contents.get(attachment.digest)
    if data is None:
        raise _refused(
            pointer, f"the bytes of {attachment.name!r} are no longer kept; send it again with a new message"
        )
    refuse_controls(attachment.name, f"{pointer}/name", "The file name")
    disposition = "inline" if beside_html else "attachment"
    if attachment.name:
        disposition += parameter("filename", attachment.name)
    fields = [
        ("Content-Type", media_type(attachment.type)),
        ("Content-Transfer-Encoding", "base64"),
        ("Content-Disposition", disposition),
    ]
    if attachment.content_id:
        if not _CONTENT_ID.fullmatch(attachment.content_id):
            raise _refused(f"{pointer}/inline_id", "an inline id has letters, digits, dots and hyphens only")
        fields.append(("Content-ID", f"<{attachment.content_id}>"))
    return Part(tuple(fields), base64_lines(data))


def media_type(declared: str) -> str:
    """The type to write: the declared one if well formed and allowed in base64 (RFC 2046 §5.2), else octets."""
    found = _TYPE.fullmatch(declared)
    if found is None or found[1].lower() in _NEVER_ENCODED:
        return _OCTETS
    media, semicolon, parameters = declared.partition(";")
    return f"{media}{semicolon}\r\n {parameters.lstrip()}" if semicolon else media


def base64_lines(data: bytes) -> bytes:
    """Base64 in lines of 76, each ended by CRLF; one empty line for no bytes at all."""
    text = b2a_base64(data, newline=False)
    lines = [text[at : at + _BASE64_LINE] for at in range(0, len(text), _BASE64_LINE)]
    lines.append(b"")
    return b"\r\n".join(lines) if text else b"\r\n"


def _refused(pointer: str, detail: str) -> ValidationError:
    return ValidationError("An attachment cannot be sent.", fields=[FieldProblem(pointer, detail)])
