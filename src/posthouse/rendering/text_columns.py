"""Columns of a text part: where each begins or ends, and the filter that sets a row.

What the values come to is known only when they are printed, so a table's columns are settled from what is known before: headings, words
that are always the same, and room for the rest. What does not fit into its column goes on in the next line of it.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple
from unicodedata import category, east_asian_width

WIDTH: Final = 54
"""Columns of a row with an amount at its end: with its signs encoded it is mostly one line on the wire still."""
WIDEST: Final = 78
"""Of any row (RFC 5322 §2.1.1)."""
_GAP: Final = 2
_LEAST: Final = 3
"""Dots between what stands at the two ends of a row."""
_AMOUNT: Final = 10
_NUMBER: Final = 7
_FIRST: Final = 22
_WORDS: Final = 14
"""Room for values of the last column where that is of numbers, of others of numbers, of the first one, of others of words."""
_NARROW: Final = 8
_ODD: Final = re.compile(
    "[\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u06ed\u0900-\u1abe\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20f0"
    "\u231a-\u2bff\u2e80-\ud7ff\uf900-\uffff\U00010000-\U0010ffff]"
)
"""Outside of these every letter takes one column: a glance that spares looking up each."""
_NO_WIDTH: Final = frozenset({"Mn", "Me", "Cf"})
"""Marks above and below letters, and signs that only change the direction of others."""


class Column(NamedTuple):
    """How wide, and on which side the text stands."""

    width: int
    right: bool


def width_of(text: str) -> int:
    """Columns that a text takes where letters are of one width: two for those of Chinese, Japanese and Korean, none for marks."""
    if text.isascii() or _ODD.search(text) is None:
        return len(text)
    return sum([0 if category(sign) in _NO_WIDTH else 2 if east_asian_width(sign) in "WF" else 1 for sign in text])


def row_end(left: Any, right: Any, wide: int = WIDTH) -> str:
    """``Mug, 2 at €12.00 ........ €24.00``; a filter of text parts. What does not fit into one row takes two."""
    start, end = str(left).strip(), str(right).strip()
    dots = wide - width_of(start) - width_of(end) - 2
    if dots >= _LEAST:
        return f"{start} {'.' * dots} {end}"
    return f"{start} {end}" if dots > -wide // 3 else f"{start}\n{end}"


def heading_row(left: str, right: str, wide: int = WIDTH) -> str:
    """The headings over such rows."""
    return f"{left}{' ' * max(2, wide - width_of(left) - width_of(right))}{right}"


def columns_for(rows: Sequence[Sequence[tuple[str | None, bool]]]) -> tuple[Column, ...] | None:
    """The columns of a table; None when there is no room for so many.

    Args:
        rows: for each cell its text where that is always the same (None: it is not), and whether it stands at the right.
    """
    count = len(rows[0])
    right = [all(row[at][1] for row in rows) for at in range(count)]
    usual = [
        (_AMOUNT if at == count - 1 else _NUMBER) if right[at] else _WORDS if at else _FIRST for at in range(count)
    ]
    wanted = [_wanted([row[at][0] for row in rows], usual[at]) for at in range(count)]
    room = WIDEST - _GAP * (count - 1) - sum(width for width, at_end in zip(wanted, right, strict=True) if at_end)
    words = [at for at in range(count) if not right[at]]
    if not words or room < _NARROW * len(words):
        return None
    if (over := sum(wanted[at] for at in words) - room) > 0:
        for at in sorted(words, key=lambda at: -wanted[at]):
            less = min(over, wanted[at] - max(_NARROW, room // len(words)))
            wanted[at] -= max(0, less)
            over -= max(0, less)
    _spread(wanted, [at for at in words if any(row[at][0] is None for row in rows)], words[0])
    return tuple([Column(width, at_end) for width, at_end in zip(wanted, right, strict=True)])


def _spread(wanted: list[int], open_ones: Sequence[int], first: int) -> None:
    """Gives what is left to columns whose words are not known yet."""
    there = sum(wanted) + _GAP * (len(wanted) - 1)
    rest = (WIDTH if there <= WIDTH or not open_ones else WIDEST) - there
    if rest <= 0:
        return
    for at in open_ones:
        wanted[at] += rest // len(open_ones)
    wanted[open_ones[0] if open_ones else first] += rest % len(open_ones) if open_ones else rest


def spec_of(columns: Sequence[Column]) -> str:
    """For the filter: ``<20 >8 >10``."""
    return " ".join([f"{'>' if one.right else '<'}{one.width}" for one in columns])


def total(columns: Sequence[Column]) -> int:
    """Where a row ends."""
    return sum(one.width for one in columns) + _GAP * (len(columns) - 1)


def in_columns(first: Any, spec: str, *others: Any) -> str:
    """A row of several columns; a filter of text parts. Dots lead to what stands at the right."""
    return _set(spec, [str(cell).strip() for cell in (first, *others)], ".")


def heading_columns(spec: str, cells: Sequence[str]) -> str:
    """The headings over such rows."""
    return _set(spec, cells, " ")


COLUMN_FILTERS: Final[dict[str, Callable[..., str]]] = {"row_end": row_end, "in_columns": in_columns}


def _wanted(texts: Sequence[str | None], usual: int) -> int:
    """Room for a column: for its widest text, and the usual for values where there are any."""
    known = max([width_of(text) for text in texts if text is not None], default=0)
    return max(known, usual) if None in texts else known


@lru_cache(maxsize=256)
def _read(spec: str) -> tuple[Column, ...]:
    return tuple([Column(int(word[1:]), word[0] == ">") for word in spec.split()])


def _set(spec: str, cells: Sequence[str], fill: str) -> str:
    columns = _read(spec)
    if all(one.right or width_of(cell) <= one.width for cell, one in zip(cells, columns, strict=True)):
        return _line(cells, columns, fill)
    lines = [[cell] if one.right else list(_broken(cell, one.width)) for cell, one in zip(cells, columns, strict=True)]
    deep = max(map(len, lines))
    rows = [[held[depth] if depth < len(held) else "" for held in lines] for depth in range(deep)]
    return "\n".join([_line(row, columns, fill) for row in rows])


def _line(cells: Sequence[str], columns: Sequence[Column], fill: str) -> str:
    """One line; what is too long for its place pushes the rest on."""
    parts, there, at = list[str](), 0, 0
    for cell, one in zip(cells, columns, strict=True):
        if cell:
            wide = width_of(cell)
            blank = max((at + one.width - wide if one.right else at) - there, _GAP if there else 0)
            dots = one.right and there and fill != " " and blank >= _LEAST + 2
            parts += (f" {fill * (blank - 2)} " if dots else " " * blank, cell)
            there += blank + wide
        at += one.width + _GAP
    return "".join(parts)


def _broken(text: str, wide: int) -> Iterator[str]:
    """Lines of a text that are no wider; words are cut only where one is too long by itself."""
    line, used = "", 0
    for word in text.split():
        rest = word
        while (needs := width_of(rest)) + (used + 1 if line else 0) > wide:
            if line:
                yield line
                line, used = "", 0
                continue
            cut = _fitting(rest, wide)
            yield rest[:cut]
            rest = rest[cut:]
        line, used = (f"{line} {rest}", used + 1 + needs) if line else (rest, needs)
    if line:
        yield line


def _fitting(word: str, wide: int) -> int:
    """How many signs of a word fit: at least one, and never a letter without its marks."""
    used = 0
    for at, sign in enumerate(word):
        used += width_of(sign)
        if used > wide and at:
            return at
    return len(word)
