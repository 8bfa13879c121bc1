"""Carries template tags unharmed through MJML: protect, compile, restore, check.

MJML drops loose tags between sections and reads ``{{ a < b }}`` as broken XML. So each tag becomes a placeholder with a
salt before, and the tag again after: in attributes a word; in text a word for ``{{ }}`` and a comment for ``{% %}``
(which survives inside tables); in CSS a CSS comment for ``{% %}``; between structural elements an ``mj-raw`` that holds
the comment.
"""

import re
import secrets
from collections.abc import Iterator
from typing import Final

import msgspec

from posthouse.rendering.tags import Kind, Piece, pieces

TEXT_ELEMENTS: Final = frozenset(
    {"mj-text", "mj-button", "mj-table", "mj-raw", "mj-accordion-title", "mj-accordion-text", "mj-navbar-link",
     "mj-social-element"}
)  # fmt: skip
WORD_ELEMENTS: Final = frozenset({"mj-title", "mj-preview"})
_MARKUP: Final = re.compile(r"<!--|-->|<(?P<close>/?)(?P<name>[A-Za-z][\w-]*)|(?P<self>/?)>|[\"']", re.DOTALL)
_BEGINS: Final = re.compile(
    r"<!--|<(?P<close>/?)(?P<name>[A-Za-z][\w-]*+)"
    r"(?>(?P<whole>(?>(?:[^<>\"'/]++|\"[^\"]*+\"|'[^']*+'|/(?!>))*)(?P<end>/?)>)?)",
    re.DOTALL,
)
"""What begins in text: a comment or a tag, which is read as a whole where all of it stands in one literal."""

SALT: Final = f"q{secrets.token_hex(6)}x"
"""What placeholders of this process begin with. Nobody can know it; where a source has it nevertheless, it is taken out."""
_WORD: Final = re.compile(f"{SALT}[0-9]+z")
_COMMENTS: Final = (("<!--", "-->"), ("/*", "*/"))
"""What may stand around a placeholder as its own."""


class Place:
    """Where in the MJML a tag stands."""

    ATTRIBUTE = "attribute"
    BETWEEN = "between"
    """Inside a start tag, but in no attribute's value."""
    TEXT = "text"
    WORD = "word"
    CSS = "css"
    STRUCTURE = "structure"
    COMMENT = "comment"


class Guarded(msgspec.Struct, frozen=True):
    """One protected tag: its place, what stands around it, and the placeholder that stands for it."""

    piece: Piece
    place: str
    parent: str
    token: str


class Walker:
    """Follows markup literal by literal and knows where it stands."""

    def __init__(self) -> None:
        self.stack: list[str] = []
        self._in_tag = ""
        self._quote = ""
        self._comment = False

    @property
    def place(self) -> str:
        """Where a tag that came now would stand."""
        if self._comment:
            return Place.COMMENT
        if self._in_tag:
            return Place.ATTRIBUTE if self._quote else Place.BETWEEN
        if "mj-style" in self.stack or self.parent == "style":
            return Place.CSS
        if any(name in WORD_ELEMENTS for name in self.stack):
            return Place.WORD
        return Place.TEXT if any(name in TEXT_ELEMENTS for name in self.stack) else Place.STRUCTURE

    @property
    def parent(self) -> str:
        """The innermost open element."""
        return self.stack[-1] if self.stack else ""

    def feed(self, text: str) -> None:
        """Goes on over one literal."""
        at = 0
        while found := (_MARKUP if self._comment or self._in_tag else _BEGINS).search(text, at):
            at, sign = found.end(), found[0]
            if self._comment:
                self._comment = sign != "-->"
            elif self._quote:
                self._quote = "" if sign == self._quote else self._quote
            elif self._in_tag:
                self._inside_tag(found)
            elif sign == "<!--":
                self._comment = True
            else:
                self._in_tag = found["close"] + found["name"]
                if found["whole"] is not None:
                    self._close_tag(itself=bool(found["end"]))

    def _inside_tag(self, found: re.Match[str]) -> None:
        sign = found[0]
        if sign in {'"', "'"}:
            self._quote = sign
        elif sign.endswith(">") and found["name"] is None:
            self._close_tag(itself=bool(found["self"]))

    def _close_tag(self, *, itself: bool) -> None:
        name, self._in_tag = self._in_tag, ""
        if name.startswith("/"):
            if name[1:] in self.stack:
                while self.stack.pop() != name[1:]:
                    pass
        elif not itself:
            self.stack.append(name)


def protect(source: str) -> tuple[str, list[Guarded]]:
    """The source with placeholders, and what they stand for. Comments are left out.

    Raises:
        TagError: a tag is not closed.
    """
    walker = Walker()
    parts: list[str] = []
    guarded: list[Guarded] = []
    for piece in pieces(source):
        if piece.kind is Kind.LITERAL:
            walker.feed(piece.source)
            parts.append(piece.source.replace(SALT, ""))
        elif piece.kind is not Kind.COMMENT:
            token = f"{SALT}{len(guarded)}z"
            held = Guarded(piece, walker.place, walker.parent, token)
            guarded.append(held)
            parts.append(_placeholder(held) + "\n" * piece.source.count("\n"))
        else:
            parts.append("\n" * piece.source.count("\n"))
    return "".join(parts), guarded


def restore(compiled: str, guarded: list[Guarded]) -> str:
    """The compiled markup with its tags again."""
    sources = {held.token: held.piece.source for held in guarded}
    parts, at = [], 0
    for found in _WORD.finditer(compiled):
        start, end = _with_comment(compiled, *found.span())
        parts += [compiled[at:start], sources[found[0]]]
        at = end
    return "".join([*parts, compiled[at:]])


def lost(compiled: str, guarded: list[Guarded]) -> Iterator[Guarded]:
    """The tags that did not come through: not there at all, or a block out of its order or count."""
    tokens = _WORD.findall(compiled)
    there = frozenset(tokens)
    missing = [held for held in guarded if held.token not in there]
    yield from missing
    if missing:
        return
    blocks = [held for held in guarded if held.piece.kind is Kind.BLOCK and held.place in {Place.TEXT, Place.STRUCTURE}]
    wanted = {held.token for held in blocks}
    order = [token for token in tokens if token in wanted]
    if order != [held.token for held in blocks]:
        for held, token in zip(blocks, [*order, *[""] * len(blocks)], strict=False):
            if held.token != token:
                yield held
                return


def _placeholder(held: Guarded) -> str:
    if held.piece.kind is not Kind.BLOCK or held.place in {Place.ATTRIBUTE, Place.BETWEEN, Place.WORD, Place.COMMENT}:
        return held.token
    if held.place == Place.CSS:
        return f"/*{held.token}*/"
    comment = f"<!--{held.token}-->"
    return f"<mj-raw>{comment}</mj-raw>" if held.place == Place.STRUCTURE else comment


def _with_comment(compiled: str, start: int, end: int) -> tuple[int, int]:
    """Where a placeholder stands, with the comment around it if it is its own."""
    for opening, closing in _COMMENTS:
        if compiled.startswith(closing, end) and compiled.endswith(opening, 0, start):
            return start - len(opening), end + len(closing)
    return start, end
