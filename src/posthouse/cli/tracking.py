"""``posthouse tracking``."""

from typing import Annotated

import msgspec
import typer

from posthouse.cli.domains import domain_document
from posthouse.cli.frame import Desk, command, group
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import ValidationError
from posthouse.http.schemas import tracking as schemas


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    tracking = group("tracking", "Opens and clicks: what is noticed, by which host, and who it was.")
    app.add_typer(tracking)
    command(tracking, "show", example="posthouse tracking show")(show)
    command(tracking, "set", example="posthouse tracking set --opens --clicks")(change)
    example = (
        "posthouse tracking host shop.example https://links.shop.example\nposthouse tracking host shop.example off"
    )
    command(tracking, "host", example=example)(host)
    command(tracking, "shares", example="posthouse tracking shares --template order-confirmation")(shares)
    command(tracking, "recount", example="posthouse tracking recount", workspace=False)(recount)


async def show(desk: Desk) -> None:
    """Show what is noticed, and the tracking host of each domain."""
    async with desk.open_workspace() as (house, workspace):
        found = await house.tracking_reports.settings(workspace.id)
        hosts = {domain.name: domain.tracking_url for domain in await house.domains.list(workspace.id)}
    document = {**msgspec.to_builtins(found), "hosts": hosts}

    def human() -> None:
        for name, value in msgspec.to_builtins(found).items():
            desk.out.say(f"{name}: {_word(value)}")
        desk.out.table(
            ("domain", "links begin with"),
            [(name, url or "(not tracked)") for name, url in hosts.items()],
            empty="no domains yet",
        )

    desk.out.result(document, human)


async def change(
    desk: Desk,
    *,
    opens: Annotated[bool | None, typer.Option("--opens/--no-opens", help="Notice opens, by a picture.")] = None,
    clicks: Annotated[bool | None, typer.Option("--clicks/--no-clicks", help="Notice clicks.")] = None,
    honeypot: Annotated[
        bool | None, typer.Option("--honeypot/--no-honeypot", help="Carry a link that only machines follow.")
    ] = None,
    view_days: Annotated[
        int | None, typer.Option("--view-days", min=1, max=3650, help="How long messages can be read in the browser.")
    ] = None,
    conversion_host: Annotated[
        list[str] | None,
        typer.Option(
            "--conversion-host", help="A host of yours whose links carry the click on. Repeatable; off: none."
        ),
    ] = None,
    attribution_days: Annotated[
        int | None,
        typer.Option("--attribution-days", min=1, max=90, help="How long after a click an order is credited."),
    ] = None,
) -> None:
    """Say what is noticed of messages whose template and request say nothing."""
    hosts = [] if conversion_host == ["off"] else conversion_host or None
    wanted = schemas.TrackingChange(opens, clicks, honeypot, view_days, hosts, attribution_days)
    if wanted == schemas.TrackingChange():
        raise ValidationError("say what to change, such as --opens or --no-clicks")
    async with desk.open_workspace() as (house, workspace):
        kept = await house.tracking_reports.change(workspace.id, lambda found: schemas.changed(found, wanted))
    document = msgspec.to_builtins(kept)
    desk.out.result(
        document, lambda: desk.out.say(", ".join([f"{name}: {_word(value)}" for name, value in document.items()]))
    )


async def host(
    desk: Desk,
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="Such as shop.example.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="What links begin with, or off.")],
    *,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Take it without a look at the DNS.")] = False,
) -> None:
    """Set the tracking host of a sending domain, after a look whether its CNAME leads here."""
    async with desk.open_workspace() as (house, workspace):
        kept = await house.domains.track(workspace.id, domain, "" if url == "off" else url, unchecked=unchecked)
        document = domain_document(kept, house.domains.records(kept))
    said = (
        f"links in mail of {kept.name} begin with {kept.tracking_url}"
        if kept.tracking_url
        else f"{kept.name} is not tracked"
    )
    desk.out.result(document, lambda: desk.out.say(said))


async def shares(
    desk: Desk, *, template: Annotated[str | None, typer.Option("--template", help="The template's key.")] = None
) -> None:
    """Show how many messages were opened, clicked, rated, by people and by machines."""
    async with desk.open_workspace() as (house, workspace):
        found = await house.tracking_reports.shares(workspace.id, template)

    def human() -> None:
        rows = [
            (one.event, str(one.human), str(one.unknown), str(one.machine), f"{one.machine_share:.0%}") for one in found
        ]
        desk.out.table(
            ("event", "by people", "unknown", "machines only", "machine share"), rows, empty="nothing came back yet"
        )

    desk.out.result({"items": msgspec.to_builtins(found)}, human)


async def recount(desk: Desk) -> None:
    """Tell every verdict on opens and clicks again, with the rules of this version and all that is known by now."""
    async with desk.open() as house:
        done = await house.tracking_reports.recount()
        version = house.tracking_reports.rules_version
    document = {**msgspec.to_builtins(done), "rules": version}
    said = (
        f"opens and clicks told again: {done.hits:,} of {counted(done.messages, 'message')}, by rules {version}; "
        f"another verdict now: {done.changed:,}"
    )
    desk.out.result(document, lambda: desk.out.say(said))


def _word(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
