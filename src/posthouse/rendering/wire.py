"""Turns a program into one that prints quoted-printable (docs/explain/wire-form.md).

Constant pieces are encoded at publish; each printed expression stands between two marks, so that after a render one
split leaves only the values to encode. Constructs that take hold of what was printed (a filter block, a set block, a
macro, a call) would see encoded text, so a program with one of them has no wire form and is encoded as a whole.

A process that loads a release goes one step further: its programs print one letter for each constant piece (its *place*)
instead of the piece, and subject and bodies are one program, run once.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from posthouse.rendering import quoted
from posthouse.rendering.remembering import remembered
from posthouse.rendering.tags import Kind, Piece, pieces, resolved

MARK: Final = "\x01"
"""Stands around each printed expression. No program holds it elsewhere, and variables that do take the general path."""

SECTION: Final = "\x02"
"""Stands between subject, HTML and text where one program prints them all."""

_ESCAPED_MARK: Final = b"\\u0001"
_ESCAPED_SECTION: Final = b"\\u0002"
_FIRST_PLACE: Final = 0xE000
"""The private use area: no meaning of its own, and in Python two bytes a letter."""
_PLACES: Final = 6_400
_RUNS_KEPT: Final = 2_000
_SHORT: Final = 3_000
"""Characters of a constant piece as most are."""
_SILENT: Final = frozenset({Kind.BLOCK, Kind.COMMENT})
_CAPTURES: Final = frozenset({"filter", "macro", "call", "block", "extends", "include", "import", "from", "do"})
_REENTERS: Final = re.compile(r"\b(?:recursive|super|caller|self)\b|\bloop\s*\(")


def wire_program(source: str) -> str | None:
    """The program that prints wire form, None when the source takes hold of its own output."""
    return wire_pieces(pieces(source))


def wire_pieces(listed: Sequence[Piece]) -> str | None:
    """The same of a program, or a part of one, that was cut into pieces already."""
    parts: list[str] = []
    for piece, text in resolved(listed):
        if piece.kind is Kind.LITERAL or piece.kind is Kind.RAW:
            parts.append(_quoted(text) if len(text) <= _SHORT else _quoted_whole(text))
        elif _captures(piece):
            return None
        else:
            parts.append(text if piece.kind in _SILENT else f"{MARK}{text}{MARK}{quoted.SOFT}")
    return "".join(parts)


def json_of(variables: Mapping[str, Any]) -> bytes | None:
    """The variables as JSON, from which their size and :func:`unmarked` are read; None when they cannot be written so."""
    try:
        return msgspec.json.encode(variables)
    except (TypeError, ValueError, RecursionError):
        return None


def unmarked(variables: bytes | None) -> bool:
    """Whether no variable holds a mark. In JSON a control character is always an escape, so a search tells."""
    return variables is not None and _ESCAPED_MARK not in variables and _ESCAPED_SECTION not in variables


class Quote(Protocol):
    """Encodes the values that were printed (quoted.py)."""

    def __call__(self, values: list[str], *, html: bool) -> list[bytes]:
        """In order; each stands on a line of its own."""
        ...


class Places(dict[str, bytes]):
    """The constant pieces of a release: what was printed for some of them in a row → their bytes.

    Between two marks a program prints the letters of the pieces that it passed: such a run is joined when it is first seen.

    Args:
        most: bytes that a body may have.
    """

    def __init__(self, most: int) -> None:
        super().__init__({"": b""})
        self._letters: dict[str, str] = {}
        self._most = most

    def program(self, wired: str) -> str | None:
        """A wire program with a letter for each constant piece; None when there are more pieces than letters."""
        made = [self._lettered(piece.source) if piece.kind is Kind.LITERAL else piece.source for piece in pieces(wired)]
        return None if len(self._letters) > _PLACES else "".join(made)

    def _lettered(self, literal: str) -> str:
        return MARK.join([self._letter(constant) if constant else "" for constant in literal.split(MARK)])

    def _letter(self, constant: str) -> str:
        letter = self._letters.get(constant)
        if letter is None:
            letter = self._letters[constant] = chr(_FIRST_PLACE + len(self._letters))
            self[letter] = constant.encode("ascii")
        return letter

    def body(self, printed: str, *, html: bool, quote: Quote = quoted.quote_values) -> bytes:
        """The wire form of what such a program printed, from variables that are :func:`unmarked`; ``quote`` encodes the values.

        Raises:
            ValueError: it is too long.
        """
        parts = printed.split(MARK)
        joined: list[bytes] = [b""] * len(parts)
        joined[::2] = [self[run] for run in parts[::2]]
        if len(parts) > 1:
            joined[1::2] = quote(parts[1::2], html=html)
        self._measured(joined)
        return quoted.finish(b"".join(joined))

    def __missing__(self, run: str) -> bytes:
        joined = [self[letter] for letter in run]
        self._measured(joined)
        found = b"".join(joined)
        if len(self) < _RUNS_KEPT + len(self._letters):
            self[run] = found
        return found

    def _measured(self, joined: list[bytes]) -> None:
        if sum(map(len, joined)) > self._most:
            raise ValueError(f"more than {self._most:,} bytes")


def _captures(piece: Piece) -> bool:
    """Whether a tag takes hold of what was printed, or could print the mark itself by a backslash escape."""
    if (
        piece.kind is Kind.BLOCK
        and (word := piece.word)
        and (word in _CAPTURES or (word == "set" and "=" not in piece.code))
    ):
        return True
    return _reenters(piece.code)


@remembered(2_048)
def _reenters(code: str) -> bool:
    return "\\" in code or _REENTERS.search(code) is not None


_quoted = remembered(1_024)(quoted.quote_piece)
"""The same constant pieces stand in the plain and the marked program, and mostly in every language."""
_quoted_whole = remembered(64, longest=20_000)(quoted.quote_piece)
"""Long ones: the styles of a theme, and what stands between header and words."""
