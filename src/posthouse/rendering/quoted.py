"""Quoted-printable (RFC 2045 §6.7) with the promises of the wire form.

On top of what the RFC demands, a blank after a blank, a tab, a blank at a line's end and a dot at a line's start are
encoded too: relaxed and simple body canonicalisation (RFC 6376 §3.4) are then the same bytes, and dot-stuffing
(RFC 5321 §4.5.2) finds nothing to do.
"""

import binascii
import re
from typing import Final

from posthouse.rendering.controls import without_controls

SLASH: Final = "&#x2f;"
"""How minijinja escapes a slash in HTML: needless in text and quoted attributes, and ugly in addresses."""
SOFT: Final = "=\r\n"
_ROOM: Final = 75
_QUOTED_CONTROL: Final = re.compile(rb"=(?:[01]|7F)")
_NON_ASCII: Final = re.compile(r"[^\x00-\x7f]+")
_TAG_OPENING: Final = re.compile(r"\{(?=[{%#])")
_LINES: Final = re.compile(r"(?=.{76}).{73}(?:[^=]{2}|[^=](?==)|(?==))|.+", re.DOTALL)
"""A long line cut at the 75th character, never within an escape; what is left when no more than that is left."""
_EMPTY: Final = b"=0D=0A=\r\n"
"""An empty body: a line that canonicalisation cannot see as empty."""


def plain_body(text: str) -> str:
    """What a reader sees: no control characters, no blanks at the end, exactly one line feed at the end."""
    return without_controls(text).rstrip(" \t\n") + "\n"


def quote_values(values: list[str], *, html: bool) -> list[bytes]:
    """Encodes values that each stand on a line of their own, all at once where they are harmless; long ones are folded one by one.

    One call into C for all of them, as lines of one text: a value that is not one line changes their number.
    """
    text = "\n".join(values)
    if html:
        text = text.replace(SLASH, "/")
    # binascii lets carriage returns through as they are, and takes one before a line feed for a part of the line's end.
    if "  " not in text and "\t" not in text and "\r" not in text and "\n." not in text and text[:1] != ".":
        octets = binascii.b2a_qp(text.encode("utf-8", "replace"))
        quoted = octets.replace(b"=\n", b"").split(b"\n")
        if len(quoted) == len(values) and not _QUOTED_CONTROL.search(octets):
            if max(map(len, quoted)) <= _ROOM:
                return quoted
            return [one if len(one) <= _ROOM else _alone(values[at], html=html) for at, one in enumerate(quoted)]
    return [_alone(value, html=html) for value in values]


def _alone(value: str, *, html: bool) -> bytes:
    return quote(value.replace(SLASH, "/") if html else value).encode("ascii")


def quote(text: str) -> str:
    """Encodes text that starts at a line's start. The last line leaves room for a soft line break after it."""
    return _folded(without_controls(text).replace("=", "=3D"))


def quote_piece(text: str) -> str:
    """Encodes a constant piece so that it starts and ends at a line's start, and holds no opening of a tag."""
    quoted = _folded(_TAG_OPENING.sub("=7B", without_controls(text).replace("=", "=3D")))
    return quoted if not quoted or quoted.endswith("\r\n") else quoted + SOFT


def _folded(text: str) -> str:
    if not text.isascii():
        text = _NON_ASCII.sub(_hexadecimal, text)
    if "\t" in text:
        text = text.replace("\t", "=09")
    text = text.replace("  ", " =20").replace(" \n", "=20\n")
    return "\r\n".join([_fold(line) if len(line) > _ROOM or line[:1] == "." else line for line in text.split("\n")])


def finish(wire: bytes) -> bytes:
    """Takes blanks and line breaks off the end and puts exactly one CRLF there."""
    end = len(wire)
    while end:
        if wire.endswith((b"=\r\n", b"=20", b"=09"), 0, end):
            end -= 3
        elif wire.endswith(b"\r\n", 0, end):
            end -= 2
        elif wire.endswith(b" ", 0, end):
            end -= 1
        elif end + 2 == len(wire) and wire.endswith(b"\r\n"):
            return wire
        else:
            return wire[:end] + b"\r\n"
    return _EMPTY


def encode_body(text: str) -> bytes:
    """A whole body at once."""
    return finish(quote(text).encode("ascii"))


def _hexadecimal(found: re.Match[str]) -> str:
    return "=" + found[0].encode("utf-8", "replace").hex("=").upper()


def _fold(line: str) -> str:
    lines = _LINES.findall(line)
    if any(cut[0] == "." for cut in lines):
        return _fold_with_dots(line)
    return "=\r\n".join(lines)


def _fold_with_dots(line: str) -> str:
    """The same where a dot would come to stand at a line's start."""
    lines, at, length = [], 0, len(line)
    while True:
        dot = line.startswith(".", at)
        head, at, room = ("=2E", at + 1, _ROOM - 3) if dot else ("", at, _ROOM)
        if length - at <= room:
            lines.append(head + line[at:])
            return "=\r\n".join(lines)
        end = at + room
        if line[end - 1] == "=":
            end -= 1
        elif line[end - 2] == "=":
            end -= 2
        lines.append(head + line[at:end])
        at = end
