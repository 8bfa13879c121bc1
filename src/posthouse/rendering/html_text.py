"""Derives the text part from HTML: at publish as a program, for content that somebody rendered themselves as it is accepted.

Tags of templates become words before scanning and tags again afterwards. Links are written as ``label <url>``, rows of data
tables as lines, layout tables (``role="presentation"``) as what they hold; hidden parts and what only Outlook sees are left
out. A line that holds block tags only takes no line of its own. The time is linear in the length of the HTML, however
hostile it is.
"""

import re
from collections import Counter
from collections.abc import Callable
from typing import Final

from posthouse.core.kernel.references import resolved
from posthouse.rendering.guard import SALT
from posthouse.rendering.remembering import remembered
from posthouse.rendering.scanning import attributes, scan
from posthouse.rendering.tags import Kind, Piece, pieces

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
_SPACES: Final = re.compile(r"[ \t\r\n\f\u00a0]+")
_BREAKS: Final = re.compile(r"[\t\r\n\f]+")
_INVISIBLE: Final = re.compile("[\u00ad\u034f\u200b-\u200f\u2060\ufeff]")
_TOKEN: Final = re.compile(f"{SALT}([0-9]+)z")
_BRACES: Final = re.compile(r"\{[{%#]")


def text_of(html: str) -> str:
    """The text part of finished HTML, lines ending with LF; '' when nothing in it can be read."""
    reader = _Reader(_is_shown)
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
    token = _TOKEN

    def shown(text: str) -> bool:
        if SALT in text:
            text = token.sub(lambda found: "" if _is_block(held, found) else "x", text)
        return bool(text) and not text.isspace()

    reader = _Reader(shown, token)
    scan("".join(parts), reader)
    return _program(reader.lines(), token, held)


def _is_shown(text: str) -> bool:
    return not text.isspace()


class _Reader:
    """Collects lines (scanning.Sink): text, with the tokens of tags in it.

    Args:
        shown: whether a text prints anything by itself.
        token: what stands for a tag; only such are kept of comments (loops around sections stand there too).
    """

    def __init__(self, shown: Callable[[str], bool], token: re.Pattern[str] | None = None) -> None:
        self._shown = shown
        self._token = token
        self._lines: list[str] = []
        self._line: list[str] = []
        self._prints = False
        """Whether anything in the line is shown."""
        self._gap_due = False
        """Whether the last line that shows anything is no empty one."""
        self._stack: list[tuple[str, bool]] = []
        self._open: Counter[str] = Counter()
        self._silent = 0
        self._link: tuple[str, int] | None = None
        self._data_tables: list[bool] = []

    def lines(self) -> list[str]:
        """What was read; an empty line stands between paragraphs."""
        self._end_link()
        self._break()
        return self._lines

    def text(self, data: str) -> None:
        """Text between tags."""
        if not self._silent:
            data = resolved(data)
            self._write(_INVISIBLE.sub("", data) if not data.isascii() else data)

    def comment(self, data: str) -> None:
        """A comment says nothing; tags of templates in it stay."""
        if self._token is not None and SALT in data:
            self.text("".join([found[0] for found in self._token.finditer(data)]))

    def opened(self, tag: str, rest: str) -> None:
        """Opens an element; what is hidden stays silent until its end."""
        hidden = tag in _SILENT or (bool(rest) and _hides(rest))
        if tag not in _VOID:
            self._stack.append((tag, hidden))
            self._open[tag] += 1
            self._silent += hidden
        if not self._silent:
            self._begin(tag, rest)

    def closed(self, tag: str) -> None:
        """Closes an element and whatever was left open inside it."""
        if not self._open[tag]:
            return
        while self._stack:
            name, hidden = self._stack.pop()
            self._open[name] -= 1
            if not self._silent:
                self._end(name)
            self._silent -= hidden
            if name == tag:
                return

    def _begin(self, tag: str, rest: str) -> None:
        if tag in _PARAGRAPHS:
            self._paragraph()
        elif tag in _BLOCKS or tag in _LINES:
            self._break()
        if tag == "table":
            self._data_tables.append(attributes(rest).get("role") not in {"presentation", "none"})
        elif tag == "li":
            self._write("- ")
        elif tag == "hr":
            self._paragraph()
            self._lines.extend(("-" * 20, ""))
            self._gap_due = False
        elif tag == "a":
            self._end_link()  # links do not nest: the first one ends here (WHATWG HTML §13.2.6.4.7)
            self._link = (attributes(rest).get("href", "").strip(), len(self._line))
        elif tag == "img":
            self._write(attributes(rest).get("alt", ""))
        elif tag in {"td", "th"}:
            self._cell()

    def _end(self, tag: str) -> None:
        if tag == "table" and self._data_tables:
            self._paragraph() if self._data_tables.pop() else self._break()
        elif tag in _PARAGRAPHS:
            self._paragraph()
        elif tag in _BLOCKS or tag in {"tr", "li"}:
            self._break()
        elif tag == "a":
            self._end_link()

    def _cell(self) -> None:
        if not self._data_tables or not self._data_tables[-1]:
            self._paragraph()
        elif self._prints:
            self._line.append(" | ")

    def _end_link(self) -> None:
        if self._link is None:
            return
        (href, start), self._link = self._link, None
        label = _SPACES.sub(" ", "".join(self._line[start:])).strip()
        address = _BREAKS.sub("", href.removeprefix("mailto:").removeprefix("tel:"))
        if not href or href.startswith("#") or label == address:
            return
        if label:
            self._line[start:] = [label, " "]
        self._write(f"<{address}>")

    def _write(self, text: str) -> None:
        if text:
            self._line.append(text)
            self._prints = self._prints or self._shown(text)

    def _break(self) -> None:
        if self._line:
            if line := _SPACES.sub(" ", "".join(self._line)).strip():
                self._lines.append(line)
                self._gap_due = self._gap_due or self._prints
            self._line.clear()
            self._prints = False
        if self._link is not None:
            self._link = (self._link[0], 0)

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


def _program(lines: list[str], token: re.Pattern[str], held: list[Piece]) -> str:
    """Joins the lines: one that only holds block tags leaves no line break behind."""
    parts: list[str] = []
    for line in lines:
        tags_only = line and not token.sub(lambda found: "" if _is_block(held, found) else "x", line).strip()
        text = token.sub(lambda found: "\0" + found[1] + "\0", line)
        parts.append(text.replace(" ", "") if tags_only else text + "\n")
    pieces_of = "".join(parts).split("\0")
    literals = [_BRACES.sub(lambda found: "{{ '" + found[0] + "' }}", literal) for literal in pieces_of[::2]]
    tags = [_untrimmed(held[int(number)]) for number in pieces_of[1::2]]
    return "".join([literal + tag for literal, tag in zip(literals, [*tags, ""], strict=True)])


def _is_block(held: list[Piece], found: re.Match[str]) -> bool:
    return held[int(found[1])].kind is Kind.BLOCK


def _untrimmed(piece: Piece) -> str:
    """Blanks were settled while deriving, so trim signs would only eat line breaks."""
    match piece.kind:
        case Kind.EXPRESSION:
            return f"{{{{ {piece.code} }}}}"
        case Kind.BLOCK:
            return f"{{% {piece.code} %}}"
        case _:
            return piece.source
