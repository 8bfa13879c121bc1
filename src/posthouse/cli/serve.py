"""``posthouse serve`` and ``posthouse worker``."""

import enum
from typing import Annotated

import typer

from posthouse.cli.frame import Desk, command
from posthouse.config import Settings
from posthouse.core.kernel.errors import NotFoundError, UnavailableError, ValidationError


class Role(enum.StrEnum):
    """The parts that can run alone."""

    API = "api"
    DISPATCH = "dispatch"
    SCHEDULER = "scheduler"
    RETURNED = "returned"


Dispatchers = Annotated[
    int | None,
    typer.Option("--dispatchers", metavar="N", min=1, help="Dispatch processes; by default as many as cores."),
]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    example = """
    posthouse serve --data ./data
    posthouse serve --data ./data --port 8025 --dispatchers 2
    posthouse serve --role api --database postgresql://posthouse@db/posthouse
    """
    command(app, "serve", example=example, workspace=False)(serve)
    example = "posthouse worker --database postgresql://posthouse@db/posthouse --dispatchers 4"
    command(app, "worker", example=example, workspace=False)(worker)


async def serve(
    desk: Desk,
    *,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option("--port", help="Port to listen on.")] = None,
    dispatchers: Dispatchers = None,
    processes: Annotated[int | None, typer.Option("--processes", metavar="N", min=1, help="API processes.")] = None,
    role: Annotated[list[Role] | None, typer.Option("--role", help="Run only this part; repeatable.")] = None,
) -> None:
    """Run Posthouse: API, dispatchers, scheduler, and the intake of returned mail where it is set up.

    Ready when GET /readyz answers 200; SIGTERM stops it gracefully.
    """
    settings = desk.load(
        http__host=host, http__port=port, http__processes=processes, dispatch__processes=dispatchers
    ).settings
    if role == [Role.RETURNED] and not settings.returned.on:
        raise ValidationError("there is nothing to take in: set [returned] port or imap_host first")
    await _look_first(desk)
    desk.afterwards = lambda: _run(settings, [str(part) for part in role or Role])


async def worker(desk: Desk, *, dispatchers: Dispatchers = None) -> None:
    """Run dispatchers alone, beside a `serve` elsewhere on the same database."""
    settings = desk.load(dispatch__processes=dispatchers).settings
    await _look_first(desk)
    desk.afterwards = lambda: _run(settings, [str(Role.DISPATCH)])


async def _look_first(desk: Desk) -> None:
    """Says what is missing before any process starts. A store that is only down just now is waited for instead."""
    try:
        async with desk.open() as house:
            if not await house.workspaces.list():
                raise NotFoundError("there is no workspace yet; run `posthouse init` first")
    except UnavailableError as error:
        desk.out.note(f"{error.detail}; starting all the same, and trying again")


def _run(settings: Settings, roles: list[str]) -> int:
    """Hands over to the supervisor."""
    from posthouse.runtime import supervisor

    return supervisor.run(settings, roles=roles)
