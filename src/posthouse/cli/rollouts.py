"""``posthouse templates rollout``: a new version for a share of the messages first."""

from typing import Annotated, Any

import typer

from posthouse.cli.frame import Desk, command
from posthouse.core.analytics.comparing import FEW, Compared, Rate
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.moments import show_moment
from posthouse.core.templates.model import Template

Key = Annotated[str, typer.Argument(metavar="KEY", help="Such as order-confirmation.", show_default=False)]
Percent = Annotated[
    int | None, typer.Option("--percent", help="Share of the people who get it.", min=1, max=100, show_default=False)
]

_SAYS = {
    "too-few": f"too few to say (under {FEW})",
    "no-difference": "no difference seen",
    "higher": "higher",
    "lower": "lower",
}


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
    """Show a roll-out and how both versions do, change its share, complete it or take it back."""
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
        running, compared = template.rollout, None
        if running is not None:
            compared = await house.analytics.versions(
                workspace.id, key, running.started_at, template.version, running.version
            )

    def human() -> None:
        desk.out.say(told(template))
        if compared is not None:
            _tell(desk, compared)

    desk.out.result({**document_of(template), "comparison": compared}, human)


def _tell(desk: Desk, compared: Compared) -> None:
    """Both versions beside each other."""
    live, coming = compared.live, compared.coming
    rows = [
        (one.name.removesuffix("_rate"), _rate(one.live), _rate(one.coming), _SAYS[one.says]) for one in compared.rates
    ]
    rows.append(("clicks by machines", _share(live.machine_click_share), _share(coming.machine_click_share), ""))
    desk.out.table(("", f"version {live.version}", f"version {coming.version}", ""), rows, empty="")
    desk.out.note(f"of the messages accepted since {compared.period.since}; in brackets what holds 95 of 100 times")


def _rate(rate: Rate) -> str:
    if rate.rate is None:
        return "none yet"
    return f"{rate.count:,} of {rate.of:,}: {_share(rate.rate)} ({_share(rate.low)} to {_share(rate.high)})"


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.2%}"


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
