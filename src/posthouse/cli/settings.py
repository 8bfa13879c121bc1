"""``posthouse config`` and ``posthouse version``."""

import platform

import typer

from posthouse import __version__
from posthouse.cli.frame import Desk, command
from posthouse.config.show import shown


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    command(app, "config", example="posthouse config --data ./data", workspace=False)(config)
    command(app, "version", example="posthouse version", workspace=False)(version)


async def config(desk: Desk) -> None:
    """Show the effective settings and where each came from; secrets stay hidden."""
    loaded = desk.load()
    lines = shown(loaded)
    document = {line.name: {"value": line.value, "origin": line.origin, "variable": line.variable} for line in lines}

    def human() -> None:
        desk.out.note(f"settings file: {loaded.file or 'none'}")
        rows = [(line.name, _word(line.value), line.origin) for line in lines]
        desk.out.table(("setting", "value", "from"), rows, empty="")

    desk.out.result(document, human)


async def version(desk: Desk) -> None:
    """Show the version."""
    document = {"posthouse": __version__, "python": platform.python_version()}
    desk.out.result(document, lambda: desk.out.say(f"posthouse {__version__} on Python {document['python']}"))


def _word(value: object) -> str:
    if value in {"", ()}:
        return "(none)"
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
