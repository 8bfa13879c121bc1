"""``posthouse workspaces``."""

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from posthouse.cli.frame import Desk, Output, command, group
from posthouse.cli.frame.desk import pick
from posthouse.core.kernel.ids import WORKSPACE, show
from posthouse.core.kernel.moments import show_moment
from posthouse.core.workspaces.model import Workspace
from posthouse.core.workspaces.scopes import EVERYTHING

if TYPE_CHECKING:
    from posthouse.bootstrap import House

TEST_SCOPES: Final = ("messages:*", "templates:read", "admin:read")
"""A test key sees everything, the sandbox too, and changes nothing that live messages depend on."""


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    workspaces = group("workspaces", "Workspaces: one for each brand or tenant; nothing of one is seen from another.")
    app.add_typer(workspaces)
    example = "posthouse workspaces add bank\nposthouse workspaces add bank --locale fr --time-zone Europe/Paris --json"
    command(workspaces, "add", example=example, workspace=False)(add)
    command(workspaces, "list", example="posthouse workspaces list", workspace=False)(list_all)
    command(workspaces, "show", example="posthouse workspaces show bank", workspace=False)(show_one)
    command(workspaces, "rename", example="posthouse workspaces rename bank savings-bank", workspace=False)(rename)


Name = Annotated[str, typer.Argument(metavar="NAME", help="As `workspaces list` shows it.", show_default=False)]


async def add(
    desk: Desk,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and hyphens.", show_default=False)
    ],
    *,
    locale: Annotated[str, typer.Option("--locale", help="Language that its messages are in unless they say.")] = "en",
    time_zone: Annotated[str, typer.Option("--time-zone", help="IANA name, such as Europe/Paris.")] = "UTC",
) -> None:
    """Make a further workspace with its first keys, which are shown once.

    Other commands then need --workspace NAME. It has no domain, provider or template yet.
    """
    async with desk.open() as house:
        workspace = await house.workspaces.create(name, default_locale=locale, time_zone=time_zone)
        document = await first_keys(house, workspace)

    def human() -> None:
        desk.out.say(f"The workspace {name} is ready.", style="bold")
        tell_keys(desk.out, document)
        again = desk.again
        desk.out.note(f"Next: posthouse domains add NAME --workspace {name}{again}")
        desk.out.note(f"      posthouse providers add smtp --name relay --host HOST --workspace {name}{again}")

    desk.out.result(document, human)


async def list_all(desk: Desk) -> None:
    """List the workspaces, oldest first."""
    async with desk.open() as house:
        documents = [_document(workspace) for workspace in await house.workspaces.list()]

    def human() -> None:
        columns = ("id", "name", "locale", "time zone", "created")
        rows = [
            (item["id"], item["workspace"], item["default_locale"], item["time_zone"], item["created_at"])
            for item in documents
        ]
        desk.out.table(columns, rows, empty="there is no workspace yet: posthouse init")

    desk.out.result(documents, human)


async def show_one(desk: Desk, name: Name) -> None:
    """Show a workspace: its settings, and what it has of keys, domains, providers and templates."""
    async with desk.open() as house:
        workspace = pick(await house.workspaces.list(), name)
        keys = await house.keys.list(workspace.id)
        has: dict[str, Any] = {
            "keys": sum(key.revoked_at is None for key in keys),
            "domains": [domain.name for domain in await house.domains.list(workspace.id)],
            "providers": [provider.name for provider in await house.providers.list(workspace.id)],
            "templates": [template.key for template in await house.templates.list(workspace.id)],
        }
    document = {**_document(workspace), **has}

    def human() -> None:
        rows = [(word, ", ".join(value) if isinstance(value, list) else value) for word, value in document.items()]
        desk.out.table(("", ""), rows, empty="")

    desk.out.result(document, human)


async def rename(
    desk: Desk,
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="The new name.", show_default=False)],
) -> None:
    """Give a workspace another name. Keys, messages and identifiers stay as they are."""
    async with desk.open() as house:
        workspace = pick(await house.workspaces.list(), name)
        renamed = await house.workspaces.rename(workspace.id, new)
    desk.out.result(_document(renamed), lambda: desk.out.say(f"{name} is now {new}"))


async def first_keys(house: "House", workspace: Workspace) -> dict[str, Any]:
    """Makes a key of each kind for a new workspace; the document that shows them, for the only time."""
    live = await house.keys.create(workspace.id, "first live key", live=True, scopes=[EVERYTHING])
    test = await house.keys.create(workspace.id, "first test key", live=False, scopes=TEST_SCOPES)
    return {
        "workspace": workspace.name,
        "workspace_id": show(WORKSPACE, workspace.id),
        "live_key": live.secret,
        "test_key": test.secret,
    }


def tell_keys(out: Output, document: dict[str, Any]) -> None:
    """The keys for people."""
    out.say(f"  workspace  {document['workspace']}")
    out.say(f"  live key   {document['live_key']}")
    out.say(f"  test key   {document['test_key']}")
    out.note("Write the keys down: they are not shown again. A test key does everything but deliver.")


def _document(workspace: Workspace) -> dict[str, Any]:
    return {
        "id": show(WORKSPACE, workspace.id),
        "workspace": workspace.name,
        "default_locale": workspace.default_locale,
        "time_zone": workspace.time_zone,
        "created_at": show_moment(workspace.created_at),
    }
