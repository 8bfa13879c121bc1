"""Where the tags of a template stand in HTML: in text, in the value of an attribute, between attributes, in styles.

The page is read once with its template tags masked, and everything that is to be changed because of where it stands is changed at once.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from posthouse.rendering.tags import Kind, Piece, pieces

MASK: Final = "\x00"
_NO_TEXT: Final = re.compile(
    r"<(?:!--(?>(?:[^-]++|-(?!->))*)-->|(script|style|title|textarea)\b(?>(?:[^<]++|<(?!/\1\s*>))*)</\1\s*>"
    r"|[a-zA-Z/!?](?>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*)>|[a-zA-Z/!?].*)",
    re.DOTALL | re.IGNORECASE,
)  # it begins with the sign, outside of every choice: that is searched for many times as fast
"""Comments, raw text, tags; and what is no tag although it begins like one, to the end."""
_TAG: Final = re.compile(r"<([a-zA-Z][^\s/>\x00]*+)((?>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*))>?")
_ATTRIBUTE: Final = re.compile(r"([^\s\"'<>/=\x00]++)\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++))")
_RAW: Final = re.compile(r"<(?:script|style|title|textarea)\b", re.IGNORECASE)
_STYLE: Final = re.compile(r"<style\b[^>]*+>", re.IGNORECASE)


class Page(NamedTuple):
    """A program of HTML that was read."""

    source: str
    listed: Sequence[Piece]
    masked: str
    """The same with :data:`MASK` for every letter of a template's tags."""
    spans: Sequence[tuple[int, int]]
    """What is no text."""
    starts: Sequence[int]
    """Where the pieces begin."""

    def between(self, start: int, end: int) -> Sequence[Piece]:
        """The pieces that begin there."""
        return self.listed[bisect_left(self.starts, start) : bisect_left(self.starts, end)]


class Edit(NamedTuple):
    """What is to stand in place of a stretch of the source."""

    start: int
    end: int
    text: str


class Value(NamedTuple):
    """The value of an attribute, without its quotes."""

    tag: str
    name: str
    start: int
    end: int
    quote: str
    """Empty when there is none."""


class Tag(NamedTuple):
    """A tag that template tags stand in: its name, what follows that, and its values with template tags."""

    name: str
    start: int
    end: int
    values: Sequence[Value]


def page_of(source: str) -> Page:
    """Reads a program. TagError: a tag of the template is not closed."""
    listed = pieces(source)
    masked = "".join([piece.source if piece.kind is Kind.LITERAL else MASK * len(piece.source) for piece in listed])
    spans = [found.span() for found in _NO_TEXT.finditer(masked)]
    return Page(source, listed, masked, spans, [piece.start for piece in listed])


def edited(source: str, edits: Iterable[Edit]) -> str:
    """The source with changes; of two that overlap the first."""
    made, at = list[str](), 0
    for edit in sorted(edits):
        if edit.start < at:
            continue
        made += [source[at : edit.start], edit.text]
        at = edit.end
    return "".join([*made, source[at:]])


def tags_of(page: Page) -> list[Tag]:
    """The tags of HTML that template tags stand in, those in comments for Outlook too."""
    return [
        Tag(found[1].lower(), found.start(2), found.end(2), list(_values(page.masked, found)))
        for start, end in _with_tags(page)
        if _RAW.match(page.masked, start) is None
        for found in _TAG.finditer(page.masked, start, end)
        if MASK in found[2]
    ]


def styles_of(page: Page) -> Iterator[tuple[int, int]]:
    """The style sheets that template tags stand in."""
    for start, end in _with_tags(page):
        if opened := _STYLE.match(page.masked, start, end):
            yield opened.end(), end


def _with_tags(page: Page) -> list[tuple[int, int]]:
    """Of what is no text, that in which template tags stand."""
    found: list[tuple[int, int]] = []
    spans, at = page.spans, 0
    for piece in page.listed:
        if piece.kind is Kind.LITERAL:
            continue
        while at < len(spans) and spans[at][1] <= piece.start:
            at += 1
        if at == len(spans):
            break
        if spans[at][0] <= piece.start and (not found or found[-1] is not spans[at]):
            found.append(spans[at])
    return found


def _values(masked: str, tag: re.Match[str]) -> Iterator[Value]:
    for found in _ATTRIBUTE.finditer(masked, tag.start(2), tag.end(2)):
        group = 2 if found[2] is not None else 3 if found[3] is not None else 4
        if MASK in found[group]:
            yield Value(tag[1].lower(), found[1].lower(), *found.span(group), ('"', "'", "")[group - 2])
