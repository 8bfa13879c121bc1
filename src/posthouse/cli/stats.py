"""``posthouse stats``."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

import msgspec
import typer
from typer.core import TyperGroup

from posthouse.cli import levels, ratings
from posthouse.cli.frame import Desk, command, group
from posthouse.cli.moments import ago
from posthouse.core.analytics.answers import Period, Table, Timeseries, Values
from posthouse.core.analytics.asking import Asked
from posthouse.core.analytics.dimensions import DIMENSIONS, FILTERS
from posthouse.core.analytics.measures import METRICS
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.nearest import did_you_mean

SHOWN: Final = ("accepted", "sent", "delivered", "bounced", "opened_human", "open_rate", "click_rate", "bounce_rate")
_WIDTH: Final = 28
_HEADS: Final = {"domain": "mailbox provider"}
"""What a column says, where it is not the name of its dimension."""
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"

Since = Annotated[str, typer.Option("--since", help="From when on: 7d, 2026-11-01, or RFC 3339. Default: 30 days.")]
Until = Annotated[str, typer.Option("--until", help="Until when. Default: now.")]
Zone = Annotated[str, typer.Option("--timezone", help="What days are; default: the workspace's time zone.")]
By = Annotated[str, typer.Option("--by", help=f"One or more of {', '.join(DIMENSIONS)}, with commas between.")]
Metrics = Annotated[
    str, typer.Option("--metrics", help="Names with commas between; `posthouse stats metrics` lists them.")
]
Where = Annotated[
    list[str] | None,
    typer.Option("--where", help=f"Only these: NAME=VALUE, NAME one of {', '.join(FILTERS)}; repeatable."),
]
Mode = Annotated[str, typer.Option("--mode", help="live, test or all.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=500, help="How many rows at most.")]
Previous = Annotated[bool, typer.Option("--previous", help="With the period before beside it.")]


class _ShowsByDefault(TyperGroup):
    """``posthouse stats --since 7d`` is ``posthouse stats show --since 7d``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names):
            args = ["show", *args]
        return super().parse_args(ctx, args)


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    stats = group("stats", "Statistics: what was sent, what came of it, over time and by template, source, provider…")
    app.add_typer(stats, cls=_ShowsByDefault)
    example = "posthouse stats\nposthouse stats show --since 7d\nposthouse stats --by source,lane --where template=invoice --previous"
    command(stats, "show", example=example)(show)
    command(stats, "series", example="posthouse stats series --since 7d --metrics accepted")(series)
    command(stats, "funnel", example="posthouse stats funnel --where template=order-confirmation")(funnel)
    command(stats, "metrics", example="posthouse stats metrics", workspace=False)(metrics)
    command(stats, "recompute", example="posthouse stats recompute", workspace=False)(recompute)
    levels.register(stats)
    ratings.register(stats)


async def show(
    desk: Desk,
    *,
    by: By = "template",
    since: Since = "",
    until: Until = "",
    timezone: Zone = "",
    metrics: Metrics = ",".join(SHOWN),
    where: Where = None,
    mode: Mode = "live",
    previous: Previous = False,
    limit: Limit = 30,
) -> None:
    """Show numbers by dimension, with a bar for the first of them."""
    asked = _asked(since, until, timezone, metrics, by, where, mode, previous=previous, limit=limit)
    async with desk.open_workspace() as (house, workspace):
        found = await house.analytics.breakdown(workspace.id, asked)
    desk.out.result(msgspec.to_builtins(found), lambda: _print_table(desk, found))


async def series(
    desk: Desk,
    *,
    granularity: Annotated[str, typer.Option("--granularity", help="hour, day, week or month.")] = "day",
    by: By = "",
    since: Since = "",
    until: Until = "",
    timezone: Zone = "",
    metrics: Metrics = "accepted,sent,bounced,open_rate",
    where: Where = None,
    mode: Mode = "live",
    previous: Previous = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=50, help="How many series at most.")] = 5,
) -> None:
    """Show numbers over time, with a bar for the first of them."""
    asked = _asked(
        since, until, timezone, metrics, by, where, mode, previous=previous, limit=limit, granularity=granularity
    )
    async with desk.open_workspace() as (house, workspace):
        found = await house.analytics.timeseries(workspace.id, asked)
    desk.out.result(msgspec.to_builtins(found), lambda: _print_series(desk, found))


async def funnel(
    desk: Desk,
    *,
    since: Since = "",
    until: Until = "",
    timezone: Zone = "",
    where: Where = None,
    mode: Mode = "live",
) -> None:
    """Show how far the messages accepted in a period came."""
    asked = _asked(since, until, timezone, "", "", where, mode)
    async with desk.open_workspace() as (house, workspace):
        found = await house.analytics.funnel(workspace.id, asked)

    def human() -> None:
        stages = found.total.stages
        rows = [
            (
                stage.name,
                _bar(stage.messages, stages[0].messages),
                _number(stage.messages),
                "" if stage.share is None else f"{stage.share:.1%} of {stage.of}",
                "" if not stage.machines_only else f"and {stage.machines_only:,} by machines only",
            )
            for stage in stages
        ]
        desk.out.table(("", "", "messages", "", ""), rows, empty="nothing was accepted in this period")
        _say_period(desk, found.period)

    desk.out.result(msgspec.to_builtins(found), human)


