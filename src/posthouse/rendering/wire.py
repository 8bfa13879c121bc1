"""Turns a program into one that prints quoted-printable (docs/explain/wire-form.md).

Constant pieces are encoded at publish; each printed expression stands between two marks, so that after a render one
split leaves only the values to encode. Constructs that take hold of what was printed (a filter block, a set block, a
macro, a call) would see encoded text, so a program with one of them has no wire form and is encoded as a whole.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from posthouse.rendering import quoted
from posthouse.rendering.tags import Kind, Piece, resolved

MARK: Final = "\x01"
"""Stands around each printed expression. No program holds it elsewhere, and variables that do take the general path."""

_ESCAPED_MARK: Final = b"\\u0001"
_CAPTURES: Final = frozenset({"filter", "macro", "call", "block", "extends", "include", "import", "from", "do"})
_REENTERS: Final = re.compile(r"\b(?:recursive|super|caller|self)\b|\bloop\s*\(")


def wire_program(source: str) -> str | None:
    """The program that prints wire form, None when the source takes hold of its own output."""
    listed = resolved(source)
    if any(_captures(piece) for piece, _ in listed):
        return None
    return "".join([_wired(piece, text) for piece, text in listed])


def json_of(variables: Mapping[str, Any]) -> bytes | None:
    """The variables as JSON, from which their size and :func:`unmarked` are read; None when they cannot be written so."""
    try:
        return msgspec.json.encode(variables)
    except (TypeError, ValueError, RecursionError):
        return None


def unmarked(variables: bytes | None) -> bool:
    """Whether no variable holds the mark. In JSON a control character is always an escape, so one search tells."""
    return variables is not None and _ESCAPED_MARK not in variables


def assemble(printed: str, *, html: bool) -> bytes:
    """The wire form of what a wire program printed, from variables that are :func:`unmarked`."""
    parts = printed.split(MARK)
    if len(parts) > 1:
        parts[1::2] = quoted.quote_values(parts[1::2], html=html)
    return quoted.finish("".join(parts))


def _captures(piece: Piece) -> bool:
    """Whether a tag takes hold of what was printed, or could print the mark itself by a backslash escape."""
    if piece.kind is Kind.BLOCK:
        if piece.word in _CAPTURES or (piece.word == "set" and "=" not in piece.code):
            return True
    elif piece.kind is not Kind.EXPRESSION:
        return False
    return "\\" in piece.code or _REENTERS.search(piece.code) is not None


def _wired(piece: Piece, text: str) -> str:
    match piece.kind:
        case Kind.EXPRESSION:
            return f"{MARK}{text}{MARK}{quoted.SOFT}"
        case Kind.BLOCK:
            return text
        case _:
            return quoted.quote_piece(text)
