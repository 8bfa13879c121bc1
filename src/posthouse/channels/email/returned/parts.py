"""A reader of MIME that survives anything: it never raises, and its time grows with the bytes and no faster.

The standard library's reader keeps every attachment and follows every nesting; of a returned mail we want the words of
people and machines near its top. So: the first megabyte, twelve levels, two hundred parts, text only.
"""

import binascii
import re
from typing import Final

import msgspec

from posthouse.core.kernel.references import resolved

MOST_BYTES: Final = 1 << 20
_MOST_PARTS: Final = 200
_DEEPEST: Final = 12
_MOST_HEADER: Final = 1 << 16
_MOST_TEXT: Final = 1 << 18
_FIELD: Final = re.compile(rb"([!-9;-~]{1,76})[ \t]*:[ \t]*(.*)", re.DOTALL)
_PARAMETER: Final = re.compile(r"""boundary\s{0,9}=\s{0,9}(?:"([^"\n]{1,200})"|([^\s;"]{1,200}))""", re.IGNORECASE)
_CHARSET: Final = re.compile(r"""charset\s{0,9}=\s{0,9}"?([\w.:+-]{1,40})""", re.IGNORECASE)
# Some of Python's codecs are no charsets of mail and take quadratic time (punycode, idna).
_KNOWN_CHARSET: Final = re.compile(
    r"iso|windows|cp\d|koi8|gb|big5|euc|shift|sjis|utf|ks_?c|mac|latin|tis", re.IGNORECASE
)
_LONE_BOUNDARY: Final = re.compile(rb"\A\s{0,20}(?:[^\n]{0,200}\n){0,4}?--([^\s]{4,200})\nContent-", re.IGNORECASE)
_ENCODED: Final = re.compile(r"=\?([\w-]{1,40})\?([bq])\?([^?\s]{0,400})\?=", re.IGNORECASE)
_BREAKING: Final = re.compile(r"<(?:br|/p|/div|/tr|/li|/h\d|/td)\b[^<>]{0,200}>", re.IGNORECASE)
_TAG: Final = re.compile(r"<[a-z!/][^<>]{0,2000}>", re.IGNORECASE)
_HIDDEN: Final = re.compile(r"<(style|script|title)\b[^<>]{0,500}>[^<]{0,20000}", re.IGNORECASE)


class Fields(msgspec.Struct, frozen=True):
    """Header fields, names in lower case, unfolded and readable."""

    pairs: tuple[tuple[str, str], ...] = ()

    def first(self, name: str) -> str:
        """The first field of that name, empty when there is none."""
        return next((value for key, value in self.pairs if key == name), "")

    @property
    def subject(self) -> str:
        """The beginning of the subject."""
        return self.first("subject")[:500]

    def all(self, name: str) -> list[str]:
        """Every field of that name."""
        return [value for key, value in self.pairs if key == name]


class Part(msgspec.Struct, frozen=True):
    """A leaf of the mail."""

    kind: str
    """Media type in lower case."""
    fields: Fields
    text: str
    """Decoded; of HTML the words only."""


