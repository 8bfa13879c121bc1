"""Lays out the lines of a text part: links in their place or as notes at the end, tables in columns.

The reader of HTML leaves signs in its lines: :data:`LINK`, a number and :data:`LINK` behind the label of a link, :data:`CELL` or
:data:`LAST` between the cells of a row, :data:`HEAD` at the start of a row of headings. No text holds such a sign otherwise.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol
from unicodedata import category, east_asian_width

LINK: Final = "\x1c"
HEAD: Final = "\x1d"
LAST: Final = "\x1e"
"""Before a cell whose text stands at the end of its column: an amount."""
CELL: Final = "\x1f"

WIDTH: Final = 54
"""Columns of a row with an amount at its end: with its signs encoded it is mostly one line on the wire still."""
_LEAST: Final = 3
"""Dots between what stands at the two ends of a row."""
_LABEL: Final = 28
"""Columns of the longest label that others are aligned with."""
_LONG: Final = 40
"""Characters of an address that may stand in the midst of a sentence."""
_ODD: Final = re.compile(
    "[\u00ad\u0300-\u036f\u0483-\u0489\u0591-\u06ed\u0900-\u1abe\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20f0"
    "\u231a-\u2bff\u2e80-\ud7ff\uf900-\uffff"
    "\U00010000-\U0010ffff]"
)
"""Outside of these every letter takes one column: a glance that spares looking up each."""
_NO_WIDTH: Final = frozenset({"Mn", "Me", "Cf"})
"""Marks above and below letters, and signs that only change the direction of others."""
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

    def row(self, left: str, right: str, *, head: bool) -> str:
        """One row; ``head``: of headings."""
        ...


def width_of(text: str) -> int:
    """Columns that a text takes where letters are of one width: two for those of Chinese, Japanese and Korean, none for marks."""
    if text.isascii() or _ODD.search(text) is None:
        return len(text)
    return sum([0 if category(sign) in _NO_WIDTH else 2 if east_asian_width(sign) in "WF" else 1 for sign in text])


def row_end(left: Any, right: Any) -> str:
    """``Mug, 2 at €12.00 ........ €24.00``; a filter of text parts. What does not fit into one row takes two."""
    start, end = str(left).strip(), str(right).strip()
    dots = WIDTH - width_of(start) - width_of(end) - 2
    if dots >= _LEAST:
        return f"{start} {'.' * dots} {end}"
    return f"{start} {end}" if dots > -WIDTH // 3 else f"{start}\n{end}"


TEXT_FILTERS: Final[dict[str, Callable[..., str]]] = {"row_end": row_end}


def heading_row(left: str, right: str) -> str:
    """The headings over such rows."""
    return f"{left}{' ' * max(2, WIDTH - width_of(left) - width_of(right))}{right}"


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
        labels = [_label(lines[at], known) for at in range(start, end)]
        wide = max(map(width_of, labels), default=0) + 2
        for at, label in zip(range(start, end), labels, strict=True):
            if label:
                lines[at] = f"{label}{' ' * (wide - width_of(label))}{lines[at].partition(CELL)[2]}"
            elif CELL in lines[at] or LAST in lines[at]:
                lines[at] = _row(lines[at], known)


def _label(line: str, known: Lines) -> str:
    """What stands before the only other cell; empty where there is no such row."""
    label, sign, rest = line.partition(CELL)
    fits = sign and CELL not in rest and LAST not in line and HEAD not in line
    return (
        label.strip() if fits and known.plain(label) is label and width_of(label) <= _LABEL and len(label) > 1 else ""
    )


def _row(line: str, known: Lines) -> str:
    head = line.startswith(HEAD)
    cells = line.lstrip(HEAD).replace(f" {CELL} ", CELL)
    left, sign, right = cells.rpartition(LAST)
    if sign and CELL not in right:
        return known.row(" | ".join(_cells(left)), right.strip(), head=head)
    return " | ".join(_cells(cells))


def _cells(text: str) -> list[str]:
    return [cell.strip() for cell in text.replace(LAST, CELL).split(CELL)]
