"""``posthouse keys``."""

from typing import Annotated, Any

import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.core.kernel.ids import KEY, read, show
from posthouse.core.kernel.moments import show_moment
from posthouse.core.workspaces.model import ApiKey
from posthouse.core.workspaces.scopes import DEFAULT


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    keys = group("keys", "API keys: one for each application, so that each can be revoked alone.")
    app.add_typer(keys)
    example = 'posthouse keys create "shop" --scope messages:write\nposthouse keys create "ci" --test'
    command(keys, "create", example=example)(create)
    command(keys, "list", example="posthouse keys list")(list_all)
    command(keys, "revoke", example="posthouse keys revoke key_01k…")(revoke)


async def create(
    desk: Desk,
    name: Annotated[str, typer.Argument(help="Who will use it, for people.", show_default=False)],
    test: Annotated[bool, typer.Option("--test", help="A test key: the sandbox delivers.")] = False,
    scope: Annotated[list[str] | None, typer.Option("--scope", help="What it may do; repeat for several.")] = None,
    network: Annotated[
        list[str] | None, typer.Option("--network", help="Where it may come from (CIDR); repeat for several.")
    ] = None,
    locale: Annotated[
        str, typer.Option("--locale", help="Language of its messages unless they or their contacts say.")
    ] = "",
) -> None:
    """Make an API key. It is shown once.

    Without --scope it may send and see messages (messages:write, messages:read).
    """
    async with desk.open_workspace() as (house, workspace):
        made = await house.keys.create(
            workspace.id, name, live=not test, scopes=scope or DEFAULT, networks=network or (), locale=locale
        )
    document = {**_document(made.key), "secret": made.secret}

    def human() -> None:
        desk.out.say(made.secret)
        desk.out.note("Write it down: it is not shown again.")

    desk.out.result(document, human)


async def list_all(desk: Desk) -> None:
    """List the keys, revoked ones too."""
    async with desk.open_workspace() as (house, workspace):
        documents = [_document(key) for key in await house.keys.list(workspace.id)]

    def human() -> None:
        rows = [
            (
                item["id"],
                item["name"],
                item["kind"],
                " ".join(item["scopes"]),
                f"…{item['hint']}",
                item["last_used_at"] or "never",
                item["revoked_at"] or "",
            )
            for item in documents
        ]
        columns = ("id", "name", "kind", "scopes", "ends in", "last used", "revoked")
        desk.out.table(columns, rows, empty="no keys yet; make one: posthouse keys create NAME")

    desk.out.result(documents, human)


async def revoke(
    desk: Desk, key: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.", show_default=False)]
) -> None:
    """Make a key worthless, at once and for good."""
    async with desk.open_workspace() as (house, workspace):
        revoked = await house.keys.revoke(workspace.id, read(KEY, key))
    desk.out.result(_document(revoked), lambda: desk.out.say(f"{revoked.name} ({key}) is revoked"))


def _document(key: ApiKey) -> dict[str, Any]:
    return {
        "id": show(KEY, key.id),
        "name": key.name,
        "kind": "live" if key.live else "test",
        "scopes": list(key.scopes),
        "networks": list(key.networks),
        "locale": key.locale,
        "hint": key.hint,
        "created_at": show_moment(key.created_at),
        "last_used_at": None if key.last_used_at is None else show_moment(key.last_used_at),
        "revoked_at": None if key.revoked_at is None else show_moment(key.revoked_at),
    }
