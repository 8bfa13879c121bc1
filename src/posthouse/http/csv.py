"""Answers about statistics as CSV (RFC 4180), for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from posthouse.core.analytics.answers import Dims, Funnel, Row, Table, Timeseries, Values

CSV: Final = "text/csv; charset=utf-8; header=present"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
Cell = str | int | float | None


def csv_of(found: Timeseries | Table | Funnel) -> bytes:
    """The rows of an answer under one line of names. What nobody can reckon is empty."""
    return written(_rows(found))


def written(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Rows of cells, the names first."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_safe(cell) for cell in row])
    return out.getvalue().encode()


def _safe(cell: Cell) -> Cell:
    """A tag or comment such as ``=HYPERLINK(…)`` must not be a formula to the spreadsheet of whoever opens this."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _rows(found: Timeseries | Table | Funnel) -> Iterator[list[Cell]]:
    if isinstance(found, Timeseries):
        yield from _timeseries(found)
    elif isinstance(found, Table):
        yield from _table(found)
    else:
        yield from _funnel(found)


def _timeseries(found: Timeseries) -> Iterator[list[Cell]]:
    previous = any(point.previous is not None for series in found.series for point in series.points)
    beside = ["previous_start", *_named("previous_", found.metrics)] if previous else []
    yield ["start", *found.by, *found.metrics, *beside]
    for series in found.series:
        for point in series.points:
            row: list[Cell] = [point.start, *_dims(series.dims, found.by), *_values(point.values, found.metrics)]
            if previous:
                row += [point.previous_start, *_values(point.previous, found.metrics)]
            yield row


def _table(found: Table) -> Iterator[list[Cell]]:
    beside = [
        *_named("previous_", found.metrics), *_named("change_of_", found.metrics),
    ] if found.previous_period is not None else []  # fmt: skip
    yield [*found.by, *found.metrics, *beside]
    for row in found.items or [found.total]:
        yield [*_dims(row.dims, found.by), *_numbers(row, found)]


def _numbers(row: Row, found: Table) -> list[Cell]:
    numbers = _values(row.values, found.metrics)
    if found.previous_period is not None:
        numbers += [*_values(row.previous, found.metrics), *_values(row.change, found.metrics)]
    return numbers


def _funnel(found: Funnel) -> Iterator[list[Cell]]:
    yield [*found.by, "stage", "messages", "share_of", "share", "machines_only"]
    for path in found.items or [found.total]:
        for stage in path.stages:
            yield [
                *_dims(path.dims, found.by), stage.name, stage.messages, stage.of, stage.share, stage.machines_only,
            ]  # fmt: skip


def _dims(dims: Dims, by: list[str]) -> list[Cell]:
    return [dims.get(name) for name in by]


def _values(values: Values | None, metrics: list[str]) -> list[Cell]:
    return [None if values is None else values[name] for name in metrics]


def _named(prefix: str, metrics: list[str]) -> list[str]:
    return [prefix + name for name in metrics]
