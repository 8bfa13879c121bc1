"""Derives the text part from HTML: at publish as a program, for content that somebody rendered themselves as it is accepted.

Tags of templates become words before scanning and tags again afterwards (text_program.py). Rows of data tables are lines, layout
tables (``role="presentation"``) what they hold, links as text_layout.py sets them; hidden parts and what only Outlook sees are left
out. A line that holds block tags only takes no line of its own. The time is linear in the length of the HTML, however
hostile it is.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from posthouse.core.kernel.references import resolved
from posthouse.rendering.guard import SALT
from posthouse.rendering.remembering import remembered
from posthouse.rendering.scanning import attributes, known_attributes, scan
from posthouse.rendering.tags import Kind, Piece, pieces
from posthouse.rendering.text_columns import heading_columns, heading_row, in_columns, row_end
from posthouse.rendering.text_layout import (
    CELL,
    HEAD,
    LAST,
    LINK,
    Found,
    with_columns,
    with_links,
)
from posthouse.rendering.text_program import TOKEN, Tags

_VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_SILENT: Final = frozenset({"head", "style", "script", "title", "noscript", "template"})
_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "div",
        "dl",
        "dt",
        "dd",
        "footer",
        "form",
        "header",
        "main",
        "nav",
        "section",
        "table",
        "ul",
        "ol",
        "tbody",
        "thead",
    ]
)
_PARAGRAPHS: Final = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre"])
_HIDDEN: Final = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden", re.IGNORECASE)
_MAY_HIDE: Final = re.compile("hid|display", re.IGNORECASE)
"""Without one of these words no attribute hides: a glance that spares reading them."""
_LINES: Final = frozenset({"tr", "li", "br"})
_BLOCK, _PARAGRAPH, _CELL, _OTHER = range(4)
_PARTS: Final = {
    **dict.fromkeys(("html", "body", "hr", "a", "img"), _OTHER),
    **dict.fromkeys((*_BLOCKS, *_LINES), _BLOCK),
    **dict.fromkeys(_PARAGRAPHS, _PARAGRAPH),
    **dict.fromkeys(("td", "th"), _CELL),
}
"""What an element is to the text, where it is more than words in a line."""
_BEGINNINGS: Final = frozenset({"table", "html", "body", "li", "hr", "a", "img"})
_SPACES: Final = re.compile(r"[ \t\r\n\f\u00a0]+")
_BREAKS: Final = re.compile(r"[\t\r\n\f]+")
_INVISIBLE: Final = re.compile("[\x1c-\x1f\u00ad\u034f\u200a-\u200f\u2060\ufeff]")
_SIGNS: Final = re.compile("[\x1c-\x1f]")


def text_of(html: str) -> str:
    """The text part of finished HTML, lines ending with LF; '' when nothing in it can be read."""
    reader = _Reader(_Finished())
    scan(html, reader)
    return "\n".join(reader.lines()).strip()


def derive_text(html: str) -> str:
    """The program of the text part of an HTML program. Block tags in hidden parts are lost: the caller compiles it and sees."""
    held: list[Piece] = []
    parts = []
    for piece in pieces(html):
        if piece.kind is Kind.LITERAL:
            parts.append(piece.source.replace(SALT, ""))
        elif piece.kind is not Kind.COMMENT:
            parts.append(f"{SALT}{len(held)}z")
            held.append(piece)
    tags = Tags(held)
    reader = _Reader(tags)
    scan("".join(parts), reader)
    return tags.program(reader.lines())


class _Finished:
    """What the reader asks of HTML without tags of templates."""

    depth = 0

    def passes(self, text: str) -> None:
        """Nothing changes."""

    def plain(self, text: str) -> str:
        """All of it is read."""
        return text

    def written(self, text: str) -> str:
        """It has no tags."""
        return text

    def row(self, left: str, right: str, *, head: bool, wide: int) -> str:
        """See Lines."""
        return heading_row(left, right, wide) if head else row_end(left, right, wide)

    def columns(self, cells: Sequence[str], spec: str, *, head: bool) -> str:
        """See Lines."""
        return heading_columns(spec, cells) if head else in_columns(cells[0], spec, *cells[1:])


class _Reader:
    """Collects lines (scanning.Sink): text, with the tokens of tags in it.

    Args:
        tags: the tags of templates behind their tokens; only such are kept of comments (loops around sections stand there too).
    """

    def __init__(self, tags: Tags | _Finished) -> None:
        self._tags = tags
        self._lines: list[str] = []
        self._line: list[str] = []
        self._prints = False
        """Whether anything in the line is shown."""
        self._gap_due = False
        """Whether the last line that shows anything is no empty one."""
        self._stack: list[tuple[str, bool]] = []
        self._open: defaultdict[str, int] = defaultdict(int)
        self._silent = 0
        self._link: tuple[str, int, int] | None = None
        """Where an open link leads, its place in the line, how many conditions it stands in."""
        self._named = ""
        self._links: list[Found] = []
        self._data_tables: list[int] = []
        """The first line of each open table of data; -1 for those that lay things out."""
        self._tables: list[tuple[int, int]] = []
        self._head = False
        self._side = "right"

    def lines(self) -> list[str]:
        """What was read; an empty line stands between paragraphs."""
        self._end_link()
        self._break()
        with_links(self._lines, self._links, self._tags)
        with_columns(self._lines, self._tables, self._tags)
        return self._lines

    def text(self, data: str, at: int = 0) -> None:
        """Text between tags."""
        del at
        if not self._silent:
            if SALT in data:
                self._tags.passes(data)
            self._write(_clean(data))

    def raw(self, data: str, at: int) -> None:
        """Nobody sees it."""

    def comment(self, data: str) -> None:
        """A comment says nothing; tags of templates in it stay."""
        if SALT in data:
            self.text("".join([found[0] for found in TOKEN.finditer(data)]))

    def opened(self, tag: str, rest: str, at: int) -> None:
        """Opens an element; what is hidden stays silent until its end."""
        del at
        hidden = tag in _SILENT or (rest != "" and _hides(rest))
        if tag not in _VOID:
            self._stack.append((tag, hidden))
            self._open[tag] += 1
            if hidden:
                self._silent += 1
        if not self._silent:
            self._begin(tag, rest)

    def closed(self, tag: str) -> None:
        """Closes an element and whatever was left open inside it."""
        stack, still_open = self._stack, self._open
        if not still_open[tag]:
            return
        while True:
            name, hidden = stack.pop()
            still_open[name] -= 1
            if hidden:
                self._silent -= 1
            elif not self._silent:
                self._end(name)
            if name == tag:
                return

    def _begin(self, tag: str, rest: str) -> None:
        part = _PARTS.get(tag)
        if part is None:
            return
        if part == _CELL:
            self._cell(tag, rest)
        elif part == _PARAGRAPH:
            self._paragraph()
        elif part == _BLOCK:
            self._break()
        if tag in _BEGINNINGS:
            self._begin_own(tag, rest)

    def _begin_own(self, tag: str, rest: str) -> None:
        """What begins with more than a line."""
        if tag == "table":
            self._data_tables.append(
                len(self._lines) if known_attributes(rest).get("role") not in {"presentation", "none"} else -1
            )
        elif tag in {"html", "body"}:
            self._side = "left" if known_attributes(rest).get("dir") == "rtl" else self._side
        elif tag == "li":
            self._write("- ")
        elif tag == "hr":
            self._paragraph()
            self._lines.extend(("-" * 20, ""))
            self._gap_due = False
        elif tag == "a":
            self._end_link()  # links do not nest: the first one ends here (WHATWG HTML §13.2.6.4.7)
            given = attributes(rest)
            self._link = (_clean(given.get("href", "")).strip(), len(self._line), self._tags.depth)
            self._named = _clean(given.get("aria-label", "")).strip()
        elif tag == "img":
            self._write(_clean(attributes(rest).get("alt", "")))

    def _end(self, tag: str) -> None:
        if tag == "table" and self._data_tables:
            self._end_table(self._data_tables.pop())
        elif tag == "a":
            self._end_link()
        elif (part := _PARTS.get(tag)) == _PARAGRAPH:
            self._paragraph()
        elif part == _BLOCK and tag != "br":
            self._break()

    def _end_table(self, start: int) -> None:
        self._break()
        if start >= 0:
            self._tables.append((start, len(self._lines)))
            self._paragraph()

    def _cell(self, tag: str, rest: str) -> None:
        if not self._data_tables or self._data_tables[-1] < 0:
            self._paragraph()
            return
        if self._prints:
            self._line.append(f" {LAST if known_attributes(rest).get('align') == self._side else CELL} ")
        if tag == "th" and "scope" in rest and known_attributes(rest).get("scope") == "col":
            self._head = True

    def _end_link(self) -> None:
        if self._link is None:
            return
        (href, start, depth), self._link = self._link, None
        label = _SPACES.sub(" ", "".join(self._line[start:])).strip()
        address = _BREAKS.sub("", href.removeprefix("mailto:").removeprefix("tel:"))
        if not href or href.startswith("#") or label == address:
            return
        if label:
            self._line[start:] = [label]
        if self._named and not any(map(str.isalnum, label)):
            label = self._named  # a star says nothing
        always = depth == 0 and self._tags.depth == 0
        self._write(f"{LINK}{len(self._links)}{LINK}")
        self._links.append(Found(label, address, always))

    def _write(self, text: str) -> None:
        if text:
            self._line.append(text)
            if not self._prints:
                plain = self._tags.plain(text)
                self._prints = bool(plain) and not plain.isspace()

    def _break(self) -> None:
        if self._line:
            if line := _SPACES.sub(" ", "".join(self._line)).strip(" "):
                self._lines.append(HEAD + line if self._head and (CELL in line or LAST in line) else line)
                self._gap_due = self._gap_due or self._prints
            self._line.clear()
            self._prints = False
        self._head = False
        if self._link is not None:
            self._link = (self._link[0], 0, self._link[2])

    def _paragraph(self) -> None:
        self._break()
        if self._gap_due:
            self._lines.append("")
            self._gap_due = False


@remembered(1_024)
def _hides(rest: str) -> bool:
    """Whether the attributes of a tag hide it. The same tags stand in every mail of a theme."""
    if _MAY_HIDE.search(rest) is None:
        return False
    given = attributes(rest)
    return "hidden" in given or _HIDDEN.search(given.get("style", "")) is not None


def _clean(data: str) -> str:
    """What can be read of a text: characters for references, and none of those that show nothing or are signs of ours."""
    if data.isascii() and "&" not in data and _SIGNS.search(data) is None:
        return data
    return _INVISIBLE.sub("", resolved(data))
