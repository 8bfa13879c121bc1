"""``posthouse backup``, ``restore`` and ``doctor``."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from posthouse.cli import restoring
from posthouse.cli.frame import Desk, Output, command
from posthouse.cli.frame.exits import Exit
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.moments import show_moment

_COLOURS = {"ok": "green", "warning": "yellow", "error": "red"}


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    command(app, "backup", example="posthouse backup ./posthouse-backup.db --data ./data", workspace=False)(backup)
    example = (
        "posthouse restore ./posthouse-backup.db --data ./data\nposthouse restore --mark --database postgresql://…"
    )
    command(app, "restore", example=example, workspace=False)(restore)
    command(app, "doctor", example="posthouse doctor --data ./data", workspace=False)(doctor)


async def backup(
    desk: Desk,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; must not exist.", show_default=False)],
) -> None:
    """Write a consistent copy of the store while work goes on.

    The master key (secret.key) is not in it: keep a copy of that elsewhere. PostgreSQL has pg_dump for this.
    """
    async with desk.open() as house:
        with desk.out.progress("copying", None):
            await house.store.backup(file)
    file.chmod(0o600)  # it holds people's addresses
    size = file.stat().st_size
    desk.out.result({"file": str(file), "bytes": size}, lambda: desk.out.say(f"{file}: {counted(size, 'byte')}"))


async def restore(
    desk: Desk,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A copy made by `posthouse backup`.")] = None,
    *,
    mark: Annotated[
        bool, typer.Option("--mark", help="Only hold what is pending: after restoring PostgreSQL with its own tools.")
    ] = False,
) -> None:
    """Put a backup in the place of the store, while nothing runs. What it replaces is kept beside it.

    Messages that were waiting when the backup was made may have been sent since. They are held for your decision:
    posthouse held list, then posthouse held release or posthouse messages cancel.
    """
    if (file is None) is not mark:
        raise ValidationError("name the backup to restore; or say --mark when the database is restored already")
    settings = desk.settings
    if file is not None:
        outcome = await asyncio.to_thread(restoring.put_back, settings, file)
    else:
        outcome = restoring.Outcome(await restoring.hold_everything(settings))
    document = {"held": outcome.held, "replaced": str(outcome.replaced) if outcome.replaced else None}

    def human() -> None:
        desk.out.say(f"restored; held: {counted(outcome.held, 'message')}: posthouse held list{desk.again}")
        if outcome.replaced:
            desk.out.note(f"what was there before: {outcome.replaced}")

    desk.out.result(document, human)


async def doctor(desk: Desk) -> None:
    """Examine the installation: store, clock, disk, DNS, providers, domains. Says what to do; fails on errors."""
    from posthouse.runtime.doctor import Level, examine

    report = await examine(desk.settings)
    desk.out.result(
        {"at": show_moment(report.at), "worst": report.worst, "findings": report.findings},
        lambda: _tell(desk.out, [(item.level, item.about, item.said, item.advice) for item in report.findings]),
    )
    if report.worst is Level.ERROR:
        raise typer.Exit(Exit.FAILED)


def _tell(out: Output, findings: list[tuple[str, str, str, str]]) -> None:
    for level, about, said, advice in findings:
        out.say(f"{level:8} {about}: {said}", style=_COLOURS[level])
        if advice:
            out.say(f"         {advice}")
