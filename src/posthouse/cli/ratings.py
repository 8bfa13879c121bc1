"""``posthouse stats ratings`` and ``posthouse stats comments``."""

from typing import Annotated

import msgspec
import typer

from posthouse.cli.frame import Desk, command
from posthouse.cli.moments import ago
from posthouse.core.analytics.rating_pages import DEFAULT_DAYS, MOST_DAYS
from posthouse.core.analytics.ratings import PERIODS, Figures, Rated
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.moments import show_moment
from posthouse.http.schemas import ratings as schemas

Template = Annotated[str | None, typer.Option("--template", help="Only of this template.")]
Name = Annotated[str | None, typer.Option("--rating", help="Only this rating, by its name in the template.")]
Since = Annotated[str | None, typer.Option("--since", help="RFC 3339, or before now: 12h, 30d.")]
Until = Annotated[str | None, typer.Option("--until", help="RFC 3339, or before now: 12h, 30d.")]
_TEST = Annotated[bool, typer.Option("--test", help="Of test messages.")]


def register(stats: typer.Typer) -> None:
    """Adds the commands."""
    example = "posthouse stats ratings\nposthouse stats ratings --template satisfaction-survey --since 365d --by month"
    command(stats, "ratings", example=example)(ratings)
    command(
        stats,
        "comments",
        example="posthouse stats comments --template satisfaction-survey --max-score 2\nposthouse stats comments --since 30d --csv > comments.csv",
    )(comments)
    command(stats, "comments-page", example="posthouse stats comments-page --days 30")(comments_page)


async def ratings(
    desk: Desk,
    *,
    template: Template = None,
    rating: Name = None,
    since: Since = None,
    until: Until = None,
    by: Annotated[str, typer.Option("--by", help=f"{', '.join(PERIODS)}: what the series goes by.")] = "month",
    test: _TEST = False,
) -> None:
    """Show NPS (scores 0 to 10) and CSAT (scores 1 to 5) of templates over time."""
    if by not in PERIODS:
        problem = FieldProblem("/by", f"write one of {', '.join(PERIODS)}", "unknown-word")
        raise ValidationError(f"--by {by}: write one of {', '.join(PERIODS)}", fields=[problem])
    async with desk.open_workspace() as (house, workspace):
        found = await house.ratings.summary(
            workspace.id,
            live=not test,
            template=template,
            rating=rating,
            since=ago(since),
            until=ago(until),
            granularity=by,
        )

    def human() -> None:
        rows = [row for one in found.items for row in _rows(one)]
        desk.out.table(
            ("template", "rating", "since", "answers", "measure", ""), rows, empty="nobody answered in this period"
        )

    desk.out.result(msgspec.to_builtins(found), human)


async def comments(
    desk: Desk,
    *,
    template: Template = None,
    rating: Name = None,
    since: Since = None,
    until: Until = None,
    min_score: Annotated[int | None, typer.Option("--min-score", help="Scores from here on.")] = None,
    max_score: Annotated[int | None, typer.Option("--max-score", help="Scores up to here.")] = None,
    locale: Annotated[
        str | None, typer.Option("--locale", help="Only of messages in this language, such as fr.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Answers without words too.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="For a spreadsheet.")] = False,
    cursor: Annotated[str | None, typer.Option("--cursor", help="Where the page before ended.")] = None,
    test: _TEST = False,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
) -> None:
    """Show what people wrote beside their score, newest first."""
    async with desk.open_workspace() as (house, workspace):
        found = schemas.page(
            await house.ratings.answers(
                workspace.id,
                live=not test,
                template=template,
                rating=rating,
                since=ago(since),
                until=ago(until),
                lowest=min_score,
                highest=max_score,
                commented=not every,
                locale=locale,
                cursor=cursor,
                limit=limit,
            )
        )

    def human() -> None:
        rows = [
            (
                one.at[:16].replace("T", " "),
                one.template or "-",
                one.rating,
                f"{one.score} of {one.highest}",
                one.locale or "-",
                one.comment or "",
            )
            for one in found.items
        ]
        names = ("at (UTC)", "template", "rating", "score", "language", "comment")
        desk.out.table(names, rows, empty="nobody wrote anything" if not every else "nobody answered")
        if found.next:
            desk.out.note(f"there are more: --cursor {found.next}")

    if csv:
        desk.out.raw(schemas.csv_of(found))
        return

    desk.out.result(found, human)


async def comments_page(
    desk: Desk,
    *,
    days: Annotated[
        int, typer.Option("--days", min=1, max=MOST_DAYS, help="How long the page can be read.")
    ] = DEFAULT_DAYS,
    test: _TEST = False,
) -> None:
    """Make the address of a page with NPS, CSAT and comments, for people without a key. Whoever has it may read, until its time is over."""
    async with desk.open_workspace() as (house, workspace):
        url, given = house.rating_pages.make(workspace.id, live=not test, days=days, now=house.clock.now())
    made = schemas.PageMade(url, show_moment(given.until))
    desk.out.result(made, lambda: desk.out.say(made.url))


def _rows(one: Rated) -> list[tuple[str, ...]]:
    name = (one.template or "(none)", one.rating)
    series = [("", "", period.start[:10], *_told(one, period.figures)) for period in one.series]
    return [(*name, "", *_told(one, one.total)), *(series if len(series) > 1 else ())]


def _told(one: Rated, figures: Figures) -> tuple[str, str, str]:
    if figures.value is None:
        return (str(figures.answers), "", "")
    shown = f"NPS {figures.value:+.1f}" if one.measure == "nps" else f"CSAT {figures.value:.1f} %"
    return (f"{figures.answers:,}", shown, f"± {figures.margin:.1f}")
