"""``posthouse providers`` and ``posthouse routes``."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.cli.frame.pairs import pairs
from posthouse.core.delivery.admin import NamedStep
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.ids import PROVIDER, show
from posthouse.core.messages.model import Channel

HIDDEN: Final = "(hidden)"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    providers = group("providers", "Providers: the ways out.")
    app.add_typer(providers)
    example = """
    posthouse providers add smtp --name relay --host smtp.example.com --port 587 --user shop --password-file pw.txt
    posthouse providers add smtp --name local --host 127.0.0.1 --port 2525 --tls none
    posthouse providers add mx --name direct
    """
    command(providers, "add", example=example)(add)
    command(providers, "list", example="posthouse providers list")(list_all)
    command(providers, "enable", example="posthouse providers enable relay")(enable)
    command(providers, "disable", example="posthouse providers disable relay")(disable)
    command(providers, "remove", example="posthouse providers remove relay")(remove)
    routes = group("routes", "Routes: which providers carry a channel, in what order or weight.")
    app.add_typer(routes)
    command(routes, "show", example="posthouse routes show")(show_routes)
    command(routes, "set", example="posthouse routes set relay backup\nposthouse routes set relay=3,other=1 backup")(
        set_route
    )


Name = Annotated[str, typer.Argument(metavar="NAME", help="As `providers list` shows it.", show_default=False)]


async def add(
    desk: Desk,
    *,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="smtp, mx or sandbox.", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="What to call it.", show_default=False)],
    host: Annotated[str | None, typer.Option("--host", help="smtp: the relay's host.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="smtp: the relay's port.")] = None,
    tls: Annotated[str | None, typer.Option("--tls", help="How safely; see docs/providers/.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="smtp: user name.")] = None,
    password_file: Annotated[
        Path | None, typer.Option("--password-file", help="smtp: file with the password, - for standard input.")
    ] = None,
    extra: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A further setting; the value is JSON or a word. Repeatable."),
    ] = None,
) -> None:
    """Add a provider. Passwords are sealed with the master key and never shown again."""
    given = {"host": host, "port": port, "tls": tls, "username": user}
    settings = {key: value for key, value in given.items() if value is not None} | pairs(extra or [], "--set")
    secret = None if password_file is None else {"password": _read_secret(password_file)}
    async with desk.open_workspace() as (house, workspace):
        row = await house.providers.add(workspace.id, name=name, kind=kind, settings=settings, secret=secret)
    desk.out.result(_document(row), lambda: desk.out.say(f"{row.kind} provider {row.name} added"))


async def list_all(desk: Desk) -> None:
    """List the providers, in the order in which they are used when no route is set."""
    async with desk.open_workspace() as (house, workspace):
        documents = [_document(row) for row in await house.providers.list(workspace.id)]

    def human() -> None:
        rows = [
            (item["name"], item["kind"], item["channel"], "yes" if item["enabled"] else "no", _words(item["settings"]))
            for item in documents
        ]
        desk.out.table(
            ("name", "kind", "channel", "enabled", "settings"),
            rows,
            empty="no providers yet; add one: posthouse providers add smtp --name relay --host …",
        )

    desk.out.result(documents, human)


async def enable(desk: Desk, name: Name) -> None:
    """Let a provider carry messages again."""
    await _switch(desk, name, enabled=True)


async def disable(desk: Desk, name: Name) -> None:
    """Stop using a provider, and keep its settings."""
    await _switch(desk, name, enabled=False)


async def remove(desk: Desk, name: Name) -> None:
    """Forget a provider and take it out of the routes."""
    async with desk.open_workspace() as (house, workspace):
        await house.providers.remove(workspace.id, name)
    desk.out.result({"removed": name}, lambda: desk.out.say(f"{name} removed"))


async def show_routes(desk: Desk) -> None:
    """Show the route of each channel."""
    async with desk.open_workspace() as (house, workspace):
        routes = await house.providers.routes(workspace.id)
    documents: list[dict[str, Any]] = [
        {"channel": channel.name.lower(), "steps": [step._asdict() for step in steps]} for channel, steps in routes
    ]

    def human() -> None:
        rows = [
            (item["channel"], step["position"], step["provider"], step["weight"])
            for item in documents
            for step in item["steps"]
        ]
        desk.out.table(
            ("channel", "position", "provider", "weight"),
            rows,
            empty="no route is set: every enabled provider serves, in the order they were added",
        )

    desk.out.result(documents, human)


async def set_route(
    desk: Desk,
    steps: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PROVIDER...]", help="First choice first; a=3,b=1 share by weight. None: the default."),
    ] = None,
    channel: Annotated[str, typer.Option("--channel", help="Which channel.")] = "email",
) -> None:
    """Set the route of a channel: the providers in order, the later ones as fallback."""
    wanted = _channel(channel)
    parsed = [step for position, word in enumerate(steps or []) for step in _steps(position, word)]
    async with desk.open_workspace() as (house, workspace):
        await house.providers.route(workspace.id, wanted, parsed)
    document = {"channel": channel, "steps": [step._asdict() for step in parsed]}
    told = "set" if parsed else "back to the default"
    desk.out.result(document, lambda: desk.out.say(f"the route of {channel} is {told}"))


async def _switch(desk: Desk, name: str, *, enabled: bool) -> None:
    async with desk.open_workspace() as (house, workspace):
        row = await house.providers.update(workspace.id, name, enabled=enabled)
    desk.out.result(_document(row), lambda: desk.out.say(f"{name} is {'enabled' if enabled else 'disabled'}"))


def _channel(word: str) -> Channel:
    try:
        return Channel[word.upper()]
    except KeyError:
        known = ", ".join(channel.name.lower() for channel in Channel)
        raise ValidationError(f"{word!r} is no channel; write one of {known}") from None


def _steps(position: int, word: str) -> list[NamedStep]:
    """``relay`` or ``a=3,b=1``: the providers that share one position."""
    steps = []
    for part in word.split(","):
        name, _, weight = part.partition("=")
        if weight and not weight.isdecimal():
            raise ValidationError(f"{part!r}: the weight behind = must be a whole number, as in relay=3")
        steps.append(NamedStep(name.strip(), position, int(weight or 1)))
    return steps


def _read_secret(path: Path) -> str:
    text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    return text.rstrip("\r\n")


def _document(row: ProviderRow) -> dict[str, Any]:
    return {
        "id": show(PROVIDER, row.id),
        "name": row.name,
        "kind": row.kind,
        "channel": row.channel.name.lower(),
        "enabled": row.enabled,
        "settings": row.settings,
        "secret": HIDDEN if row.secret else None,
    }


def _words(settings: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items())
