"""Reads markup with template tags in it, as it stands: HTML and MJML alike, every branch of every condition.

Tags leave a mark (an expression) or nothing (a block) behind and keep their line breaks, so lines are those of the author.
"""

import re
from bisect import bisect_left
from collections.abc import Mapping
from typing import Final

from posthouse.core.kernel.references import resolved
from posthouse.rendering.scanning import known_attributes, scan
from posthouse.rendering.tags import Kind, TagError, pieces

DYNAMIC: Final = "\ue000"
"""Stands where something is printed: nothing is known about it before it is."""
_VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
LABELLED: Final = frozenset({"a", "mj-button", "mj-navbar-link", "mj-social-element", "button"})
_ASIDE: Final = re.compile(r"<!--|<!\[")
"""Comments, and ``<![if !mso]>`` and the like."""
_LONGEST: Final = 150_000
_DEEPEST: Final = 200
_LABEL: Final = 200
"""Characters, open elements and letters of a link after which no mail is meant: nobody's lint may hold up everybody's API."""
_SPACES: Final = re.compile(r"\s+")
_BREAK: Final = re.compile("\n")
_NOTHING: Final[Mapping[str, str]] = {}
_INVISIBLE: Final = re.compile("[\u00ad\u034f\u200b-\u200f\u2007\u2060\ufeff]")


class Element:
    """One element. ``label`` is all that can be read inside it, alternative texts of images too (kept for links only)."""

    __slots__ = ("attributes", "label", "line", "link", "name", "parent")

    def __init__(self, name: str, attributes: Mapping[str, str], line: int, parent: "Element | None") -> None:
        self.name = name
        self.attributes = attributes
        self.line = line
        self.parent = parent
        self.label = ""
        self.link: Element | None = self if name in LABELLED else parent.link if parent is not None else None
        """The link or button it is, or stands in."""

    def get(self, attribute: str) -> str:
        """An attribute's value, empty when it is not there."""
        return self.attributes.get(attribute, "")


class Words:
    """A text, and the element it stands in."""

    __slots__ = ("line", "parent", "text")

    def __init__(self, text: str, line: int, parent: Element | None) -> None:
        self.text = text
        self.line = line
        self.parent = parent


class Document:
    """All elements and texts of a source, in order (scanning.Sink).

    Args:
        source: HTML or MJML with template tags; what cannot be read, and what comes after 150,000 characters, is
            skipped, never refused.
        tags: False for what was rendered, whose braces are a value's own.
    """

    def __init__(self, source: str, *, tags: bool = True) -> None:
        self.elements: list[Element] = []
        self.words: list[Words] = []
        self._open: list[Element] = []
        markup = masked(source[:_LONGEST]) if tags else plain(source[:_LONGEST])
        self._breaks = [found.start() for found in _BREAK.finditer(markup)]
        scan(markup, self)

    def opened(self, tag: str, rest: str, at: int) -> None:
        """An element begins."""
        above = self._open[-1] if self._open else None
        given = known_attributes(rest) if rest else _NOTHING
        element = Element(tag, given, self._line(at), above)
        self.elements.append(element)
        if tag == "img":
            _labelled(above, element.get("alt"))
        if tag not in _VOID and len(self._open) < _DEEPEST:
            self._open.append(element)

    def closed(self, tag: str) -> None:
        """An element ends, and what was left open inside it."""
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at].name == tag:
                del self._open[at:]
                return

    def text(self, data: str, at: int) -> None:
        """Text between elements."""
        if data.isspace():
            return
        text = _SPACES.sub(" ", _INVISIBLE.sub("", resolved(data))).strip()
        if text:
            above = self._open[-1] if self._open else None
            self.words.append(Words(text, self._line(at), above))
            _labelled(above, text)

    def raw(self, data: str, at: int) -> None:
        """Styles are looked at too."""
        self.text(data, at)

    def comment(self, data: str) -> None:
        """Left out before."""

    def _line(self, at: int) -> int:
        return bisect_left(self._breaks, at) + 1


def _labelled(element: Element | None, text: str) -> None:
    """Adds what can be read to the link it stands in."""
    link = None if element is None else element.link
    if link is not None and len(link.label) < _LABEL:
        link.label += text


def masked(source: str) -> str:
    """The source without its template tags."""
    parts = []
    try:
        for piece in pieces(source):
            if piece.kind in {Kind.LITERAL, Kind.RAW}:
                parts.append(piece.code if piece.kind is Kind.LITERAL else piece.source)
            else:
                mark = DYNAMIC if piece.kind is Kind.EXPRESSION else ""
                parts.append(mark + "\n" * piece.source.count("\n"))
    except TagError as error:
        parts.append(source[error.at :])
    return plain("".join(parts))


def plain(markup: str) -> str:
    """Markup without comments, and without a tag that is never closed."""
    markup = _without_comments(markup)
    complete = markup.rfind(">") + 1
    return markup[:complete] + markup[complete:].replace(
        "<", " "
    )  # an open tag at the end would be read again and again


def _without_comments(markup: str) -> str:
    """Without comments and marked sections, their line breaks kept; what is never closed goes to the end."""
    parts, at = [], 0
    while found := _ASIDE.search(markup, at):
        closing = "-->" if found[0] == "<!--" else ">"
        end = markup.find(closing, found.end())
        end = len(markup) if end < 0 else end + len(closing)
        parts += [markup[at : found.start()], "\n" * markup.count("\n", found.start(), end)]
        at = end
    return "".join([*parts, markup[at:]])
