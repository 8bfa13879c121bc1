"""Turns an async function into a command: adds the common options, runs it, and turns errors into one sentence."""

import asyncio
import inspect
import os
import sys
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final, get_type_hints

import typer

from posthouse.cli.frame.desk import Desk
from posthouse.cli.frame.exits import Exit, exit_for
from posthouse.cli.frame.output import Output
from posthouse.core.kernel.errors import PosthouseError

CommandFunction = Callable[..., Awaitable[None]]

_PANEL: Final = "Common options"
_COMMON: Final[dict[str, tuple[Any, Any]]] = {
    "data": (
        Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Data folder.", rich_help_panel=_PANEL)],
        None,
    ),
    "database": (
        Annotated[
            str | None,
            typer.Option("--database", metavar="URL", help="PostgreSQL instead of SQLite.", rich_help_panel=_PANEL),
        ],
        None,
    ),
    "config": (
        Annotated[
            Path | None,
            typer.Option("--config", metavar="FILE", help="Settings file.", rich_help_panel=_PANEL),
        ],
        None,
    ),
    "workspace": (
        Annotated[
            str | None,
            typer.Option("--workspace", metavar="NAME", help="Which workspace.", rich_help_panel=_PANEL),
        ],
        None,
    ),
    "json": (Annotated[bool, typer.Option("--json", help="Print JSON.", rich_help_panel=_PANEL)], False),
    "debug": (Annotated[bool, typer.Option("--debug", help="Show where it failed.", rich_help_panel=_PANEL)], False),
}


def group(name: str, summary: str) -> typer.Typer:
    """A group of commands, such as ``posthouse domains``."""
    return typer.Typer(name=name, help=summary, no_args_is_help=True, add_completion=False)


def command(
    app: typer.Typer, name: str, *, example: str, workspace: bool = True
) -> Callable[[CommandFunction], CommandFunction]:
    """Registers ``async def f(desk, …)`` as a command.

    Args:
        app: the group it belongs to.
        name: the word typed.
        example: one command line for the help; several are separated by line ends.
        workspace: whether it works in one workspace, and so has ``--workspace``.
    """
    lines = [f"$ {line.strip()}" for line in example.strip().splitlines()]
    epilog = "\n\n".join(["Example:" if len(lines) == 1 else "Examples:", *lines]).replace("[", r"\[")

    def register(function: CommandFunction) -> CommandFunction:
        left_out = set() if workspace else {"workspace"}
        app.command(name, epilog=epilog)(_with_common_options(function, left_out))
        return function

    return register


def _with_common_options(function: CommandFunction, left_out: set[str]) -> Callable[..., None]:
    """A synchronous function with the parameters of ``function`` (without the desk) and the common options."""
    hints = get_type_hints(function, include_extras=True)
    own = list(inspect.signature(function).parameters.values())[1:]
    taken = {parameter.name for parameter in own}
    common = {name: pair for name, pair in _COMMON.items() if name not in left_out | taken}

    def run(**given: Any) -> None:
        debug = given.pop("debug", False)
        desk = Desk(
            out=Output(json=given.pop("json", False)),
            environ=os.environ,
            **{name: given.pop(name) for name in ("data", "database", "config", "workspace") if name in common},
        )
        raise typer.Exit(_finish(desk, lambda: function(desk, **given), debug=debug))

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [parameter.replace(kind=keyword, annotation=hints[parameter.name]) for parameter in own]
    parameters += [
        inspect.Parameter(name, keyword, annotation=annotation, default=default)
        for name, (annotation, default) in common.items()
    ]
    run.__name__ = function.__name__
    run.__doc__ = function.__doc__
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what inspect.signature reads
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _finish(desk: Desk, start: Callable[[], Awaitable[None]], *, debug: bool) -> int:
    """Runs the command to its end; every error becomes one clear sentence and an exit code."""
    out = desk.out

    async def story() -> None:
        await start()

    try:
        asyncio.run(story())
        return desk.afterwards() if desk.afterwards else Exit.OK
    except typer.Exit as ended:
        return ended.exit_code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 -- the last line of defence against tracebacks
        return _explain(error, out, debug=debug)


def _explain(error: BaseException, out: Output, *, debug: bool) -> Exit:
    """Says what went wrong, and with which code it ends."""
    if isinstance(error, BrokenPipeError):
        # The reader of a pipe (head, less) has seen enough; Python would complain again while closing.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    if isinstance(error, KeyboardInterrupt):
        out.note("stopped")
        return Exit.FAILED
    told: PosthouseError
    if isinstance(error, PosthouseError):
        told = error
    elif isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        told = PosthouseError(f"{where}{error.strerror or error}")
    else:
        told = PosthouseError(f"this should not happen: {error!r}; please report it with the output of --debug")
    _tell(told, out, debug=debug)
    return exit_for(told)


def _tell(error: PosthouseError, out: Output, *, debug: bool) -> None:
    """The error in words, on standard error; as a document too when JSON was asked for."""
    if debug:
        traceback.print_exc()
    fields = [field for field in error.fields if field.detail not in error.detail]
    if out.json:
        document = {"error": error.slug, "title": error.title(), "detail": error.detail, "fields": error.fields}
        out.result(document, lambda: None)
        return
    out.note(f"error: {error.detail}", style="bold red")
    for field in fields:
        out.note(f"  {field.told}", style="red")
