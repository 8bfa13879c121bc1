"""Keeps values of another writing direction from reordering the words around them (Unicode UAX #9, isolates).

At publish a comment of the template language marks each expression that prints into text of HTML (and not into an attribute, an
address, styles or scripts), as only there the markup is known. It prints nothing. Where a message needs it (the language is written
from right to left, or a variable is in one that is not) its programs are loaded once more, with ``<bdi>`` around these, and with
:func:`isolated` in subjects and text parts. All others are what they would be without it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from posthouse.core.templates.model import ISOLATES, Direction
from posthouse.rendering.contexts import Edit, Page
from posthouse.rendering.remembering import remembered
from posthouse.rendering.tags import ISOLATING, Kind, Piece, pieces
from posthouse.rendering.wire import MARK, wire_pieces

FSI: Final = "\u2068"
PDI: Final = "\u2069"
_TRIMMING: Final = "{#-~#}"
"""The comment where the expression takes the blanks before it away."""
_OF_THE_LANGUAGE: Final = re.compile(
    r"\s*[\w.]+(?:\s*\|\s*\w+\s*(?:\([^()]*\))?)*?"
    r"\s*\|\s*(?:money|number|percent|date|time|datetime|relative|unit|plural|country|length|round)\s*(?:\([^()]*\))?\s*"
)
"""Formats write as the language of the mail does, with the marks of CLDR."""
_MARKUP: Final = re.compile(r"\|\s*safe\b")
_CALL: Final = re.compile(r"\s*[A-Za-z_]\w*\s*\(")
_CONSTANT: Final = frozenset({Kind.LITERAL, Kind.RAW})
_OTHER_WAY: Final = (
    "\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff"
)
_RTL: Final = re.compile(f"[{_OTHER_WAY}]")
_NOT_RTL: Final = re.compile(f"[^\\W_{_OTHER_WAY}]|[\u202a-\u202e\u2066-\u2069]")
"""Letters and digits of another direction, and signs that change it."""
_RTL_OCTETS: Final = re.compile(
    rb"\xd6[\x90-\xbf]|[\xd7-\xdf]|\xe0[\xa0-\xa3]|\xe2(?:\x80[\x8f\xaa-\xae]|\x81[\xa6-\xa9])"
    rb"|\xef(?:\xac[\x9d-\xbf]|[\xad-\xb7]|\xb9[\xb0-\xbf]|[\xba\xbb])|\xf0[\x90\x9e][\xa0-\xbf]"
)
"""The same in UTF-8."""
_UNSUSPICIOUS: Final = bytes(sorted(set(range(256)) - {*range(0xD6, 0xE1), 0xE2, 0xEF, 0xF0}))
_ISOLATES: Final = dict.fromkeys(map(ord, "\u2066\u2067\u2068\u2069"))
_ADDRESS: Final = re.compile(r"\s*(?:[A-Za-z][\w+.-]*://|mailto:|tel:)")
_SOFT: Final = "=\r\n"
_STRING_OR_BRACKET: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[()\[\]{}]", re.DOTALL)
_OF_LINES: Final = frozenset({"subject", "text", "wire.text"})
_ROW: Final = re.compile(r"\|(?:row_end|in_columns)\(")
_SHOWN: Final = {"push": re.compile(r"title|body|actions/\d+/title"), "whatsapp": re.compile("text")}
"""Which texts of other channels people read. Not those of an SMS: the signs would take the room of two letters each."""


def edits(page: Page) -> Iterator[Edit]:
    """A comment before each expression that prints into text; none twice."""
    if wire_pieces([piece for piece in page.listed if piece.kind is Kind.BLOCK]) is None:
        return  # it takes hold of what it printed, and might print that into an attribute
    at, spans = 0, page.spans
    for piece in page.listed:
        while at < len(spans) and spans[at][1] <= piece.start:
            at += 1
        in_text = at == len(spans) or piece.start < spans[at][0]
        if piece.source in ISOLATING:
            yield Edit(piece.start, piece.start + len(piece.source), "")
        elif piece.kind is Kind.EXPRESSION and in_text and _is_value(piece.code):
            yield Edit(piece.start, piece.start, _TRIMMING if piece.trims_before else ISOLATES)


def needed(direction: Direction, variables: bytes | None) -> bool:
    """Whether a message needs it.

    Args:
        direction: of its release.
        variables: as JSON.
    """
    if direction == "ltr":
        if variables is None or variables.isascii():
            return False
        suspicious = variables.translate(None, _UNSUSPICIOUS)
        return bool(suspicious) and _RTL_OCTETS.search(variables) is not None
    return direction == "rtl"


def isolating(programs: Mapping[str, str], channel: str) -> dict[str, str]:
    """The programs of a release, as those messages run them that need it."""
    if channel != "email":
        shown = _SHOWN.get(channel)
        return {
            name: _lines(source) if shown is not None and shown.fullmatch(name) else source
            for name, source in programs.items()
        }
    made = dict(programs)
    for name, source in programs.items():
        if name in _OF_LINES:
            made[name] = _lines(source)
        elif name.endswith("html"):
            made[name] = _html(name, source)
    return made


def isolated(direction: Direction, value: Any) -> Any:
    """A filter: the value between FSI and PDI if it could reorder what stands beside it. Addresses stay as they are, to be clicked."""
    if not isinstance(value, str):
        return value
    odd = _RTL if direction == "ltr" else _NOT_RTL
    if odd.search(value) is None or value.isdecimal() or _ADDRESS.match(value):
        return value
    bare = value.translate(_ISOLATES)
    return "\n".join([f"{FSI}{line}{PDI}" if line.strip() else line for line in bare.split("\n")])


def filters_of(direction: Direction) -> dict[str, Callable[..., Any]]:
    """The filter of programs that isolate."""
    return {"isolated": partial(isolated, direction)}


@remembered(2_048)
def _is_value(code: str) -> bool:
    """Not what a format wrote, nor what may be elements."""
    return all(told is None for told in (_OF_THE_LANGUAGE.fullmatch(code), _MARKUP.search(code), _CALL.match(code)))


def _html(name: str, source: str) -> str:
    """``<bdi>`` around what is marked; in a PDF, whose engine does not know that element, signs."""
    around = ("", "") if name.startswith("attachment.") else ("<bdi>", "</bdi>")
    soft = _SOFT if name.startswith("wire.") else ""
    made, open_now, due = list[str](), False, False
    for piece in pieces(source):
        if due:  # the mark that ends the value stands before what follows it
            past = len(MARK + _SOFT) if soft else 0
            made.append(piece.source[:past] + around[1] + soft)
            made.append(piece.source[past:])
            due = False
        elif piece.source in ISOLATING:
            made.append(("{#- #}" if piece.trims_before else "") + around[0] + (soft if around[0] else ""))
            open_now = True
        elif open_now and piece.kind is Kind.EXPRESSION:
            made.append(piece.source if around[0] else _filtered(piece))
            open_now, due = False, bool(soft)
            if not soft and around[1]:
                made.append(around[1] + ("{# -#}" if piece.trims_after else ""))
        else:
            made.append(piece.source)
    return "".join(made)


def _lines(source: str) -> str:
    """A subject or text part: every value through the filter, but for those that are parts of addresses."""
    made, glued = list[str](), False
    for piece in pieces(source):
        if piece.kind in _CONSTANT:
            last = re.split(r"\s", piece.source.replace(_SOFT, "").replace(MARK, ""))
            glued = (glued and len(last) == 1) or "://" in last[-1] or last[-1].endswith(("<", "mailto:"))
        elif piece.kind is Kind.EXPRESSION and not (
            glued or piece.code.startswith('"\x03') or not _is_value(piece.code)
        ):
            made.append(_filtered(piece))
            continue
        made.append(piece.source)
    return "".join(made)


def _filtered(piece: Piece) -> str:
    code = _row(piece.code) if _ROW.search(piece.code) else f"({piece.code})|isolated"
    return f"{{{{{'-' * piece.trims_before} {code} {'-' * piece.trims_after}}}}}"


def _row(code: str) -> str:
    """A row of columns (text_program.py): words and values between ``~``, values in brackets."""
    made, depth, at, start = list[str](), 0, 0, -1
    for found in _STRING_OR_BRACKET.finditer(code):
        if found[0] in "([{":
            if depth == 1 and code.endswith(" ~ ", 0, found.start()):
                start = found.start()
            depth += 1
        elif found[0] in ")]}":
            depth -= 1
            if depth == 1 and start >= 0:
                value = code[start : found.end()]
                made.append(code[at:start] + (f"({value}|isolated)" if _is_value(value[1:-1]) else value))
                at, start = found.end(), -1
    return "".join([*made, code[at:]])
