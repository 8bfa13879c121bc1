"""Finds the links of a compiled body, numbers them and puts marks in their place. Runs at publish, never at dispatch.

A marked program prints, between two :data:`MARK`: the number of a link whose address is known (nothing else of it is
printed), or number, :data:`HERE` and the address that the expressions gave; or the word of an address that we make ourselves
(``u`` to unsubscribe…). Its wire form has one :data:`MARK` behind the first of the marks that stand around every expression.
Programs never hold these characters elsewhere: control characters are dropped from sources.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from posthouse.core.templates.model import SLOT, Link, Scale
from posthouse.rendering import quoted
from posthouse.rendering.addresses import unguarded
from posthouse.rendering.link_parameters import href_with, joined
from posthouse.rendering.tags import Kind, Piece, pieces
from posthouse.rendering.wire import MARK as WIRE
from posthouse.rendering.wire import wire_pieces

MARK: Final = "\x03"
HERE: Final = "\x04"
MOST_LINKS: Final = 2_047
PIXEL: Final = "o"
HONEYPOT: Final = "h"
_MASK: Final = "\x00"
_TAG: Final = re.compile(r"<(?:a|area)\b(?>(?:[^<>\"']++|\"[^\"]*+\"|'[^']*+')*)>", re.IGNORECASE)
_HREF: Final = re.compile(r"\shref\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_OFF: Final = re.compile(r"\sdata-track\s*=\s*[\"']?off\b", re.IGNORECASE)
_WEB: Final = re.compile(r"\s*https?://", re.IGNORECASE)
_OTHER_SCHEME: Final = re.compile(r"\s*(?!https?:)[A-Za-z][A-Za-z0-9+.-]*:", re.IGNORECASE)
_OWN: Final = re.compile(
    r"posthouse:(?:(unsubscribe|preferences|view)|rating/([A-Za-z0-9_-]{1,64})/(1-5|0-10)/([0-9]{1,2}))(?![\w/-])"
)
_OWN_MARKS: Final = {"unsubscribe": "u", "preferences": "p", "view": "v"}
_END: Final = re.compile(r"</body\s*>", re.IGNORECASE)
_LEFT_EMPTY: Final = re.compile(rf"\bnot\s+{SLOT.pattern}(?!\s*[.\[(|])")
"""In a condition: the message does not fill that place for a promotion."""
_BRANCHES: Final = frozenset({"if", "elif", "else", "endif", "for", "endfor"})


class Marked(NamedTuple):
    """What marking a variant gives: programs by name, the table of links, the ratings."""

    programs: dict[str, str]
    links: tuple[Link, ...] = ()
    ratings: tuple[Scale, ...] = ()
    own: bool = False
    """Whether there are addresses that we make ourselves."""


class _Cut(NamedTuple):
    """A place of the source where a mark goes: its word, and the expression of an address that depends on the variables."""

    start: int
    end: int
    word: str
    expression: str = ""


def with_parameters(source: str, parameters: Mapping[str, str], excluded: Sequence[str]) -> str:
    """The HTML with parameters added to every link, but for those that are ours or marked ``data-track="off"``."""
    made, at = [], 0
    for start, end in _hrefs(source):
        value = source[start:end]
        if _OWN.search(value) is None:
            made += [source[at:start], href_with(value, parameters, excluded)]
            at = end
    return "".join([*made, source[at:]])


def marked(programs: Mapping[str, str], parameters: Mapping[str, str]) -> Marked:
    """Marks the links of the bodies.

    Args:
        programs: compiled bodies, ``html`` and ``text``.
        parameters: those that were added, to tell a known address with variable parameters from an unknown one.
    """
    table, scales = _Table(parameters), _Scales()
    html_cuts = list(_html_cuts(programs["html"], table, scales)) if "html" in programs else []
    text_cuts = list(_own_cuts(programs["text"], scales)) if "text" in programs else []
    made: dict[str, str] = {}
    if html_cuts:
        end = _end_of_body(programs["html"])
        html_cuts = sorted([*html_cuts, _Cut(end, end, HONEYPOT), _Cut(end, end, PIXEL)], key=lambda cut: cut.start)
        made |= _programs("html", programs["html"], html_cuts)
    elif "html" in programs:
        end = _end_of_body(programs["html"])
        made |= _programs("html", programs["html"], [_Cut(end, end, PIXEL)])
    if text_cuts:
        made |= _programs("text", programs["text"], text_cuts)
    own = any(cut.word[0] in "upvr" for cut in (*html_cuts, *text_cuts))
    return Marked(made, tuple(table.links), tuple(scales.listed), own)


class _Table:
    """The links found so far."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self.links: list[Link] = []
        self._parameters = parameters

    def cut(self, start: int, end: int, value: str, slot: str) -> _Cut | None:
        """Enters a link; None when its address cannot be written as one expression, or the table is full."""
        if len(self.links) >= MOST_LINKS:
            return None
        word = str(len(self.links))
        if "{{" not in value and "{#" not in value:
            self.links.append(Link(html.unescape(value).strip(), stands_in=slot))
            return _Cut(start, end, word)
        try:
            expression = joined(value, markup=True)
        except ValueError:
            return None
        found = _KNOWN.match(value) if self._parameters else None
        fallback = (found[1] or found[2] or "") if found else ""
        self.links.append(Link(unguarded(value), dynamic=True, fallback=fallback, stands_in=slot))
        return _Cut(start, end, word, expression)


_KNOWN: Final = re.compile(r"\{\{ \(\"\" ~ (?:\"([^\"]*)\"|'([^']*)')\)\|link_with\(")
"""A known address that gets variable parameters."""


