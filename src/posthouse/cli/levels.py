"""``posthouse stats levels`` and ``posthouse stats level``."""

from typing import Annotated

import msgspec
import typer

from posthouse.cli.frame import Desk, command
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.http.schemas import alerts as schemas

Key = Annotated[str, typer.Argument(metavar="TEMPLATE", help="Its key.", show_default=False)]


def register(stats: typer.Typer) -> None:
    """Adds the commands to the group."""
    command(stats, "levels", example="posthouse stats levels")(levels)
    example = """
    posthouse stats level order-confirmation --share 95 --within 5
    posthouse stats level invoice --share 99 --within 60 --measure delivered --days 7
    posthouse stats level invoice --remove
    """
    command(stats, "level", example=example)(level)


async def levels(desk: Desk) -> None:
    """Show how service levels are kept."""
    async with desk.open_workspace() as (house, workspace):
        items = [schemas.level(*one) for one in await house.levels.all(workspace.id)]
    _show(desk, items)


async def level(
    desk: Desk,
    *,
    key: Key,
    share: Annotated[float | None, typer.Option("--share", help="So many of a hundred messages.")] = None,
    within: Annotated[float | None, typer.Option("--within", help="Within so many seconds.")] = None,
    measure: Annotated[str, typer.Option("--measure", help="first-attempt or delivered.")] = "first-attempt",
    days: Annotated[int, typer.Option("--days", help="Measured over 1, 7 or 28 days.")] = 28,
    remove: Annotated[bool, typer.Option("--remove", help="Promise nothing any more.")] = False,
) -> None:
    """Set, show or remove the service level of a template."""
    if (share is None) != (within is None):
        problem = FieldProblem("/share", "give --share and --within together", "missing")
        raise ValidationError("What is promised?", fields=[problem])
    async with desk.open_workspace() as (house, workspace):
        if remove:
            await house.levels.remove(workspace.id, key)
            desk.out.result({"removed": key}, lambda: desk.out.say(f"{key} has no service level any more"))
            return
        if share is not None and within is not None:
            found = await house.levels.save(
                workspace.id, key, share=share / 100, seconds=within, measure=measure, days=days
            )
        else:
            found = await house.levels.get(workspace.id, key)
    _show(desk, [schemas.level(key, *found)])


def _show(desk: Desk, items: list[schemas.LevelAnswer]) -> None:
    def human() -> None:
        rows = [
            (
                one.template,
                f"{100 * one.share:g} % within {one.seconds:g} s ({one.measure}, {counted(one.days, 'day')})",
                "" if one.kept is None else f"{one.kept:.2%}",
                f"{one.late:,} of {one.messages:,}",
                f"{one.left:,.1f}" + ("" if one.left_share is None else f" ({one.left_share:.0%})"),
                "" if one.burn is None else f"{one.burn:g}",
            )
            for one in items
        ]
        empty = "no service levels yet; set one: posthouse stats level order-confirmation --share 95 --within 5"
        desk.out.table(("template", "promised", "kept", "late", "budget left", "burn"), rows, empty=empty)

    desk.out.result(msgspec.to_builtins(items), human)