async def metrics(desk: Desk) -> None:
    """List everything that can be counted, and by what."""
    document = {
        "metrics": [{"name": metric.name, "says": metric.says} for metric in METRICS.values()],
        "dimensions": [{"name": name, "says": dimension.says} for name, dimension in DIMENSIONS.items()],
    }

    def human() -> None:
        for kind, rows in document.items():
            desk.out.table((kind, ""), [(row["name"], row["says"]) for row in rows], empty="")

    desk.out.result(document, human)


async def recompute(desk: Desk) -> None:
    """Count every event again, and answer from the new numbers once they have caught up. Sending goes on meanwhile."""
    from posthouse.bootstrap import follower_of

    async with desk.open() as house:
        end = await house.store.stream_end()
        with desk.out.progress("counting events", end) as advance:
            done = await follower_of(house).recompute(advance, asyncio.sleep)
    said = f"counted again: {counted(done.events, 'event')}; statistics are answered from these numbers now"
    desk.out.result(msgspec.to_builtins(done), lambda: desk.out.say(said))


def _asked(
    since: str,
    until: str,
    timezone: str,
    names: str,
    by: str,
    where: Sequence[str] | None,
    mode: str,
    **more: Any,
) -> Asked:
    if mode not in ("live", "test", "all"):
        raise ValidationError(f"{mode!r} is no mode; write live, test or all")
    return Asked(
        since=_moment(since),
        until=_moment(until),
        timezone=timezone,
        metrics=_words(names),
        by=_words(by),
        filters=_filters(where or ()),
        live={"live": True, "test": False, "all": None}[mode],
        **more,
    )


def _moment(word: str) -> str:
    """``7d`` is a moment too; the rest is read as it was written."""
    spoken = word[:-1].isdigit() and word[-1:] in "smhd"
    instant = ago(word) if spoken else None
    return word if instant is None else show_moment(instant)


def _words(written: str) -> tuple[str, ...]:
    return tuple([word.strip() for word in written.split(",") if word.strip()])


def _filters(where: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    problems = []
    for pair in where:
        name, equals, word = pair.partition("=")
        if not equals or name not in FILTERS:
            hint = did_you_mean(name, FILTERS) or "; write NAME=VALUE with one of " + ", ".join(FILTERS)
            problems.append(FieldProblem("/where", f"{pair[:64]!r} is no filter{hint}", "unknown-word"))
        found[name] = (*found.get(name, ()), word)
    if problems:
        raise ValidationError(problems[0].detail, fields=problems)
    return found


def _print_table(desk: Desk, found: Table) -> None:
    first = found.metrics[0]
    most = max([float(row.values[first] or 0) for row in found.items], default=0.0)
    rows = [
        (
            *[row.dims[name] or "(none)" for name in found.by],
            _bar(float(row.values[first] or 0), most),
            *_shown(row.values, found.metrics, row.change),
        )
        for row in found.items
    ]
    total = ("total", *[""] * (len(found.by) - 1), "", *_shown(found.total.values, found.metrics, found.total.change))
    columns = (*[_HEADS.get(name, name) for name in found.by], "", *found.metrics)
    desk.out.table(columns, [*rows, total[-len(columns) :]] if rows else [], empty="nothing happened in this period")
    if found.left_out:
        desk.out.note(f"{found.left_out} more; raise --limit")
    _say_period(desk, found.period)


def _print_series(desk: Desk, found: Timeseries) -> None:
    first = found.metrics[0]
    for one in found.series:
        if found.by:
            desk.out.say(" · ".join(one.dims[name] or "(none)" for name in found.by), style="bold")
        most = max([float(point.values[first] or 0) for point in one.points], default=0.0)
        rows = [
            (
                point.start[: 16 if found.granularity == "hour" else 10].replace("T", " "),
                _bar(float(point.values[first] or 0), most),
                *_shown(point.values, found.metrics, None),
                *(_shown(point.previous, found.metrics[:1], None) if point.previous is not None else ()),
            )
            for point in one.points
        ]
        columns = [found.granularity, "", *found.metrics]
        beside = ["before"] if rows and len(rows[0]) > len(columns) else []
        desk.out.table([*columns, *beside], rows, empty="nothing happened in this period")
    _say_period(desk, found.period)


def _say_period(desk: Desk, period: Period) -> None:
    behind = f"; counting is {period.lag_seconds:.0f} s behind" if period.lag_seconds >= 2 else ""
    desk.out.note(f"{period.since} to {period.until} ({period.timezone}){behind}")


def _shown(values: Values, names: Sequence[str], change: Values | None) -> list[str]:
    return [_cell(METRICS[name].name, values[name], None if change is None else change[name]) for name in names]


def _cell(name: str, value: float | None, change: float | None) -> str:
    metric = METRICS[name]
    if value is None:
        return "-"
    if metric.span is not None:
        word = f"{value / 1000:,.1f} s" if value >= 1000 else f"{value:.0f} ms"
    else:
        word = f"{value:.1%}" if metric.under else _number(value)
    return word if change is None else f"{word} ({change:+.0%})"


def _number(value: float) -> str:
    return f"{value:,.0f}"


def _bar(value: float, most: float) -> str:
    """A bar of at most 28 letters, to an eighth of one."""
    eighths = round(value / most * _WIDTH * 8) if most > 0 else 0
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")
