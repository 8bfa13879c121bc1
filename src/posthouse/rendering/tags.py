"""Cuts a template source into literals and tags, the way minijinja's own lexer does.

Everything that treats programs as text (the MJML guard, the wire form, the analysis) starts here, so they agree
on where a tag ends: strings may hold ``}}``, brackets must balance, ``{% raw %}`` is one piece.
"""

import enum
import functools
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from posthouse.core.templates.model import ISOLATES

_FLAT: Final = r"""[^"'()\[\]{}%]++|"[^"\\]*+"|'[^'\\]*+'"""
_CODE: Final = rf"(?>(?:{_FLAT}|\((?>(?:{_FLAT})*)\)|\[(?>(?:{_FLAT})*)\])*)"
_OPEN: Final = re.compile(rf"\{{(?:(\{{{_CODE}\}}\}}|%{_CODE}%\}}|#[^#]*+#\}})|[{{%#])")
"""Where a tag starts; with a group when its end could be seen at once, which is so for most: then all of it was found.

It begins with the brace, outside of every choice: that is searched for twenty times as fast.
"""
_RAW: Final = re.compile(r"[-+]?\s*raw\s*(-?)%\}")
_END_RAW: Final = re.compile(r"\{%(-?)\s*endraw\s*([-+]?)%\}")
_STRING: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_SIGN: Final = re.compile(r"[\"'()\[\]{}%]")
"""Where a tag may end, a string begin or a bracket count."""


MAX_CODE: Final = 3_000
"""Characters of one tag, its strings not counted: an expression of some thousand operators overflows the engine's stack."""
ISOLATING: Final = frozenset({ISOLATES, "{#-~#}"})
"""Comments that say something to isolation.py."""
MAX_ELIFS: Final = 1_000
"""Of one source, for the same reason."""


class Kind(enum.Enum):
    """What a piece of source is."""

    LITERAL = "literal"
    EXPRESSION = "expression"
    BLOCK = "block"
    COMMENT = "comment"
    RAW = "raw"

    __hash__ = object.__hash__  # members are compared by identity; Enum's own hash is Python, and asked for each piece


_LITERAL: Final = Kind.LITERAL
_RAW_TAG: Final = Kind.RAW
_KINDS: Final = {"{": Kind.EXPRESSION, "%": Kind.BLOCK, "#": Kind.COMMENT}
_NOT_SIMPLE: Final = (_RAW_TAG, "", False, False, False)
"""Said of a tag that has to be read letter by letter."""


class Piece(msgspec.Struct, frozen=True, gc=False):
    """One literal or tag. ``code`` is what stands between the braces (for raw: the text inside)."""

    kind: Kind
    source: str
    code: str
    start: int
    trims_before: bool = False
    trims_after: bool = False
    trims_inside: tuple[bool, bool] = (False, False)

    @property
    def word(self) -> str:
        """The first word of a block, such as ``for`` or ``endif``."""
        return self.code.split(None, 1)[0] if self.code else ""


