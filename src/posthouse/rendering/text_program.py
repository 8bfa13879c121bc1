"""The lines of a text part with tags of templates in them, as a program that prints no empty line for what is not shown."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from posthouse.rendering.guard import SALT
from posthouse.rendering.link_parameters import string_of
from posthouse.rendering.tags import Kind, Piece
from posthouse.rendering.text_columns import WIDTH, heading_columns, heading_row

TOKEN: Final = re.compile(f"{SALT}([0-9]+)z")
_BRACES: Final = re.compile(r"\{[{%#]")
_OPENS: Final = frozenset({"if", "for", "with", "macro", "call", "filter", "autoescape"})
_TURNS: Final = frozenset({"else", "elif"})


class _Part(NamedTuple):
    """A line of words, an empty one, or a tag that stands alone (its number and first word)."""

    line: str
    number: int = -1
    word: str = ""


class Tags:
    """The tags behind the tokens.

    Args:
        held: by their numbers.
    """

    def __init__(self, held: list[Piece]) -> None:
        self._held = held
        self.depth = 0
        """How many conditions and loops are open where the reader is."""

    def is_block(self, found: re.Match[str]) -> bool:
        """Whether a token stands for a tag that prints nothing."""
        return self._held[int(found[1])].kind is Kind.BLOCK

    def passes(self, text: str) -> None:
        """The reader goes on over a text with tokens in it."""
        for found in TOKEN.finditer(text):
            piece = self._held[int(found[1])]
            if piece.kind is Kind.BLOCK:
                self.depth += _step(piece)

    def plain(self, text: str) -> str:
        """A text as far as it is read: a letter for each value, nothing for each block."""
        return TOKEN.sub(lambda found: "" if self.is_block(found) else "x", text) if SALT in text else text

    def row(self, left: str, right: str, *, head: bool, wide: int) -> str:
        """See Lines. The filter measures what the values come to; where a cell holds more than values, it is a plain row."""
        if SALT not in left and SALT not in right and head:
            return heading_row(left, right, wide)
        end = f", {wide}" if wide != WIDTH else ""
        try:
            return self._held_as(f"({self._expression(left)})|row_end({self._expression(right)}{end})")
        except ValueError:
            return f"{left} | {right}"

    def columns(self, cells: Sequence[str], spec: str, *, head: bool) -> str:
        """See Lines."""
        if head and not any(SALT in cell for cell in cells):
            return heading_columns(spec, cells)
        try:
            first, *others = [self._expression(cell) for cell in cells]
        except ValueError:
            return " | ".join(cells)
        return self._held_as(f'({first})|in_columns("{spec}", {", ".join(others)})')

    def _held_as(self, code: str) -> str:
        """The token of an expression of ours."""
        self._held.append(Piece(Kind.EXPRESSION, f"{{{{ {code} }}}}", code, 0))
        return f"{SALT}{len(self._held) - 1}z"

    def program(self, lines: Sequence[str]) -> str:
        """The program of the lines. An empty line before something that may not be shown stands in the same condition."""
        parts = list(self._parts(lines))
        within, made = _paragraphs(parts), list[str]()
        gap = settled = started = False
        open_tags: list[tuple[bool, bool]] = []
        for at, part in enumerate(parts):
            if part.number < 0 and not part.line:
                gap = started and not settled
                continue
            if part.number < 0:
                made.append("\n" * gap + self.written(part.line) + "\n")
                gap, settled, started = False, False, True
                continue
            if part.word in _OPENS:
                open_tags.append((gap if at in within else False, False))
                if gap and at not in within:
                    made.append("\n")
                    gap = False
            elif part.word in _TURNS and open_tags:
                before, after = open_tags[-1]
                open_tags[-1] = (before, after or gap)
                gap = before
            elif part.word.startswith("end") and open_tags:
                before, after = open_tags.pop()
                gap = before or after or gap
                following = parts[at + 1].word if at + 1 < len(parts) else ""
                if gap and "endfor" in {part.word, following}:  # each turn ends its own paragraph
                    made.append("\n")
                    gap, settled = False, True
                elif part.word != "endfor":
                    settled = False
            made.append(_untrimmed(self._held[part.number]))
        return "".join(made)

    def _parts(self, lines: Sequence[str]) -> Iterator[_Part]:
        for line in lines:
            if line and SALT in line and not self.plain(line).strip():
                for found in TOKEN.finditer(line):
                    number = int(found[1])
                    yield _Part("", number, self._held[number].word)
            else:
                yield _Part(line)

    def written(self, line: str) -> str:
        """A line as a program: its tags again, and braces that are none as what they look like."""
        pieces = TOKEN.split(line)
        pieces[::2] = [_BRACES.sub(lambda found: "{{ '" + found[0] + "' }}", literal) for literal in pieces[::2]]
        pieces[1::2] = [_untrimmed(self._held[int(number)]) for number in pieces[1::2]]
        return "".join(pieces)

    def _expression(self, cell: str) -> str:
        """A cell as an expression.

        Raises:
            ValueError: there is more in it than words and values.
        """
        parts = ['""']
        for index, part in enumerate(TOKEN.split(cell)):
            if index % 2:
                piece = self._held[int(part)]
                if piece.kind is not Kind.EXPRESSION:
                    raise ValueError("a condition cannot stand in an expression")
                parts.append(f"({piece.code})")
            elif "posthouse:" in part or _BRACES.search(part):
                raise ValueError("an address of ours is found in constant text only")
            elif part:
                parts.append(string_of(part))
        return " ~ ".join(parts)


def _step(piece: Piece) -> int:
    """By how much a tag changes the number of those that are open."""
    word = piece.word
    if word in _OPENS or (word == "set" and "=" not in piece.code):
        return 1
    return -1 if word.startswith("end") else 0


def _paragraphs(parts: Sequence[_Part]) -> set[int]:
    """The conditions that hold whole paragraphs: an empty line ends or follows them, so that the one before them may be theirs."""
    found: set[int] = set()
    closed: list[bool] = []
    last, ended = False, set[int]()
    for at, part in enumerate(parts):
        if part.number < 0:
            last = not part.line
        elif part.word.startswith("end") and last:
            ended.add(at)
    ends = True
    for at in range(len(parts) - 1, -1, -1):
        part = parts[at]
        if part.number < 0:
            ends = not part.line
        elif part.word.startswith("end"):
            closed.append(ends or at in ended)
        elif part.word in _OPENS and closed and closed.pop() and part.word == "if":
            found.add(at)
    return found


def _untrimmed(piece: Piece) -> str:
    """Blanks were settled while deriving, so trim signs would only eat line breaks."""
    match piece.kind:
        case Kind.EXPRESSION:
            return f"{{{{ {piece.code} }}}}"
        case Kind.BLOCK:
            return f"{{% {piece.code} %}}"
        case _:
            return piece.source
