"""``posthouse held``."""

from typing import Annotated

import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.ids import MESSAGE, read
from posthouse.core.messages.model import MessageQuery, Status
from posthouse.http.schemas import messages as schema


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    held = group("held", "Held messages: they wait for a decision, after a restore or because they are in doubt.")
    app.add_typer(held)
    command(held, "list", example="posthouse held list")(list_some)
    example = "posthouse held release msg_01k… msg_01k…\nposthouse held release --all"
    command(held, "release", example=example)(release)


async def list_some(
    desk: Desk, *, limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50
) -> None:
    """List held messages, newest first. To drop one: posthouse messages cancel ID."""
    async with desk.open_workspace() as (house, workspace):
        page = await house.messages.search(MessageQuery(workspace_id=workspace.id, status=Status.HELD, limit=limit))
    items = [schema.summary(message) for message in page.items]

    def human() -> None:
        rows = [(item.id, item.created_at, item.to.email, item.template or "") for item in items]
        desk.out.table(("id", "accepted", "to", "template"), rows, empty="nothing is held")

    desk.out.result({"items": items, "next": page.next}, human)


async def release(
    desk: Desk,
    message: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Such as msg_01k….")] = None,
    *,
    everything: Annotated[bool, typer.Option("--all", help="Every held message of the workspace.")] = False,
) -> None:
    """Let held messages go: they are sent now."""
    if bool(message) is everything:
        raise ValidationError("name the messages to release, or say --all")
    wanted = None if everything else [read(MESSAGE, word) for word in message or []]
    async with desk.open_workspace() as (house, workspace):
        released = await house.store.release_held(workspace.id, wanted, house.clock.now())
    desk.out.result({"released": released}, lambda: desk.out.say(f"{released} released"))
