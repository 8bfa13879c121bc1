"""CSV for translators who work in a spreadsheet: key, source, target (RFC 4180), UTF-8 with a mark so that Excel sees it."""

import csv
import io
from collections.abc import Mapping
from typing import Final

from posthouse.core.kernel.errors import ValidationError

_MARK: Final = "\ufeff"
_FORMULA: Final = frozenset("=+-@\t\r")
"""What a spreadsheet would run instead of show."""


def write_csv(source: str, target: str, units: Mapping[str, tuple[str, str]]) -> str:
    """A table with a row for each unit. Arguments as those of ``write_xliff``."""
    kept = io.StringIO(newline="")
    writer = csv.writer(kept, lineterminator="\r\n")
    writer.writerow(("key", source, target))
    writer.writerows([(key, _shielded(original), _shielded(words)) for key, (original, words) in units.items()])
    return _MARK + kept.getvalue()


def read_csv(text: str) -> tuple[str, dict[str, str]]:
    """The target locale and the words by unit; rows without words are left out.

    Raises:
        ValidationError: it is no such table.
    """
    try:
        rows = list(csv.reader(io.StringIO(text.removeprefix(_MARK), newline=""), strict=True))
    except csv.Error as error:
        raise ValidationError(f"This is no CSV: {error}.") from None
    if not rows or len(rows[0]) != 3 or rows[0][0] != "key":
        raise ValidationError(
            "This is no table of translations: its first row is key, source language, target language."
        )
    words = {}
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        if len(row) != 3:
            raise ValidationError(f"Row {number} has {len(row)} columns; there should be 3.")
        if row[2]:
            words[row[0]] = _bared(row[2])
    return rows[0][2], words


def _shielded(text: str) -> str:
    """An apostrophe before what would be a formula."""
    dangerous = text[:1] in _FORMULA or (text[:1] == "'" and text[1:2] in _FORMULA | {"'"})
    return f"'{text}" if text and dangerous else text


def _bared(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] in _FORMULA | {"'"} and len(text) > 1 else text
