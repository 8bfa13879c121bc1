"""From bytes to our structs, strictly, and from what is wrong to words that help.

The happy path is one call of msgspec (5 µs for a real order) and three scans for rare bytes. Everything that explains a
refusal runs only once something has been refused.
"""

import re
from typing import Any, Final, Generic, TypeVar

import msgspec

from posthouse.core.kernel.errors import PosthouseError, ValidationError, headline
from posthouse.http.errors import MalformedJsonError
from posthouse.http.explaining import field_problems

T = TypeVar("T")

MAX_DEPTH: Final = 64
"""Levels of nesting. Deeper JSON is no message: it is an attempt to exhaust somebody's stack."""

_NUL_OR_SURROGATE: Final = re.compile(rb"(?<!\\)(?:\\\\)*\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")
_ESCAPE: Final = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_BRACKET_OR_STRING: Final = re.compile(rb'"(?>(?:[^"\\]|\\.)*)"|[\[\]{}]', re.DOTALL)
_BYTE: Final = re.compile(r" ?\(byte (\d+)\)")


class Decoder(Generic[T]):
    """Decodes JSON bodies into one type.

    Args:
        type_: a msgspec Struct, or anything that msgspec can decode into.
    """

    def __init__(self, type_: Any) -> None:
        self._type = type_
        self._decode = msgspec.json.Decoder(type_).decode

    def __call__(self, body: bytes | msgspec.Raw) -> T:
        """The body as the type.

        Raises:
            MalformedJsonError: it is not JSON, not UTF-8, too deep, or holds NUL or half a surrogate pair.
            ValidationError: it is JSON, but not what is wanted; every bad field is named.
        """
        raw = bytes(body)
        check_text(raw)
        try:
            value: T = self._decode(raw)
        except msgspec.ValidationError as refusal:
            raise self._explained(raw, refusal) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as refusal:
            raise malformed(raw, refusal) from None
        return value

    def _explained(self, raw: bytes, refusal: msgspec.ValidationError) -> PosthouseError:
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as worse:
            if not isinstance(worse, msgspec.ValidationError):
                return malformed(raw, worse)
            value = None
        problems = field_problems(value, self._type, refusal)
        return ValidationError(headline(problems), fields=problems)


def check_text(raw: bytes) -> None:
    r"""Refuses what can neither be stored nor sent: ``\u0000``, half surrogate pairs, bottomless nesting."""
    if b"\\u" in raw and _NUL_OR_SURROGATE.search(raw):
        _check_escapes(raw)
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH:
        _check_depth(raw)


def _check_escapes(raw: bytes) -> None:
    """Walks all escapes: a high surrogate must be followed at once by a low one (RFC 8259 §7)."""
    expected_at = -1
    for escape in _ESCAPE.finditer(raw):
        digits = escape.group(1)
        code = int(digits, 16) if digits else -1
        low = 0xDC00 <= code <= 0xDFFF
        if code == 0:
            raise _at(raw, escape.start(), "the character NUL (\\u0000) is not allowed; leave it out")
        if low != (escape.start() == expected_at) or (expected_at >= 0 and not low):
            raise _at(raw, escape.start(), "half of a surrogate pair is not a character; send the text as UTF-8")
        expected_at = escape.end() if 0xD800 <= code <= 0xDBFF else -1
    if expected_at >= 0:
        raise _at(raw, expected_at, "half of a surrogate pair is not a character; send the text as UTF-8")


def _check_depth(raw: bytes) -> None:
    depth = 0
    for token in _BRACKET_OR_STRING.finditer(raw):
        letter = raw[token.start()]
        if letter in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise _at(raw, token.start(), f"the nesting is deeper than {MAX_DEPTH} levels; flatten the data")
        elif letter in b"]}":
            depth -= 1


def malformed(raw: bytes, refusal: Exception) -> MalformedJsonError:
    """Says where JSON stops being JSON: line and column, counted from 1, columns in characters."""
    if not raw.strip():
        return MalformedJsonError("The body is empty; send a JSON document.")
    if isinstance(refusal, RecursionError):
        return MalformedJsonError(f"The nesting is deeper than {MAX_DEPTH} levels; flatten the data.")
    try:
        raw.decode()
    except UnicodeDecodeError as broken:
        return _at(raw, broken.start, "this byte is not UTF-8; encode the whole body as UTF-8")
    words = str(refusal)
    if found := _BYTE.search(words):
        reason = _BYTE.sub("", words).removeprefix("JSON is malformed: ")
        return _at(raw, int(found.group(1)), reason)
    return _at(raw, len(raw), "the document ends too early" if "truncated" in words else words)


def _at(raw: bytes, offset: int, reason: str) -> MalformedJsonError:
    before = raw[:offset]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
    return MalformedJsonError(f"Line {line}, column {column}: {reason}.")
