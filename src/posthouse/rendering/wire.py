"""Turns a program into one that prints quoted-printable (docs/explain/wire-form.md).

Constant pieces are encoded at publish; each printed expression stands between two marks, so that after a render one
split leaves only the values to encode. Constructs that take hold of what was printed (a filter block, a set block, a
macro, a call) would see encoded text, so a program with one of them has no wire form and is encoded as a whole.
"""

import re
from typing import Final

from posthouse.rendering import quoted
from posthouse.rendering.tags import Kind, Piece, resolved

MARK: Final = "\x01"
"""Stands around each printed expression in a stored program; loading replaces it by a random word of controls."""

_CAPTURES: Final = frozenset({"filter", "macro", "call", "block", "extends", "include", "import", "from", "do"})
_REENTERS: Final = re.compile(r"\b(?:recursive|super|caller|self)\b|\bloop\s*\(")


def wire_program(source: str) -> str | None:
    """The program that prints wire form, None when the source takes hold of its own output."""
    listed = resolved(source)
    if any(_captures(piece) for piece, _ in listed):
        return None
    return "".join([_wired(piece, text) for piece, text in listed])


def assemble(printed: str, mark: str) -> bytes | None:
    """The wire form of what a wire program printed; None when the marks do not pair (nothing can be trusted then)."""
    parts = printed.split(mark)
    if len(parts) % 2 == 0:
        return None
    values = parts[1::2]
    if values and not quoted.are_plain(values):
        parts[1::2] = [value if quoted.is_plain(value) else quoted.quote(value) for value in values]
    return quoted.finish("".join(parts))


def _captures(piece: Piece) -> bool:
    if piece.kind is Kind.BLOCK:
        if piece.word in _CAPTURES or (piece.word == "set" and "=" not in piece.code):
            return True
    elif piece.kind is not Kind.EXPRESSION:
        return False
    return _REENTERS.search(piece.code) is not None


def _wired(piece: Piece, text: str) -> str:
    match piece.kind:
        case Kind.EXPRESSION:
            return f"{MARK}{text}{MARK}{quoted.SOFT}"
        case Kind.BLOCK:
            return text
        case _:
            return quoted.quote_piece(text)