def read_mail(raw: bytes) -> tuple[Fields, list[Part]]:
    """The header fields of a mail and its leaves in order."""
    mail = raw[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").lstrip(b"\n \t\xef\xbb\xbf")
    if mail.startswith((b"From ", b">From ")):
        mail = mail.partition(b"\n")[2]
    fields, body = split_fields(mail)
    parts: list[Part] = []
    _walk(fields, body, parts, 0)
    return fields, parts


def split_fields(entity: bytes) -> tuple[Fields, bytes]:
    """The fields and what follows the blank line; a line that is no field ends them too, unless it stands alone."""
    pairs: list[tuple[bytes, bytes]] = []
    position, odd = 0, 0
    while position < len(entity) and position < _MOST_HEADER:
        end = entity.find(b"\n", position)
        end = len(entity) if end < 0 else end
        line = entity[position:end]
        if not line.strip():
            return _readable(pairs), entity[end + 1 :]
        found = _FIELD.match(line)
        if line[:1] in b" \t" and pairs:
            # Joined below: a bytes sum for each line would be quadratic.
            pairs.append((b"", line.strip()))
        elif found:
            pairs.append((found[1], found[2]))
        else:
            odd += 1
            if odd > 2 or not pairs:
                return _readable(pairs), entity[position:]
        position = end + 1
    return _readable(pairs), entity[position:]


def _readable(pairs: list[tuple[bytes, bytes]]) -> Fields:
    joined: list[tuple[str, list[bytes]]] = []
    for name, value in pairs:
        if name:
            joined.append((name.decode("ascii").lower(), [value]))
        else:
            joined[-1][1].append(value)
    return Fields(tuple((name, _decode_words(_text(b" ".join(lines), ""))) for name, lines in joined))


def _walk(fields: Fields, body: bytes, parts: list[Part], depth: int) -> None:
    if len(parts) >= _MOST_PARTS:
        return
    declared = fields.first("content-type")
    kind = declared.partition(";")[0].strip().lower() or "text/plain"
    boundary = _boundary(declared, kind, body)
    if boundary and depth < _DEEPEST:
        preamble, *inner = _split(body, boundary)
        if preamble.strip() and not inner:
            parts.append(Part("text/plain", fields, _text(preamble[:_MOST_TEXT], "")))
        for entity in inner:
            _walk(*split_fields(entity), parts, depth + 1)
        return
    if kind.startswith(("text/", "message/", "multipart/")) or "/" not in kind:
        text = _text(_transfer(fields, body[:_MOST_TEXT]), declared)
        parts.append(Part(kind, fields, _words_of(text) if kind == "text/html" else text))


def _boundary(declared: str, kind: str, body: bytes) -> bytes:
    """The boundary told by the fields, or one that the body shows although the fields do not tell it."""
    if kind.startswith("multipart/"):
        found = _PARAMETER.search(declared)
        if found:
            told = (found[1] or found[2]).encode("utf-8", "replace")
            if b"--" + told in body:
                return told
    elif kind != "text/plain" or b"\n--" not in b"\n" + body[:2000]:
        return b""
    lone = _LONE_BOUNDARY.search(body[:2000])
    return lone[1] if lone else b""


def _split(body: bytes, boundary: bytes) -> list[bytes]:
    """The preamble and the parts (RFC 2046 §5.1.1); a missing closing line is forgiven, an epilogue is dropped."""
    pieces = (b"\n" + body).split(b"\n--" + boundary, _MOST_PARTS + 1)
    inner: list[bytes] = [pieces[0]]
    for piece in pieces[1 : _MOST_PARTS + 1]:
        if piece.startswith(b"--"):
            break
        rest, _, entity = piece.partition(b"\n")
        if not rest.strip():
            inner.append(entity)
    return inner


def _transfer(fields: Fields, body: bytes) -> bytes:
    encoding = fields.first("content-transfer-encoding").strip().lower()
    try:
        if encoding == "quoted-printable":
            return binascii.a2b_qp(body)
        if encoding == "base64":
            letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body)
            return binascii.a2b_base64(letters[: len(letters) // 4 * 4] + _padded(letters[len(letters) // 4 * 4 :]))
    except (binascii.Error, ValueError):
        return body
    return body


def _padded(rest: bytes) -> bytes:
    return rest + b"=" * (-len(rest) % 4) if len(rest) > 1 else b""


def _text(data: bytes, declared: str) -> str:
    """Text in the charset that is declared; else UTF-8; else each byte a letter. Never fails."""
    if b"\x1b$" in data:
        return data.decode("iso2022_jp", "replace")
    found = _CHARSET.search(declared)
    if found and _KNOWN_CHARSET.match(found[1]) and not _is_utf8(data):
        try:
            return data.decode(found[1], "replace")
        except (LookupError, ValueError):
            pass
    return data.decode("utf-8") if _is_utf8(data) else data.decode("latin-1")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _decode_words(value: str) -> str:
    """RFC 2047 encoded words; what cannot be decoded stays as it is."""
    if "=?" not in value:
        return value
    return _ENCODED.sub(_decode_word, value[:_MOST_HEADER])


def _decode_word(found: re.Match[str]) -> str:
    data = found[3].encode("ascii", "replace")
    try:
        data = binascii.a2b_base64(data) if found[2] in "bB" else binascii.a2b_qp(data, header=True)
    except (binascii.Error, ValueError):
        return found[0]
    return _text(data, f"charset={found[1]}")


def _words_of(text: str) -> str:
    """The words of HTML, roughly: nothing is shown to anybody, only looked at."""
    text = _HIDDEN.sub(" ", text[:_MOST_TEXT])
    return resolved(_TAG.sub(" ", _BREAKING.sub("\n", text)))
