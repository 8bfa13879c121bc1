"""Relaxed canonicalisation (RFC 6376 §3.4.2, §3.4.4), for any bytes.

What the composer builds is its own canonical form, so the hot path needs none of the body part.
"""

import re
from functools import lru_cache
from typing import Final

_FOLD: Final = re.compile(r"\r\n(?=[ \t])")
_BLANKS: Final = re.compile(r"[ \t]+")
_BODY_BLANKS: Final = re.compile(rb"[ \t]+")
_TRAILING: Final = re.compile(rb"[ \t]+(?=\r\n|\Z)")
_EMPTY_LINES: Final = re.compile(rb"(?:\r\n)+\Z")


@lru_cache(maxsize=1024)
def relaxed_header(name: str, value: str) -> str:
    """One field as it is hashed, without its line end. ``value`` may be folded. Half the fields are the same in every mail."""
    return f"{name.strip(' ' + chr(9)).lower()}:{relaxed_value(value)}"


def relaxed_value(value: str) -> str:
    """A field's value unfolded, its runs of blanks made one, none at its ends."""
    if "\r\n" in value:
        value = _FOLD.sub("", value)
    if "  " in value or "\t" in value:
        value = _BLANKS.sub(" ", value)
    return value.strip(" \r\n")


def relaxed_body(body: bytes) -> bytes:
    """A body as it is hashed: runs of blanks made one, none at line ends, no empty lines at the end.

    Bare CR and bare LF are none of the two line ends of a mail; they are hashed as they are.
    """
    if b" " in body or b"\t" in body:
        body = _BODY_BLANKS.sub(b" ", _TRAILING.sub(b"", body))
    body = _EMPTY_LINES.sub(b"", body)
    return body + b"\r\n" if body else b""