class TagError(ValueError):
    """A tag that does not end. ``at`` is its place in the source."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


def line_of(source: str, at: int) -> int:
    """The line, counted from 1."""
    return source.count("\n", 0, at) + 1


@functools.lru_cache(maxsize=64)
def pieces(source: str) -> tuple[Piece, ...]:
    """All pieces in order; joined sources give the source again. Compiling asks for those of a program several times.

    Raises:
        TagError: a tag or raw block is not closed, or is more than the engine could hold.
    """
    made, elifs, after = list[Piece](), 0, 0
    while after >= 0:
        at, after = after, -1
        for found in _OPEN.finditer(source, at):
            start, end = found.span()
            if start > at:
                literal = source[at:start]
                made.append(Piece(_LITERAL, literal, literal, at))
            text = found[0]
            kind, code, before, behind, turns = _simple(text) if found[1] and end - start <= MAX_CODE else _NOT_SIMPLE
            if kind is _RAW_TAG:
                piece = _tag(source, start)
                turns = piece.kind is Kind.BLOCK and piece.word == "elif"
            else:
                piece = Piece(kind, text, code, start, before, behind)
            elifs += turns
            if elifs > MAX_ELIFS:
                raise TagError(f"over {MAX_ELIFS:,} times elif; look the value up in a variable instead", start)
            made.append(piece)
            at = start + len(piece.source)
            if at != end:  # it ends elsewhere than the search thought, which begins again behind it
                after = at
                break
    if at < len(source):
        made.append(Piece(_LITERAL, source[at:], source[at:], at))
    return tuple(made)


def resolved(listed: Sequence[Piece]) -> list[tuple[Piece, str]]:
    """Pieces with whitespace control applied: each with its text, comments left out (but the marks of isolation.py), raw given as literal.

    For a literal the text is what the program prints; for a tag it is the tag without its trim signs.
    """
    result: list[tuple[Piece, str]] = []
    for index, piece in enumerate(listed):
        match piece.kind:
            case Kind.LITERAL:
                text = piece.code
                if index and listed[index - 1].trims_after:
                    text = text.lstrip()
                if index + 1 < len(listed) and listed[index + 1].trims_before:
                    text = text.rstrip()
                result.append((piece, text))
            case Kind.RAW:
                text = piece.code.lstrip() if piece.trims_inside[0] else piece.code
                result.append((piece, text.rstrip() if piece.trims_inside[1] else text))
            case Kind.EXPRESSION:
                result.append((piece, f"{{{{ {piece.code} }}}}"))
            case Kind.BLOCK:
                result.append((piece, f"{{% {piece.code} %}}"))
            case Kind.COMMENT:
                if piece.source in ISOLATING:
                    result.append((piece, ISOLATES))
    return result


def _tag(source: str, start: int) -> Piece:
    opening = source[start : start + 2]
    if opening == "{#":
        return _comment(source, start)
    if opening == "{%" and (raw := _RAW.match(source, start + 2)):
        return _raw(source, start, raw)
    end = _end_of_code(source, start + 2, "}}" if opening == "{{" else "%}")
    kind = Kind.EXPRESSION if opening == "{{" else Kind.BLOCK
    return _stripped(kind, source[start:end], start)


@functools.lru_cache(maxsize=2_048)
def _simple(text: str) -> tuple[Kind, str, bool, bool, bool]:
    """Kind, code and trim signs of a tag that was found whole, and whether it is another branch; of kind RAW what opens a raw block."""
    if text[1] == "%" and _RAW.match(text, 2):
        return _NOT_SIMPLE
    piece = _stripped(_KINDS[text[1]], text, 0)
    turns = piece.kind is Kind.BLOCK and piece.word == "elif"
    return piece.kind, piece.code, piece.trims_before, piece.trims_after, turns


def _stripped(kind: Kind, text: str, start: int) -> Piece:
    inside = text[2:-2]
    before, after = inside.startswith("-"), inside.endswith("-")
    inside = inside[1:] if inside[:1] in {"-", "+"} else inside
    inside = inside[:-1] if inside[-1:] in {"-", "+"} else inside
    return Piece(kind, text, inside.strip(), start, before, after)


def _comment(source: str, start: int) -> Piece:
    end = source.find("#}", start + 2)
    if end < 0:
        raise TagError("the comment that starts here with {# is never closed with #}", start)
    return _stripped(Kind.COMMENT, source[start : end + 2], start)


def _raw(source: str, start: int, opened: re.Match[str]) -> Piece:
    closed = _END_RAW.search(source, opened.end())
    if closed is None:
        raise TagError("the {% raw %} that starts here is never closed with {% endraw %}", start)
    return Piece(
        Kind.RAW,
        source[start : closed.end()],
        source[opened.end() : closed.start()],
        start,
        source[start + 2] == "-",
        closed[2] == "-",
        (opened[1] == "-", closed[1] == "-"),
    )


def _end_of_code(source: str, at: int, closing: str) -> int:
    depth, start, letters = 0, at - 2, 0
    while found := _SIGN.search(source, at):
        letters += found.start() - at + 1
        if letters > MAX_CODE:
            raise TagError(f"over {MAX_CODE:,} characters in one tag; make it several", start)
        at, letter = found.start(), found[0]
        if depth <= 0 and source.startswith(closing, at):
            return at + 2
        if letter in "'\"":
            string = _STRING.match(source, at)
            if string is None:
                raise TagError("a string inside this tag is never closed", start)
            at = string.end()
            continue
        depth += (letter in "([{") - (letter in ")]}")
        at += 1
    raise TagError(f"the tag that starts here is never closed with {closing}", start)
