"""Keeps values in their places in HTML: addresses that run nothing, styles that load nothing, and no attributes out of a value.

Escaping keeps a value inside quotes. What has none gets them; what an address or a style does is judged when it is printed (addresses.py); and
where no escaping helps (scripts of events, a page inside an attribute, names of elements and attributes) publishing refuses the variable.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from posthouse.rendering.addresses import guarded_value
from posthouse.rendering.contexts import MASK, Edit, Page, Tag, Value, edited, page_of, styles_of, tags_of
from posthouse.rendering.tags import Kind, Piece

_ADDRESSES: Final = frozenset(
    {
        "href", "src", "action", "formaction", "background", "poster", "cite", "data", "lowsrc", "dynsrc", "longdesc", "xlink:href",
        "codebase", "classid", "manifest", "profile", "icon", "usemap", "xml:base",
    }
)  # fmt: skip
_LISTS: Final = frozenset({"srcset", "imagesrcset", "ping", "archive"})
_STYLES: Final = frozenset({"style"})
_URL: Final = re.compile(r"url\(\s*[\"']?\s*\x00*$", re.IGNORECASE)
_LONGEST: Final = 200
_CONSTANT: Final = re.compile(
    r"\s*(?:\"[^\"]*\"|'[^']*')\s*(?:if\b(?:(?!\belse\b).)*(?:\belse\s*(?:\"[^\"]*\"|'[^']*')\s*)?)?", re.DOTALL
)
"""A text that the author wrote, with or without a condition."""


def guarded(source: str) -> str:
    """A program of HTML whose values stay in their places."""
    page = page_of(source)
    return edited(source, edits(page, tags_of(page)))


def edits(page: Page, tags: Sequence[Tag]) -> Iterator[Edit]:
    """What has to change for that; ``tags`` are those of the page that template tags stand in."""
    for tag in tags:
        for value in tag.values:
            yield from _of_value(page, value)
    for start, end in styles_of(page):
        yield from _of_style(page, start, end)


def refusals(page: Page, tags: Sequence[Tag]) -> Iterator[tuple[int, str]]:
    """Places of expressions that nothing keeps in theirs, and what to do."""
    for piece in page.listed:
        before = page.masked[max(0, piece.start - 2) : piece.start]
        if piece.kind is Kind.EXPRESSION and (before.endswith("<") or before == "</"):
            yield (
                piece.start,
                f"{piece.source[:60]} names an element: write the element itself, with {{% if … %}} around it where there are several",
            )
    for tag in tags:
        for value in tag.values:
            if told := _refused(tag, value, page):
                yield value.start, told
        for piece in _between(page, tag):
            told = f"{piece.source[:60]} stands between attributes, where a value could add some: put it into the value of one"
            yield piece.start, told


def _of_value(page: Page, value: Value) -> Iterator[Edit]:
    source = page.source[value.start : value.end]
    if value.name in _STYLES:
        yield from _of_style(page, value.start, value.end)
    elif value.name in _LISTS:
        yield from (_filtered(piece, "as_addresses") for piece in _expressions(page, value.start, value.end))
    elif value.name in _ADDRESSES and page.masked[value.start : value.end].lstrip().startswith(MASK):
        kept = guarded_value(source)
        yield Edit(value.start, value.end, kept if value.quote else f'"{kept}"')
        return
    if not value.quote:
        yield Edit(value.start, value.start, '"')
        yield Edit(value.end, value.end, '"')


def _of_style(page: Page, start: int, end: int) -> Iterator[Edit]:
    for piece in _expressions(page, start, end):
        before = page.masked[max(start, piece.start - _LONGEST) : piece.start]
        yield _filtered(piece, "as_css_address" if _URL.search(before) else "as_css")


def _filtered(piece: Piece, name: str) -> Edit:
    before, after = "-" * piece.trims_before, "-" * piece.trims_after
    code = f"{{{{{before} ({piece.code})|{name} {after}}}}}"
    return Edit(piece.start, piece.start + len(piece.source), code)


def _expressions(page: Page, start: int, end: int) -> Iterator[Piece]:
    return (
        piece
        for piece in page.between(start, end)
        if piece.kind is Kind.EXPRESSION and not _CONSTANT.fullmatch(piece.code)
    )


def _refused(tag: Tag, value: Value, page: Page) -> str:
    """Why no value may stand there; empty where it may."""
    hazard = value.name.startswith("on") or value.name == "srcdoc" or (tag.name == "meta" and value.name == "content")
    if not hazard or next(_expressions(page, value.start, value.end), None) is None:
        return ""
    if value.name.startswith("on"):
        return f"a variable in {value.name} would be a script: mail programs take it out, and browsers would run what it says"
    if value.name == "srcdoc":
        return "a variable in srcdoc would be a page of its own"
    if "refresh" in page.masked[tag.start : tag.end].lower():
        return 'a variable in <meta http-equiv="refresh"> would lead the reader away: give a link instead'
    return ""


def _between(page: Page, tag: Tag) -> Iterator[Piece]:
    """Expressions that stand in no value, and that are more than a text of the author's."""
    inside = [(value.start, value.end) for value in tag.values]
    for piece in _expressions(page, tag.start, tag.end):
        if not any(start <= piece.start < end for start, end in inside):
            yield piece
