"""``posthouse trace``: the whole story of a message, for whoever answers "I never got it"."""

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from posthouse.cli.frame import Desk, command
from posthouse.core.kernel.errors import NotFoundError, ValidationError
from posthouse.core.kernel.ids import MESSAGE, read
from posthouse.core.messages.model import Message, MessageQuery
from posthouse.core.messages.pseudonyms import is_pseudonym
from posthouse.core.workspaces.model import Workspace
from posthouse.http import languages
from posthouse.http.schemas import messages as schema
from posthouse.http.telling import words

if TYPE_CHECKING:
    from posthouse.bootstrap import House

_FOUND = 10
"""Messages listed when more than one matches."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    example = "posthouse trace msg_01k…\nposthouse trace ann@example.com\nposthouse trace A-1001 --language fr"
    command(app, "trace", example=example)(trace)


async def trace(
    desk: Desk,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="A message's id, a recipient's address, an order number (its own or a conversion's), what a provider called it, or its subject.",
            show_default=False,
        ),
    ],
    *,
    language: Annotated[
        str, typer.Option("--language", help=f"Of the sentences: {', '.join(languages.LANGUAGES)}.")
    ] = "en",
) -> None:
    """Tell what became of a message in plain sentences. Of several that match, the newest."""
    spoken, what = languages.chosen(language), what.strip()
    async with desk.open_workspace() as (house, workspace):
        found = await _search(house, workspace, what)
        message = found[0]
        told = schema.timeline(message.id, await house.messages.timeline(workspace.id, message.id), spoken, message)
    others = [schema.summary(other) for other in found[1:]]
    shown = schema.detail(message)

    say = words(spoken).trace

    def human() -> None:
        desk.out.say(f"{shown.id}  {shown.status}", style="bold")
        version = f" v{shown.version}" if shown.version else ""
        to = shown.to.email if shown.to.email and not is_pseudonym(shown.to.email) else say["erased_address"]
        template = f"{shown.template or say['own_content']}{version}"
        desk.out.say(say["line"].format(template=template, channel=shown.channel, to=to, lane=shown.lane))
        if shown.mode == "test":
            desk.out.say(say["test"], style="yellow")
        if shown.correlation or shown.tags:
            desk.out.say("  ".join(filter(None, [shown.correlation or "", *(f"#{tag}" for tag in shown.tags)])))
        desk.out.say("")
        for event in told.events:
            desk.out.say(f"{event.at}  {event.type.removeprefix('message.')}", style="bold")
            desk.out.say(f"  {event.sentence}")
        if told.erased is not None:
            desk.out.note(say[f"erased_{told.erased.why}"].format(at=told.erased.at))
        if told.events_erased:
            desk.out.note(say["events_erased"])
        if shown.next_attempt_at and shown.status in {"deferred", "scheduled"}:
            desk.out.note(say["due"].format(at=shown.next_attempt_at))
        if others:
            desk.out.note(say["older"].format(what=what, count=len(others)))
            rows = [(other.id, other.created_at, other.status, other.template or "") for other in others]
            heads = [say[f"head_{name}"] for name in ("id", "accepted", "status", "template")]
            desk.out.table(heads, rows, empty="")

    document = {"message": shown, "language": spoken, "events": told.events, "erased": told.erased, "older": others}
    desk.out.result(document, human)


async def _search(house: "House", workspace: Workspace, what: str) -> list[Message]:
    """What an identifier, an address, an order number, a provider's word, an order's report or a subject leads to, newest first."""
    if not what:
        raise ValidationError(
            "say which message: an address, an order number, the message's id, what a provider called it, or words of its subject"
        )
    if what.startswith(f"{MESSAGE}_") and "@" not in what:
        return [await house.messages.get(workspace.id, read(MESSAGE, what))]
    query = MessageQuery(workspace_id=workspace.id, limit=_FOUND)
    name = "recipient" if "@" in what else "correlation"
    page = await house.messages.search(msgspec.structs.replace(query, **{name: what}))
    if not page.items:
        page = await house.messages.search(query, provider_id=what)
    if not page.items and (ordered := await _clicked_before(house, workspace, what)):
        return ordered
    if not page.items and any(letter.isalnum() for letter in what):
        page = await house.messages.search(query, subject=what)
    if not page.items:
        raise NotFoundError(
            f"no message of workspace {workspace.name} has {what!r} as its recipient, order number, provider's id or "
            "subject; posthouse messages list shows the newest"
        )
    return list(page.items)


async def _clicked_before(house: "House", workspace: Workspace, order: str) -> list[Message]:
    """The message that an order is credited to: its number may be known from its report alone."""
    for live in (True, False):
        found = await house.conversions.page(workspace.id, live=live, order=order, limit=1)
        if not found.items:
            continue
        if (message_id := found.items[0].message_id) is not None:
            return [await house.messages.get(workspace.id, message_id)]
        raise NotFoundError(f"order {order} was reported, and is credited to no message: nobody clicked before")
    return []
