"""What commands print: one JSON document with ``--json``, otherwise tables and sentences for people."""

import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of letters that move the cursor, turn the text round or are half a letter."""
_HARMLESS: Final = frozenset("\n\t\u200c\u200d")
"""Line ends, and what joins the parts of letters and emoji."""
_PIPE_WIDTH: Final = 240
"""Columns when the output is no terminal: nothing is folded, so that grep finds whole lines."""


class Output:
    """Standard output for results, standard error for everything said on the way."""

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        self.console = _console(sys.stdout)
        self.aside = _console(sys.stderr)

    def result(self, document: Any, human: Callable[[], None]) -> None:
        """The result: the document with ``--json``, otherwise what ``human`` prints."""
        if self.json:
            sys.stdout.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")
        else:
            human()

    def raw(self, content: bytes) -> None:
        """Bytes as they are."""
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()

    def say(self, sentence: str, *, style: str = "") -> None:
        """One sentence of the result; words from outside are never read as markup."""
        self.console.print(Text(shown(sentence), style=style), soft_wrap=True)

    def note(self, sentence: str, *, style: str = "dim") -> None:
        """One sentence on standard error: what is being done, or advice."""
        self.aside.print(Text(shown(sentence), style=style), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
        """A table, or the sentence ``empty`` when there are no rows."""
        cells = [["" if cell is None else shown(str(cell)) for cell in row] for row in rows]
        if not cells:
            self.note(empty)
        elif self.console.is_terminal:
            table = Table(box=None, pad_edge=False, header_style="bold")
            for column in columns:
                table.add_column(column, overflow="fold")
            for row in cells:
                table.add_row(*map(Text, row))
            self.console.print(table)
        else:
            self._plain_table(columns, cells)

    def _plain_table(self, columns: Sequence[str], cells: list[list[str]]) -> None:
        """For pipes: aligned, one row a line whatever its length, nothing at the end of a line."""
        lines = [list(columns), *cells] if any(columns) else cells
        widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
        for line in lines:
            words = [word.replace("\n", " ").ljust(width) for word, width in zip(line, widths, strict=True)]
            sys.stdout.write("  ".join(words).rstrip() + "\n")

    @contextmanager
    def progress(self, label: str, total: int | None) -> Iterator[Callable[[int], None]]:
        """A bar on standard error while something long goes on; gives a function that is told of each advance."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.aside, transient=True, disable=not self.aside.is_terminal) as bar:
            task = bar.add_task(label, total=total)
            yield lambda steps: bar.advance(task, steps)


def shown(text: str) -> str:
    """Words that may be a stranger's, without what a terminal would obey: each such letter is a replacement character."""
    if text.isprintable():  # of ASCII and of most else: nothing to look for
        return text
    return "".join(
        "\ufffd" if letter not in _HARMLESS and unicodedata.category(letter) in _UNSEEN else letter for letter in text
    )


def _console(stream: Any) -> Console:
    """Colours only on a terminal (and NO_COLOR is honoured by rich)."""
    return Console(file=stream, highlight=False, width=None if stream.isatty() else _PIPE_WIDTH)
