"""Lays out the lines of a text part: links in their place or as notes at the end, tables in columns.

The reader of HTML leaves signs in its lines: :data:`LINK`, a number and :data:`LINK` behind the label of a link, :data:`CELL` or
:data:`LAST` between the cells of a row, :data:`HEAD` at the start of a row of headings. No text holds such a sign otherwise.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

from posthouse.rendering.text_columns import WIDTH, Column, columns_for, spec_of, total, width_of

LINK: Final = "\x1c"
HEAD: Final = "\x1d"
LAST: Final = "\x1e"
"""Before a cell whose text stands at the end of its column: an amount."""
CELL: Final = "\x1f"
_SIGNS: Final = re.compile(f" ?([{CELL}{LAST}]) ?")

_LABEL: Final = 28
"""Columns of the longest label that others are aligned with."""
_LONG: Final = 40
"""Characters of an address that may stand in the midst of a sentence."""
_FEW: Final = 3
_SCORE: Final = 4
"""Characters of a score and the blanks around it."""
_OWN: Final = "posthouse:"


class Found(NamedTuple):
    """A link: what is clicked, where it leads, and whether that is always there (and not in a condition or loop)."""

    label: str
    address: str
    always: bool


class Lines(Protocol):
    """What is known of the lines: they may have tags of templates in them."""

    def plain(self, text: str) -> str:
        """A text as far as it is read; the text itself when it is always the same."""
        ...

    def written(self, text: str) -> str:
        """A text with its tags."""
        ...

    def row(self, left: str, right: str, *, head: bool, wide: int) -> str:
        """One row; ``head``: of headings; ``wide``: where it ends."""
        ...

    def columns(self, cells: Sequence[str], spec: str, *, head: bool) -> str:
        """One row of several columns (text_columns.py)."""
        ...


def with_links(lines: list[str], links: Sequence[Found], known: Lines) -> None:
    """Puts addresses behind their labels; long ones in the midst of sentences, when there are several, become notes at the end.

    Args:
        lines: are changed in place.
        links: by the numbers in the lines.
        known: what is known of the lines.
    """
    if not links:
        return
    marked = [at for at, line in enumerate(lines) if LINK in line]
    noted = {
        number for at in marked if not _scores(lines[at], links) for number in _notable(lines[at], links, known.plain)
    }
    notes: dict[str, tuple[int, str]] = {}
    if len({known.written(links[number].address) for number in noted}) < 2:
        noted = set()
    for at in marked:
        if scores := _scores(lines[at], links):
            lines[at] = "\n".join([f"{link.label}: {link.address}" for link in scores])
            continue
        parts = lines[at].split(LINK)
        for place in range(1, len(parts), 2):
            number = int(parts[place])
            parts[place] = _note(links[number], notes, known) if number in noted else _in_place(links[number])
        lines[at] = "".join(parts)
    if notes:
        lines += ["", *[f"[{number}] {address}" for number, address in notes.values()]]


def _notable(line: str, links: Sequence[Found], plain: Callable[[str], str]) -> list[int]:
    """The links of a line that would be better as notes."""
    parts = line.split(LINK)
    numbers = [int(number) for number in parts[1::2]]
    labels = sum(len(plain(links[number].label)) for number in numbers)
    alone = len(numbers) == 1 and sum(map(str.isalnum, plain("".join(parts[::2])))) <= labels
    return [] if alone else [number for number in numbers if _is_long(links[number], plain)]


def _scores(line: str, links: Sequence[Found]) -> list[Found]:
    """The links of a line that is a scale to choose from, as each has a line of its own; nothing of another line."""
    parts = line.split(LINK)
    scale = [links[int(number)] for number in parts[1::2]]
    short = len(scale) > _FEW and sum(map(len, parts[::2])) <= _SCORE * len(scale)
    return scale if short else []


def _is_long(link: Found, plain: Callable[[str], str]) -> bool:
    """One that is put together for each message is taken for long."""
    address = link.address
    long = len(address) > _LONG or address.startswith(_OWN) or plain(address) is not address
    return long and bool(link.label) and link.always


def _note(link: Found, notes: dict[str, tuple[int, str]], known: Lines) -> str:
    number, _ = notes.setdefault(known.written(link.address), (len(notes) + 1, link.address))
    return f" [{number}]"


def _in_place(link: Found) -> str:
    return f"{' ' if link.label else ''}<{link.address}>"


def with_columns(lines: list[str], tables: Sequence[tuple[int, int]], known: Lines) -> None:
    """Sets tables: amounts at the end of their rows, what follows labels in one column.

    Args:
        lines: are changed in place.
        tables: first line and line after the last, inner ones before those around them.
        known: what is known of the lines.
    """
    for start, end in tables:
        grid = _grid(lines[start:end], known)
        labels = [_label(lines[at], known) for at in range(start, end)]
        wide = max(map(width_of, labels), default=0) + 2
        for at, label in zip(range(start, end), labels, strict=True):
            if label:
                lines[at] = f"{label}{' ' * (wide - width_of(label))}{lines[at].partition(CELL)[2]}"
            elif CELL in lines[at] or LAST in lines[at]:
                lines[at] = _row(lines[at], known, grid)


def _grid(lines: Sequence[str], known: Lines) -> tuple[Column, ...] | None:
    """The columns of a table that has three or more, all its long rows taken together."""
    rows = [cells for line in lines if len(cells := _signed(line)) > 2]
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        return None
    return columns_for(
        [[(text if known.plain(text) is text else None, sign == LAST) for sign, text in row] for row in rows]
    )


def _signed(line: str) -> list[tuple[str, str]]:
    """The cells of a row, each with the sign before it."""
    parts = _SIGNS.split(line.lstrip(HEAD))
    return list(zip(["", *parts[1::2]], [part.strip() for part in parts[::2]], strict=True))


def _label(line: str, known: Lines) -> str:
    """What stands before the only other cell; empty where there is no such row."""
    label, sign, rest = line.partition(CELL)
    fits = sign and CELL not in rest and LAST not in line and HEAD not in line
    return (
        label.strip() if fits and known.plain(label) is label and width_of(label) <= _LABEL and len(label) > 1 else ""
    )


def _row(line: str, known: Lines, grid: tuple[Column, ...] | None) -> str:
    head, cells = line.startswith(HEAD), _signed(line)
    texts = [text for _, text in cells]
    if grid is not None and len(cells) == len(grid):
        return known.columns(texts, spec_of(grid), head=head)
    if cells[-1][0] == LAST:
        return known.row(" | ".join(texts[:-1]), texts[-1], head=head, wide=total(grid) if grid else WIDTH)
    return " | ".join(texts)