class _Scales:
    """The ratings found so far, by name."""

    def __init__(self) -> None:
        self.listed: list[Scale] = []

    def add(self, name: str, scale: str) -> int:
        """The number of a rating."""
        wanted = Scale(name, *map(int, scale.split("-")))
        if wanted not in self.listed:
            self.listed.append(wanted)
        return self.listed.index(wanted)


def _hrefs(source: str) -> Iterator[tuple[int, int]]:
    """Where the addresses of links stand in a program of HTML. Tags of the template are looked over as one block."""
    masked = "".join([p.source if p.kind is Kind.LITERAL else _MASK * len(p.source) for p in pieces(source)])
    for tag in _TAG.finditer(masked):
        href = _HREF.search(tag[0])
        if href is None or _OFF.search(tag[0]):
            continue
        group = 1 if href[1] is not None else 2
        yield tag.start() + href.start(group), tag.start() + href.end(group)


def _html_cuts(source: str, table: _Table, scales: _Scales) -> Iterator[_Cut]:
    slots = _stand_ins(source)
    for start, end in _hrefs(source):
        value = source[start:end]
        own = _OWN.fullmatch(value.strip())
        if own is not None:
            yield _Cut(start, end, _own_word(own, scales))
            continue
        slot = next((name for name, begin, until in slots if begin < start < until), "")
        if _is_trackable(value) and (cut := table.cut(start, end, value, slot)) is not None:
            yield cut


def _stand_ins(source: str) -> list[tuple[str, int, int]]:
    """What is shown only while a place for a promotion is left empty: the place's name, from where to where."""
    if _LEFT_EMPTY.search(source) is None:
        return []
    found: list[tuple[str, int, int]] = []
    still_open: list[tuple[str, int]] = []
    for piece in pieces(source):
        if piece.kind is not Kind.BLOCK or piece.word not in _BRANCHES:
            continue
        if piece.word not in {"if", "for"} and still_open:
            name, since = still_open.pop()
            found += [(name, since, piece.start)] if name else []
        if not piece.word.startswith("end"):
            left_empty = _LEFT_EMPTY.search(piece.code)
            still_open.append((left_empty[1] if left_empty else "", piece.start))
    return found


def _is_trackable(value: str) -> bool:
    """Whether an address leads to the web, as far as can be told at publish."""
    if "{{" not in value and "{%" not in value:
        return _WEB.match(value) is not None
    if _OTHER_SCHEME.match(value) or value.lstrip()[:1] in {"#", "/"}:
        return False
    return all(piece.kind in {Kind.LITERAL, Kind.EXPRESSION} for piece in pieces(value))


def _own_cuts(source: str, scales: _Scales) -> Iterator[_Cut]:
    """Addresses of ours that stand in a text."""
    for piece in pieces(source):
        if piece.kind is Kind.LITERAL:
            for own in _OWN.finditer(piece.source):
                yield _Cut(piece.start + own.start(), piece.start + own.end(), _own_word(own, scales))


def _own_word(own: re.Match[str], scales: _Scales) -> str:
    return _OWN_MARKS[own[1]] if own[1] else f"r{scales.add(own[2], own[3])}.{int(own[4])}"


def _end_of_body(source: str) -> int:
    ends = [found.start() for found in _END.finditer(source)]
    return ends[-1] if ends else len(source)


def _programs(name: str, source: str, cuts: Sequence[_Cut]) -> dict[str, str]:
    """The marked program of one body, and its wire form where there is one."""
    plain: list[str] = []
    wired: list[str | None] = []
    at, parts = 0, _between(pieces(source), cuts)
    for cut in cuts:
        before = source[at : cut.start]
        beside = f" ~ ({cut.expression})" if cut.expression else ""
        # A string in an expression, not a constant piece: those are encoded and moved about.
        word = f'{{{{ "{MARK}{cut.word}{HERE if cut.expression else ""}"{beside} }}}}'
        plain += [before, word, MARK]
        wired += [wire_pieces(next(parts)), f"{WIRE}{word}{WIRE}{quoted.SOFT}"]
        at = cut.end
    plain.append(source[at:])
    wired.append(wire_pieces(next(parts)))
    made = {f"links.{name}": "".join(plain)}
    if all(part is not None for part in wired):
        made[f"wire.links.{name}"] = "".join([part for part in wired if part is not None])
    return made


def _between(listed: Sequence[Piece], cuts: Sequence[_Cut]) -> Iterator[list[Piece]]:
    """The pieces before each cut and after the last. Cuts begin and end in literals or beside tags, never in one."""
    number, at = 0, 0
    for cut in cuts:
        number, part = _taken(listed, number, at, cut.start)
        yield part
        at = cut.end
    yield _taken(listed, number, at, None)[1]


def _taken(listed: Sequence[Piece], number: int, start: int, end: int | None) -> tuple[int, list[Piece]]:
    """The pieces from one place to another, literals cut to measure; and the number of the first that reaches beyond."""
    part: list[Piece] = []
    while number < len(listed):
        piece = listed[number]
        after = piece.start + len(piece.source)
        if end is not None and piece.start >= end:
            break
        if after > start:
            whole = piece.start >= start and (end is None or after <= end)
            text = piece.source[max(0, start - piece.start) : None if end is None else end - piece.start]
            part.append(piece if whole else Piece(Kind.LITERAL, text, text, max(start, piece.start)))
        if end is not None and after > end:
            break
        number += 1
    return number, part
