"""The list as a table (CSV, RFC 4180), out and in again."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem, PosthouseError, ValidationError
from posthouse.core.kernel.moments import read_moment, show_moment
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.messages.model import Channel
from posthouse.core.suppressions.model import COVERS_BY_WORD, REASON_BY_WORD, Suppression
from posthouse.core.suppressions.service import Author, SuppressionService, Wanted

COLUMNS: Final = ("address", "channel", "category", "reason", "expires_at", "note")
FURTHER: Final = ("created_at", "source", "by")
"""What an export says besides; an import may bring these columns and does not read them."""
MOST_REFUSED: Final = 100
AT_ONCE: Final = 500
"""Rows a transaction."""

_CHANNELS: Final = {channel.name.lower(): channel for channel in Channel}
_GUARDED: Final = ("=", "+", "-", "@", "\t", "\r", "'")


class RefusedRow(msgspec.Struct, frozen=True):
    """A line that was not taken in, and why."""

    line: int
    detail: str


class Imported(msgspec.Struct, frozen=True):
    """What became of the lines of a table."""

    added: int
    unchanged: int
    """They were on the list already."""
    refused: int
    problems: tuple[RefusedRow, ...]
    """The first hundred that were refused."""


def write_table(entries: Iterable[Suppression], *, head: bool = True) -> Iterator[str]:
    """The lines of a table, its head first unless it stands there already."""
    if head:
        yield _line((*COLUMNS, *FURTHER))
    for entry in entries:
        ends = "" if entry.expires_at is None else show_moment(entry.expires_at)
        channel = entry.channel.name.lower()
        yield _line(
            (
                _harmless(entry.address), channel, entry.covers.word, entry.reason.word, ends, _harmless(entry.evidence),
                show_moment(entry.created_at), entry.source, entry.by,
            )
        )  # fmt: skip


async def import_table(service: SuppressionService, workspace_id: bytes, text: str, author: Author) -> Imported:
    """Takes a table in, 500 lines a transaction. Bad lines are told and do not stop the good ones; again adds nothing.

    Raises:
        ValidationError: the head is wrong, and nothing was taken in; or a line is no CSV: what stands before it was.
    """
    added = unchanged = refused = 0
    problems: list[RefusedRow] = []
    good: list[Wanted] = []

    async def keep() -> None:
        nonlocal added, unchanged
        changed = await service.add_many(workspace_id, good, author) if good else 0
        added, unchanged = added + changed, unchanged + len(good) - changed
        good.clear()

    for line, row in _rows(text):
        try:
            wanted = _wanted(row)
            service.check(workspace_id, wanted, author)
            good.append(wanted)
        except PosthouseError as error:
            refused += 1
            if len(problems) < MOST_REFUSED:
                problems.append(RefusedRow(line, error.fields[0].detail if error.fields else error.detail))
        if len(good) >= AT_ONCE:
            await keep()
    await keep()
    return Imported(added, unchanged, refused, tuple(problems))


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each line with its number, by the names of the head."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=False)
    try:
        head = [name.strip().lower() for name in next(reader)]
        _check_head(head)
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, dict(zip(head, (_plain(cell.strip()) for cell in row), strict=False))
    except StopIteration:
        raise _bad_head("the table is empty; its first line names the columns: address,reason,…") from None
    except csv.Error as error:
        text = f"line {reader.line_num} is no CSV ({error}); mend it and send the table again: what was taken in before it stays"
        raise _bad_head(text) from None


def _check_head(head: list[str]) -> None:
    if "address" not in head:
        raise _bad_head(f"the first line names the columns, and address must be one of them: {','.join(COLUMNS)}")
    known = (*COLUMNS, *FURTHER)
    for name in head:
        if name not in known:
            raise _bad_head(f"{name[:40]!r} is no column{did_you_mean(name, known)}; there are: {', '.join(known)}")


def _bad_head(detail: str) -> ValidationError:
    return ValidationError("The table cannot be read.", fields=[FieldProblem("", detail, "bad-table")])


def _wanted(row: dict[str, str]) -> Wanted:
    channel = _CHANNELS.get(row.get("channel") or "email")
    category = row.get("category") or None
    covers = None if category is None else COVERS_BY_WORD.get(category)
    reason = REASON_BY_WORD.get(row.get("reason") or "manual")
    if channel is None:
        raise _bad_cell("channel", row["channel"], _CHANNELS)
    if category is not None and covers is None:
        raise _bad_cell("category", category, COVERS_BY_WORD)
    if reason is None:
        raise _bad_cell("reason", row["reason"], REASON_BY_WORD)
    expires_at = None
    if word := row.get("expires_at"):
        try:
            expires_at = read_moment(word)
        except (ValueError, OverflowError) as error:
            raise _refused(f"expires_at is no RFC 3339 date and time ({error})") from None
    return Wanted(row.get("address", ""), channel, covers, reason, expires_at, row.get("note", ""))


def _bad_cell(column: str, word: str, known: Iterable[str]) -> ValidationError:
    words = list(known)
    return _refused(f"{column} {word[:40]!r} is none of {', '.join(words)}{did_you_mean(word, words)}")


def _refused(detail: str) -> ValidationError:
    return ValidationError(detail, fields=[FieldProblem("", detail)])


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _harmless(words: str) -> str:
    """Foreign words never begin a formula when the table is opened in a spreadsheet: an apostrophe keeps them words."""
    return f"'{words}" if words.startswith(_GUARDED) else words


def _plain(cell: str) -> str:
    """Without the apostrophe of :func:`_harmless`."""
    return cell[1:] if cell.startswith("'") and cell.startswith(_GUARDED, 1) else cell
