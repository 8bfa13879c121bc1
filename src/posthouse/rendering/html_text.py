"""Derives the text part's program from an HTML program, at publish: dispatch never parses HTML.

Tags become words before parsing (a streaming parser that moves nothing) and tags again afterwards. Links are written as
``label <url>``, rows of data tables as lines, layout tables (``role="presentation"``) as what they hold; hidden parts and
what only Outlook sees are left out. A line that holds block tags only takes no line of its own.
"""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

from posthouse.rendering.guard import SALT
from posthouse.rendering.tags import Kind, Piece, pieces

_OUTLOOK: Final = re.compile(r"<!--\[if (?:mso|lte|gte|lt|gt|\(mso|IE).*?<!\[endif\]-->", re.DOTALL | re.IGNORECASE)
_COMMENT: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_DOWNLEVEL: Final = re.compile(r"<!--\[if !mso\]><!-->|<!--<!\[endif\]-->|<!\[(?:if[^\]]*|endif)\]>", re.IGNORECASE)
_MARKED: Final = re.compile(r"<!\[[^>]*>?")
"""Marked sections, at which the standard library's parser gives up (an AssertionError)."""
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
_SPACES: Final = re.compile(r"[ \t\r\n\f\u00a0]+")
_INVISIBLE: Final = re.compile("[\u00ad\u034f\u200b-\u200f\u2060\ufeff]")
_TOKEN: Final = re.compile(f"{SALT}([0-9]+)z")
_ATTRIBUTE: Final = re.compile(r"\s([^\s\"'<>/=]+)(?:=\"([^\"]*)\")?")
_TIDY: Final = re.compile(
    r"(?P<text>[^<]+)|<(?P<end>/)?(?P<name>[A-Za-z][A-Za-z0-9-]*)(?P<attributes>(?:\s+[^\s\"'<>/=]+(?:=\"[^\"]*\")?)*)\s*(?P<empty>/)?>"
    r"|<!doctype[^<>]*>",
    re.IGNORECASE,
)
_BRACES: Final = re.compile(r"\{[{%#]")


class LostTagError(ValueError):
    """A block tag stands where the text part cannot keep it."""


def derive_text(html: str, *, quick: bool = True) -> str:
    """The program of the text part.

    Args:
        html: the program of the HTML part.
        quick: whether tidy markup may be read the quick way; the result is the same.

    Raises:
        LostTagError: a block tag would be lost; a text part must be written by hand.
    """
    held: list[Piece] = []
    parts = []
    for piece in pieces(html):
        if piece.kind is Kind.LITERAL:
            parts.append(piece.source.replace(SALT, ""))
        elif piece.kind is not Kind.COMMENT:
            parts.append(f"{SALT}{len(held)}z")
            held.append(piece)
    token = _TOKEN
    reader = _Reader(token, held)
    source = _without_comments("".join(parts), token)
    if not (quick and reader.feed_tidy(source)):
        reader.feed(source)
        reader.close()
    return _program(reader.lines(), token, held)


def _without_comments(html: str, token: re.Pattern[str]) -> str:
    """Only the tags inside comments stay: loops around sections stand there too."""
    html = _DOWNLEVEL.sub("", html)
    for comment in (_OUTLOOK, _COMMENT):
        html = comment.sub(lambda found: "".join(match[0] for match in token.finditer(found[0])), html)
    return _MARKED.sub("", html)


