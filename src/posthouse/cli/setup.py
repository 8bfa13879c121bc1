"""``posthouse init`` and ``posthouse migrate``."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from posthouse.cli.domains import domain_document, print_records
from posthouse.cli.frame import Desk, command
from posthouse.cli.workspaces import first_keys, tell_keys
from posthouse.config import Settings, create_master_key, read_master_key
from posthouse.config.load import FILE_NAME
from posthouse.core.kernel.errors import ConflictError

if TYPE_CHECKING:
    from posthouse.bootstrap import House

DEFAULT_WORKSPACE: Final = "main"
_HEAD: Final = """\
# Posthouse settings. Every one of them: docs/reference/settings.md. What is in force: posthouse config
"""


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    example = "posthouse init --data ./data --domain shop.example\nposthouse init --data ./data --json"
    command(app, "init", example=example)(init)
    command(app, "migrate", example="posthouse migrate --data ./data", workspace=False)(migrate)


async def init(
    desk: Desk,
    domain: Annotated[str | None, typer.Option("--domain", help="First sending domain, such as shop.example.")] = None,
) -> None:
    """Make a new installation: master key, settings file, store, workspace, first keys.

    The keys are shown once. They may do everything: give each application a narrower one with `posthouse keys create`.
    """
    settings = desk.settings
    _refuse_if_initialised(settings)
    made = _make_files(desk, settings)
    try:
        document = await _fill(desk, domain)
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)  # so that the same command works once what was wrong is put right
        raise
    desk.out.result(document, lambda: _tell(desk, settings, document))


async def migrate(desk: Desk) -> None:
    """Bring the store's schema up to date. SQLite does it by itself on start, after making a copy."""
    from posthouse.bootstrap import migrate as bring_up_to_date

    settings = desk.settings
    read_master_key(settings)  # first: a mistyped --data must not leave an empty store behind
    version = await bring_up_to_date(settings)
    desk.out.result({"schema": version}, lambda: desk.out.say(f"the schema is up to date ({version})"))


def _refuse_if_initialised(settings: Settings) -> None:
    """An installation is never made over another: its master key could not be replaced."""
    for path in (settings.key_file, settings.data_dir / FILE_NAME):
        if path.exists():
            raise ConflictError(
                f"{settings.data} is initialised already ({path.name} is there) and was left as it is; "
                f"for further keys run `posthouse keys create --data {settings.data}`, "
                "for a new installation name another folder with --data"
            )


def _make_files(desk: Desk, settings: Settings) -> list[Path]:
    """The data folder, the master key and the settings file; the files that were made."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = []
    if settings.secret_key:
        read_master_key(settings)  # it is in the environment: only see that it is one
    else:
        create_master_key(settings.key_file)
        made.append(settings.key_file)
    if desk.config is None:
        path = settings.data_dir / FILE_NAME
        lines = [_HEAD]
        if settings.database:
            lines.append(f'database = "{_escaped(settings.database)}"\n')
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())  # without it a power cut leaves an empty file, and the next start another database
        made.append(path)
    return made


def _escaped(word: str) -> str:
    """A TOML basic string's inside."""
    return word.replace("\\", "\\\\").replace('"', '\\"')


async def _fill(desk: Desk, domain: str | None) -> dict[str, Any]:
    """The store, a workspace, a key of each kind, perhaps a domain."""
    from posthouse.bootstrap import migrate as bring_up_to_date

    await bring_up_to_date(desk.settings)
    async with desk.open() as house:
        workspace = await _make_workspace(house, desk)
        document = await first_keys(house, workspace)
        if domain:
            added = await house.domains.add(workspace.id, domain)
            document["domain"] = domain_document(added, house.domains.records(added))
    return document


async def _make_workspace(house: "House", desk: Desk) -> Any:
    if await house.workspaces.list():  # another master key could neither read what is sealed there nor know its keys
        raise ConflictError(
            "this database belongs to an installation already: to run it from another machine copy secret.key and "
            "posthouse.toml there instead of init; to add a workspace to it, run `posthouse workspaces add NAME` there"
        )
    return await house.workspaces.create(desk.workspace or DEFAULT_WORKSPACE)


def _tell(desk: Desk, settings: Settings, document: dict[str, Any]) -> None:
    out = desk.out
    out.say(f"Posthouse is ready in {settings.data}.", style="bold")
    tell_keys(out, document)
    out.note(f"Keep a copy of {settings.key_file} apart from the database: nothing sealed can be read without it.")
    if "domain" in document:
        print_records(out, document["domain"]["records"])
    out.note(f"Next: posthouse serve --data {settings.data}")
