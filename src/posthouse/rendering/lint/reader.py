"""Reads markup with template tags in it, as it stands: HTML and MJML alike, every branch of every condition.

Tags leave a mark (an expression) or nothing (a block) behind and keep their line breaks, so lines are those of the author.
"""

import re
from html.parser import HTMLParser
from typing import Final

from posthouse.rendering.tags import Kind, TagError, pieces

DYNAMIC: Final = "\ue000"
"""Stands where something is printed: nothing is known about it before it is."""
_VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"]
)
LABELLED: Final = frozenset({"a", "mj-button", "mj-navbar-link", "mj-social-element", "button"})
_MARKED: Final = re.compile(r"(?P<comment><!--.*?-->)|<!\[[^>]*>?", re.DOTALL)
"""``<![if !mso]>`` and the like, at which the standard library's parser gives up."""
_SPACES: Final = re.compile(r"\s+")
_INVISIBLE: Final = re.compile("[\u00ad\u034f\u200b-\u200f\u2007\u2060\ufeff]")


class Element:
    """One element. ``label`` is all that can be read inside it, alternative texts of images too (kept for links only)."""

    __slots__ = ("attributes", "label", "line", "name", "parent")

    def __init__(self, name: str, attributes: dict[str, str], line: int, parent: "Element | None") -> None:
        self.name = name
        self.attributes = attributes
        self.line = line
        self.parent = parent
        self.label = ""

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


class Document(HTMLParser):
    """All elements and texts of a source, in order.

    Args:
        source: HTML or MJML with template tags; what cannot be read is skipped, never refused.
    """

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.words: list[Words] = []
        self._open: list[Element] = []
        self.feed(masked(source))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        given = {name: value or "" for name, value in attrs}
        element = Element(tag, given, self.getpos()[0], self._open[-1] if self._open else None)
        self.elements.append(element)
        if tag == "img":
            self._labelled(given.get("alt", ""))
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and what was left open inside it."""
        for at in range(len(self._open) - 1, -1, -1):
            if self._open[at].name == tag:
                del self._open[at:]
                return

    def handle_data(self, data: str) -> None:
        """Text between elements."""
        text = _SPACES.sub(" ", _INVISIBLE.sub("", data)).strip()
        if text:
            self.words.append(Words(text, self.getpos()[0], self._open[-1] if self._open else None))
            self._labelled(text)

    def _labelled(self, text: str) -> None:
        for element in self._open:
            if element.name in LABELLED:
                element.label += text


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
    return _MARKED.sub(lambda found: found["comment"] or "\n" * found[0].count("\n"), "".join(parts))