class _Reader(HTMLParser):
    """Collects lines: text, with the tokens of tags in it."""

    def __init__(self, token: re.Pattern[str], held: list[Piece]) -> None:
        super().__init__(convert_charrefs=True)
        self._token = token
        self._held = held
        self._lines: list[str] = []
        self._line = ""
        self._stack: list[tuple[str, bool]] = []
        self._silent = 0
        self._links: list[tuple[str, int]] = []
        self._data_tables: list[bool] = []
        self._cells = 0

    def feed_tidy(self, html: str) -> bool:
        """Reads markup that is nothing but tidy tags and text, as MJML writes it: three times as fast. False: not read."""
        tokens = list(_TIDY.finditer(html))
        if sum(found.end() - found.start() for found in tokens) != len(html):
            return False
        for found in tokens:
            if (text := found["text"]) is not None:
                self.handle_data(unescape(text) if "&" in text else text)
            elif (name := found["name"]) is not None:
                self._tag(name.lower(), found)
        return True

    def _tag(self, name: str, found: re.Match[str]) -> None:
        if found["end"]:
            self.handle_endtag(name)
            return
        attributes: list[tuple[str, str | None]] = [
            (key.lower(), unescape(value) if "&" in value else value)
            for key, value in _ATTRIBUTE.findall(found["attributes"])
        ]
        (self.handle_startendtag if found["empty"] else self.handle_starttag)(name, attributes)

    def lines(self) -> list[str]:
        """What was read; an empty line stands between paragraphs."""
        self._break()
        return self._lines

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Opens an element; what is hidden stays silent until its end."""
        given = {name: value or "" for name, value in attrs}
        hidden = tag in _SILENT or "hidden" in given or _HIDDEN.search(given.get("style", "")) is not None
        if tag not in _VOID:
            self._stack.append((tag, hidden))
            self._silent += hidden
        if not self._silent:
            self._open(tag, given)

    def handle_endtag(self, tag: str) -> None:
        """Closes an element and whatever was left open inside it."""
        if tag not in [name for name, _ in self._stack]:
            return
        while self._stack:
            name, hidden = self._stack.pop()
            if not self._silent:
                self._close(name)
            self._silent -= hidden
            if name == tag:
                return

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        if not self._silent:
            self._line += _INVISIBLE.sub("", data)

    def _open(self, tag: str, given: dict[str, str]) -> None:
        if tag == "table":
            self._data_tables.append(given.get("role") not in {"presentation", "none"})
        if tag in _PARAGRAPHS:
            self._paragraph()
        elif tag in _BLOCKS or tag in {"tr", "li", "br"}:
            self._break()
        if tag == "li":
            self._line += "- "
        elif tag == "hr":
            self._paragraph()
            self._lines.extend(("-" * 20, ""))
        elif tag == "a":
            self._links.append((given.get("href", "").strip(), len(self._line)))
        elif tag == "img":
            self._line += given.get("alt", "")
        elif tag in {"td", "th"}:
            self._cell()

    def _close(self, tag: str) -> None:
        if tag == "table" and self._data_tables:
            self._paragraph() if self._data_tables.pop() else self._break()
        elif tag in _PARAGRAPHS:
            self._paragraph()
        elif tag in _BLOCKS or tag in {"tr", "li"}:
            self._break()
        elif tag == "a" and self._links:
            self._link(*self._links.pop())

    def _cell(self) -> None:
        if self._data_tables and self._data_tables[-1]:
            shown = _SPACES.sub(" ", self._token.sub(self._visible, self._line)).strip()
            if shown:
                self._line = self._line.rstrip() + " | "
        else:
            self._paragraph()

    def _tags_only(self, line: str) -> bool:
        return bool(line) and not self._token.sub(self._visible, line).strip()

    def _visible(self, found: re.Match[str]) -> str:
        return "" if self._held[int(found[1])].kind is Kind.BLOCK else "x"

    def _link(self, href: str, start: int) -> None:
        label = _SPACES.sub(" ", self._line[start:]).strip()
        address = href.removeprefix("mailto:").removeprefix("tel:")
        if not href or href.startswith("#") or label == address:
            return
        self._line = f"{self._line[:start]}{label} <{address}>" if label else self._line + f"<{address}>"

    def _break(self) -> None:
        line = _SPACES.sub(" ", self._line).strip()
        self._line = ""
        if line:
            self._lines.append(line)

    def _paragraph(self) -> None:
        self._break()
        if next((line for line in reversed(self._lines) if not self._tags_only(line)), ""):
            self._lines.append("")


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
