"""Sums cells into buckets: which rows are read for a period, and where each of them belongs."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from posthouse.core.analytics import calendar
from posthouse.core.analytics.asking import Question
from posthouse.core.analytics.dimensions import DIMENSIONS
from posthouse.core.analytics.latencies import Latencies
from posthouse.core.analytics.measures import columns_of
from posthouse.core.analytics.model import Grain, Kind
from posthouse.core.analytics.ports import SumQuery, Sums, SumStore
from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.errors import FieldProblem, ValidationError

_HOURS = {
    Kind.COARSE: Grain.COARSE_HOUR,
    Kind.FINE: Grain.FINE_HOUR,
    Kind.TAGS: Grain.TAGS_HOUR,
    Kind.STEPS: Grain.STEPS_HOUR,
}
_WEEKS = {Kind.FINE: Grain.FINE_WEEK, Kind.TAGS: Grain.TAGS_WEEK, Kind.STEPS: Grain.STEPS_WEEK}
_DAYS = {
    Kind.COARSE: Grain.COARSE_DAY,
    Kind.FINE: Grain.FINE_DAY,
    Kind.TAGS: Grain.TAGS_DAY,
    Kind.STEPS: Grain.STEPS_DAY,
}


MOST = 100_000
"""Rows that one answer is made from: some tens of megabytes while it is made."""
_LONG = 14
"""Days or hours."""


class Group(msgspec.Struct):
    """What was summed for one bucket and combination of values."""

    counts: dict[str, int]
    latencies: Latencies

    def add(self, columns: Sequence[str], row: Sums) -> None:
        """One more row."""
        for name, count in zip(columns, row.counts, strict=True):
            self.counts[name] = self.counts.get(name, 0) + count
        self.latencies.add(*row.latencies)


def nothing() -> Group:
    """Nothing was counted."""
    return Group({}, Latencies())


Grouped = dict[tuple[int, tuple[str | int, ...]], Group]
"""By bucket (0 without buckets) and values."""


class Stretch(NamedTuple):
    """Periods of one grain that belong to what was asked."""

    grain: Grain
    begin: int
    end: int
    by_day: bool


def stretches(question: Question, *, days: bool, weeks: bool) -> Iterator[Stretch]:
    """Weeks and days where they are whole and of the right zone, hours for the rest."""
    begin, end = question.since // HOUR, question.until // HOUR
    hours = _HOURS[question.kind]
    if not days:
        yield Stretch(hours, begin, end, by_day=False)
        return
    first, last = _whole_days(question)
    if first >= last:
        yield Stretch(hours, begin, end, by_day=False)
        return
    from_hour, to_hour = (calendar.start_of_day(question.zone, day) // HOUR for day in (first, last))
    if begin < from_hour:
        yield Stretch(hours, begin, from_hour, by_day=False)
    yield from _in_days(question.kind, first, last, weeks=weeks)
    if to_hour < end:
        yield Stretch(hours, to_hour, end, by_day=False)


def _in_days(kind: Kind, first: int, last: int, *, weeks: bool) -> Iterator[Stretch]:
    """Whole weeks where there are rows for them, days before and behind."""
    monday, end = calendar.monday_of(first + 6), calendar.monday_of(last)
    if not weeks or kind not in _WEEKS or monday >= end:
        yield Stretch(_DAYS[kind], first, last, by_day=True)
        return
    if first < monday:
        yield Stretch(_DAYS[kind], first, monday, by_day=True)
    yield Stretch(_WEEKS[kind], monday, end, by_day=True)
    if end < last:
        yield Stretch(_DAYS[kind], end, last, by_day=True)


def _halves(stretch: Stretch, kind: Kind) -> list[Stretch]:
    """A long stretch of rows that are many is read by two at a time."""
    middle = (stretch.begin + stretch.end) // 2
    if kind is Kind.COARSE or stretch.end - stretch.begin < _LONG:
        return [stretch]
    return [stretch._replace(end=middle), stretch._replace(begin=middle)]


def _whole_days(question: Question) -> tuple[int, int]:
    """The first day that lies within the period, and the one after the last."""
    zone = question.zone
    first, last = calendar.day_of(zone, question.since), calendar.day_of(zone, question.until)
    if calendar.start_of_day(zone, first) < question.since:
        first += 1
    return first, last


def bucket(question: Question, period: int, *, by_day: bool) -> int:
    """The hour, or the first day of the day, week (from Monday) or month that a period lies in; an hour lies where its middle does."""
    if question.granularity == "hour":
        return period
    day = period if by_day else calendar.day_of(question.zone, period * HOUR + HOUR // 2)
    return bucket_of_day(question.granularity, day)


def bucket_of_day(granularity: str, day: int) -> int:
    """The first day of the day, week or month that a day lies in."""
    if granularity == "week":
        return calendar.monday_of(day)
    if granularity == "month":
        return calendar.day_number(calendar.date_of(day).replace(day=1))
    return day


def buckets(question: Question) -> list[int]:
    """All buckets of the period in order, those without events too."""
    if question.granularity == "hour":
        return list(range(question.since // HOUR, question.until // HOUR))
    first, last = calendar.day_of(question.zone, question.since), calendar.day_of(question.zone, question.until - 1)
    return list(dict.fromkeys([bucket_of_day(question.granularity, day) for day in range(first, last + 1)]))


def start_of(question: Question, number: int) -> int:
    """The instant at which a bucket begins."""
    return number * HOUR if question.granularity == "hour" else calendar.start_of_day(question.zone, number)


async def grouped(
    store: SumStore, edition: int, question: Question, *, days_in: str | None, series: bool, columns: Sequence[str] = ()
) -> Grouped:
    """Sums for a question.

    Args:
        store: where the roll-ups are.
        edition: which of them.
        question: the question.
        days_in: the time zone that days are kept in.
        series: whether by buckets.
        columns: what to sum, in place of what the metrics need.

    Raises:
        ValidationError: there would be too many numbers.
    """
    wanted = tuple(columns) or columns_of((*question.metrics, question.sort))
    latencies = not columns and any(metric.span is not None for metric in (*question.metrics, question.sort))
    days = days_in == question.zone and not (series and question.granularity == "hour")
    found: Grouped = {}
    weeks = not series or question.granularity == "week"
    whole = list(stretches(question, days=days, weeks=weeks))
    parts = [part for stretch in whole for part in _halves(stretch, question.kind)] if series else whole[:1]
    place: Callable[[int, bool], int] = (
        (lambda period, by_day: bucket(question, period, by_day=by_day)) if series else (lambda _period, _by_day: 0)
    )
    queries = [
        SumQuery(
            workspace_id=question.workspace_id,
            grain=stretch.grain,
            begin=stretch.begin,
            end=stretch.end,
            columns=wanted,
            by=dim_columns(question.by),
            by_period=series,
            filters=question.filters,
            latencies=latencies,
            more=() if series else tuple([(one.grain, one.begin, one.end) for one in whole[1:]]),
            most=MOST,
        )
        for stretch in parts
    ]
    answers = await asyncio.gather(*(store.rollup_sums(edition, query) for query in queries))
    for stretch, rows in zip(parts, answers, strict=True):
        if len(rows) > MOST or sum([len(row.latencies) for row in rows]) > MOST:
            advice = (
                "that would be too many numbers; ask for days or weeks, for a shorter period, or by fewer dimensions"
            )
            raise ValidationError("The question is too wide.", fields=[FieldProblem("/by", advice, "too-many")])
        for row in rows:
            key: tuple[int, tuple[Any, ...]] = (place(row.period, stretch.by_day), row.dims)
            group = found.get(key)
            if group is None:
                group = found[key] = nothing()
            group.add(wanted, row)
    return found


def dim_columns(by: Sequence[str]) -> tuple[str, ...]:
    """The columns of dimensions, each once."""
    return tuple(dict.fromkeys([column for name in by for column in DIMENSIONS[name].columns]))
