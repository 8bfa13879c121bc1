"""``posthouse templates rollout``: a new version for a share of the messages first."""

from typing import Annotated, Any

import typer

from posthouse.cli.frame import Desk, command
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.moments import show_moment
from posthouse.core.templates.model import Template

Key = Annotated[str, typer.Argument(metavar="KEY", help="Such as order-confirmation.", show_default=False)]
Percent = Annotated[
    int | None, typer.Option("--percent", help="Share of the people who get it.", min=1, max=100, show_default=False)
]


def rollout_commands(templates: typer.Typer) -> None:
    """Adds the command."""
    example = (
        "posthouse templates publish order-confirmation --percent 10\n"
        "posthouse templates rollout order-confirmation --percent 50\n"
        "posthouse templates rollout order-confirmation --complete"
    )
    command(templates, "rollout", example=example)(rollout)


async def rollout(
    desk: Desk,
    key: Key,
    *,
    percent: Percent = None,
    version: Annotated[
        int | None, typer.Option("--version", help="Begin with this version.", min=1, max=2**31 - 1)
    ] = None,
    complete: Annotated[bool, typer.Option("--complete", help="Everybody gets the new version.")] = False,
    back: Annotated[bool, typer.Option("--back", help="Everybody gets the live version again.")] = False,
) -> None:
    """Show a roll-out, change its share, complete it or take it back."""
    if (percent is not None) + complete + back > 1:
        raise ValidationError("give one of --percent, --complete and --back")
    if version is not None and percent is None:
        raise ValidationError("a version is rolled out to a share: add --percent 10")
    async with desk.open_workspace() as (house, workspace):
        if percent is not None:
            template = await house.rollouts.set(workspace.id, key, percent, version)
        elif complete:
            template = await house.rollouts.complete(workspace.id, key)
        elif back:
            template = await house.rollouts.back(workspace.id, key)
        else:
            template = await house.templates.get(workspace.id, key)
    desk.out.result(document_of(template), lambda: desk.out.say(told(template)))


def document_of(template: Template) -> dict[str, Any]:
    """A template's versions, as JSON."""
    running = template.rollout
    shown = running and {
        "version": running.version,
        "percent": running.percent,
        "started_at": show_moment(running.started_at),
    }
    return {"key": template.key, "version": template.version, "rollout": shown}


def told(template: Template) -> str:
    """The same, in words."""
    running = template.rollout
    beside = f"; version {running.version} goes to {running.percent} % of the people" if running else ""
    return f"{template.key}: version {template.version} is live{beside}"
