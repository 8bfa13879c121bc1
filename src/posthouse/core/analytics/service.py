"""Questions about statistics, answered from the roll-ups."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import msgspec

from posthouse.core.analytics import asking, calendar
from posthouse.core.analytics.answers import (
    Dims,
    Funnel,
    Path,
    Period,
    Point,
    Row,
    Series,
    Stage,
    Table,
    Timeseries,
    Values,
)
from posthouse.core.analytics.asking import Asked, Question
from posthouse.core.analytics.comparing import COLUMNS, Compared, compared
from posthouse.core.analytics.dimensions import DIMENSIONS, Names
from posthouse.core.analytics.measures import Metric, value
from posthouse.core.analytics.ports import SumStore
from posthouse.core.analytics.summing import Group, Grouped, buckets, dim_columns, grouped, nothing, start_of
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.model import Template
from posthouse.core.workspaces.service import WorkspaceService

_STAGES: Final = (
    ("accepted", None, "accepted", None),
    ("sent", "accepted", "of_sent", None),
    ("delivered", "sent", "of_delivered", None),
    ("opened", "sent", "of_opened_human", "of_opened"),
    ("clicked", "opened", "of_clicked_human", "of_clicked"),
    ("converted", "sent", "of_converted", None),
)
"""Name, of which stage its share is, its column, and the column with the machines among them."""
_FUNNEL_COLUMNS: Final = tuple([column for *_, one, all_ in _STAGES for column in (one, all_) if column is not None])
_Values = tuple[str | int, ...]


class Templates(Protocol):
    """Where keys of templates are."""

    async def templates(self, workspace_id: Id) -> Sequence[Template]:
        """All of a workspace."""
        ...


class Providers(Protocol):
    """Where names of providers are."""

    async def providers(self, workspace_id: Id) -> Sequence[ProviderRow]:
        """All of a workspace."""
        ...


class AnalyticsService:
    """Answers questions.

    Args:
        store: the roll-ups.
        templates: for their keys.
        providers: for their names.
        workspaces: for their time zones.
        domains: the groups of recipient domains.
        clock: the time.
    """

    def __init__(
        self,
        store: SumStore,
        templates: Templates,
        providers: Providers,
        workspaces: WorkspaceService,
        *,
        domains: tuple[str, ...],
        clock: Clock,
    ) -> None:
        self._store = store
        self._templates = templates
        self._providers = providers
        self._workspaces = workspaces
        self._domains = domains
        self._clock = clock

    async def timeseries(self, workspace_id: Id, asked: Asked) -> Timeseries:
        """Numbers over time.

        Raises:
            ValidationError: a word is wrong.
            UnknownWorkspaceError: there is no such workspace.
        """
        inquiry = await self._inquire(workspace_id, asked)
        question = inquiry.question
        now, then = await inquiry.both(series=True)
        starts = buckets(question)
        earlier = buckets(question.before()) if then is not None else []
        totals: dict[_Values, Group] = {}
        for (_, values), group in now.items():
            _merge(totals.setdefault(values, nothing()), group)
        ranked = _ranked(question, totals) if question.by else [()]
        shown = ranked[: question.limit]
        series = [
            Series(inquiry.dims(values), [
                _point(question, start, now.get((start, values)), earlier[index : index + 1], values, then)
                for index, start in enumerate(starts)
            ])
            for values in shown
        ]  # fmt: skip
        return Timeseries(
            inquiry.period,
            question.granularity,
            inquiry.metric_names,
            list(question.by),
            series,
            len(ranked) - len(shown),
        )

    async def breakdown(self, workspace_id: Id, asked: Asked) -> Table:
        """Numbers by dimensions, with those of the period before where that was asked for.

        Raises:
            ValidationError: a word is wrong.
            UnknownWorkspaceError: there is no such workspace.
        """
        inquiry = await self._inquire(workspace_id, asked)
        question = inquiry.question
        now, then = await inquiry.both(series=False)
        groups = {values: group for (_, values), group in now.items()}
        before = None if then is None else {values: group for (_, values), group in then.items()}
        everything = groups if before is None else {**dict.fromkeys(before), **groups}
        ranked = _ranked(question, {values: group or nothing() for values, group in everything.items()})
        shown = ranked[: question.limit] if question.by else []
        earlier = question.before()
        return Table(
            period=inquiry.period,
            metrics=inquiry.metric_names,
            by=list(question.by),
            items=[
                _row(
                    question, inquiry.dims(one), groups.get(one), None if before is None else before.get(one, nothing())
                )
                for one in shown
            ],
            left_out=len(ranked) - len(shown) if question.by else 0,
            total=_row(question, {}, _total(groups), None if before is None else _total(before)),
            previous_period=None if before is None else (inquiry.moment(earlier.since), inquiry.moment(earlier.until)),
        )

    async def funnel(self, workspace_id: Id, asked: Asked) -> Funnel:
        """What became of the messages accepted in a period.

        Raises:
            ValidationError: a word is wrong.
            UnknownWorkspaceError: there is no such workspace.
        """
        inquiry = await self._inquire(workspace_id, msgspec.structs.replace(asked, metrics=("accepted",), sort=""))
        question = inquiry.question
        found = await grouped(
            self._store, inquiry.edition, question, days_in=inquiry.days_in, series=False, columns=_FUNNEL_COLUMNS
        )
        groups = {values: group for (_, values), group in found.items()}
        ranked = _ranked(question, groups) if question.by else []
        return Funnel(
            inquiry.period,
            list(question.by),
            Path({}, _stages(_total(groups))),
            [Path(inquiry.dims(values), _stages(groups[values])) for values in ranked[: question.limit]],
            max(0, len(ranked) - question.limit),
        )

    async def versions(self, workspace_id: Id, key: str, since: int, live: int, coming: int) -> Compared:
        """Two versions of a template since a roll-out began (from the hour in which it did).

        Args:
            workspace_id: whose template.
            key: of the template.
            since: when the roll-out began.
            live: the version that is live.
            coming: the version that serves a share of the messages.

        Raises:
            UnknownWorkspaceError: there is no such workspace.
        """
        until = max(since, self._clock.now()) + SECOND  # of a roll-out that begins at this moment too
        asked = Asked(
            since=calendar.show("UTC", since),
            until=calendar.show("UTC", until),
            by=("version",),
            filters={"template": (key,)},
        )
        inquiry = await self._inquire(workspace_id, asked)
        found = await grouped(
            self._store, inquiry.edition, inquiry.question, days_in=inquiry.days_in, series=False, columns=COLUMNS
        )
        place = dim_columns(inquiry.question.by).index("version")
        sums: dict[int, dict[str, int]] = {live: {}, coming: {}}
        for (_, values), group in found.items():
            if (version := int(values[place])) in sums:
                sums[version] = group.counts
        return compared(inquiry.period, (live, coming), sums[live], sums[coming])

    async def _inquire(self, workspace_id: Id, asked: Asked) -> "_Inquiry":
        workspace = await self._workspaces.get(workspace_id)
        templates, providers, sources, position = await asyncio.gather(
            self._templates.templates(workspace_id),
            self._providers.providers(workspace_id),
            self._store.source_names(workspace_id),
            self._store.rollup_position(),
        )
        names = Names(
            {template.id.hex(): template.key for template in templates},
            sources,
            {provider.id.hex(): provider.name for provider in providers},
            self._domains,
        )
        now = self._clock.now()
        question = asking.read(asked, workspace_id, workspace.time_zone, names, now)
        zones, waiting = await asyncio.gather(
            self._store.rollup_zones(position.edition), self._store.first_after(position.seq)
        )
        complete = now if waiting is None else min(now, waiting)
        period = Period(
            calendar.show(question.zone, question.since),
            calendar.show(question.zone, question.until),
            question.zone,
            calendar.show(question.zone, complete),
            round((now - complete) / 1_000_000, 3),
        )
        return _Inquiry(self._store, position.edition, zones, question, names, period)


class _Inquiry:
    """One question while it is answered."""

    def __init__(
        self,
        store: SumStore,
        edition: int,
        zones: Mapping[Id, str],
        question: Question,
        names: Names,
        period: Period,
    ) -> None:
        self._store = store
        self._names = names
        self._columns = dim_columns(question.by)
        self.edition = edition
        self.days_in = zones.get(question.workspace_id)
        self.question = question
        self.period = period
        self.metric_names = [metric.name for metric in question.metrics]

    async def both(self, *, series: bool) -> tuple[Grouped, Grouped | None]:
        """The period, and the one before where it was asked for."""
        asked = [self.question, *([self.question.before()] if self.question.previous else [])]
        found = await asyncio.gather(
            *(grouped(self._store, self.edition, one, days_in=self.days_in, series=series) for one in asked)
        )
        return found[0], found[1] if len(found) > 1 else None

    def dims(self, values: _Values) -> Dims:
        """The words of values."""
        by_column = dict(zip(self._columns, values, strict=True))
        return {
            name: self._names.word(name, tuple([by_column[column] for column in DIMENSIONS[name].columns]))
            for name in self.question.by
        }

    def moment(self, instant: int) -> str:
        """An instant in the zone of the question."""
        return calendar.show(self.question.zone, instant)


def _values(metrics: Sequence[Metric], group: Group | None) -> Values:
    found = group or nothing()
    return {metric.name: value(metric, found.counts, found.latencies) for metric in metrics}


def _ranked(question: Question, groups: Mapping[_Values, Group]) -> list[_Values]:
    """The most first; equal ones in an order that does not change."""

    def rank(values: _Values) -> tuple[float, tuple[str, ...]]:
        found = value(question.sort, groups[values].counts, groups[values].latencies)
        return (-(found if found is not None else -1.0), tuple(map(str, values)))

    return sorted(groups, key=rank)


def _point(
    question: Question, start: int, group: Group | None, earlier: Sequence[int], values: _Values, then: Grouped | None
) -> Point:
    shown = calendar.show(question.zone, start_of(question, start))
    now = _values(question.metrics, group)
    if then is None:
        return Point(shown, now)
    if not earlier:
        return Point(shown, now, None, _values(question.metrics, None))
    before = calendar.show(question.zone, start_of(question, earlier[0]))
    return Point(shown, now, before, _values(question.metrics, then.get((earlier[0], values))))


def _row(question: Question, dims: Dims, now: Group | None, before: Group | None) -> Row:
    values = _values(question.metrics, now)
    if before is None:
        return Row(dims, values)
    previous = _values(question.metrics, before)
    return Row(dims, values, previous, {name: _change(values[name], previous[name]) for name in values})


def _change(now: float | None, before: float | None) -> float | None:
    return None if now is None or not before else round(now / before - 1, 6)


def _total(groups: Mapping[_Values, Group]) -> Group:
    total = nothing()
    for group in groups.values():
        _merge(total, group)
    return total


def _merge(total: Group, group: Group) -> None:
    for name, count in group.counts.items():
        total.counts[name] = total.counts.get(name, 0) + count
    total.latencies.merge(group.latencies)


def _stages(group: Group) -> list[Stage]:
    counts = group.counts
    found: dict[str, Stage] = {}
    for name, of, column, everybody in _STAGES:
        messages = counts.get(column, 0)
        base = found[of].messages if of is not None else 0
        machines = None if everybody is None else counts.get(everybody, 0) - messages
        found[name] = Stage(name, messages, of, round(messages / base, 6) if base else None, machines)
    return list(found.values())
