"""``posthouse messages``."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.cli.moments import ago
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.ids import MESSAGE, read
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.messages.model import STATUS_BY_WORD, MessageQuery, Status
from posthouse.core.messages.submission import Caller
from posthouse.http.schemas import messages as schema

MessageWord = Annotated[str, typer.Argument(metavar="ID", help="Such as msg_01k….", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    messages = group("messages", "Messages: what was asked for, what happened, what was said.")
    app.add_typer(messages)
    example = (
        "posthouse messages list --to ann@example.com\nposthouse messages list --subject 'order A-1001' --since 7d"
    )
    command(messages, "list", example=example)(list_some)
    command(messages, "show", example="posthouse messages show msg_01k…")(show)
    command(messages, "timeline", example="posthouse messages timeline msg_01k…")(timeline)
    example = "posthouse messages content msg_01k…\nposthouse messages content msg_01k… --source > mail.eml"
    command(messages, "content", example=example)(content)
    command(messages, "cancel", example="posthouse messages cancel msg_01k…")(cancel)
    command(messages, "resend", example="posthouse messages resend msg_01k…")(resend)


async def list_some(
    desk: Desk,
    *,
    to: Annotated[str | None, typer.Option("--to", help="Recipient's address.")] = None,
    template: Annotated[str | None, typer.Option("--template", help="Key of the template.")] = None,
    status: Annotated[str | None, typer.Option("--status", help="Such as deferred.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Tag.")] = None,
    correlation: Annotated[str | None, typer.Option("--correlation", help="Such as an order number.")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="Words of the subject as it was sent.")] = None,
    provider_id: Annotated[
        str | None, typer.Option("--provider-id", help="What the provider called it, or its Message-ID.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="RFC 3339, or before now: 15m, 2h, 3d.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="RFC 3339, or before now: 15m, 2h, 3d.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
    cursor: Annotated[str | None, typer.Option("--cursor", help="`next` of the page before.")] = None,
) -> None:
    """List messages, newest first. All given filters must hold."""
    async with desk.open_workspace() as (house, workspace):
        query = MessageQuery(
            workspace_id=workspace.id,
            recipient=to,
            template_key=template,
            status=_status(status),
            tag=tag,
            correlation=correlation,
            since=ago(since),
            until=ago(until),
            before=None if cursor is None else house.messages.place(cursor),
            limit=limit,
        )
        page = await house.messages.search(query, subject=subject, provider_id=provider_id)
    items = [schema.summary(message) for message in page.items]

    def human() -> None:
        rows = [
            (item.id, item.created_at, item.status, item.to.email or "(erased)", item.template or "") for item in items
        ]
        empty = "none among those looked at" if page.next else "no message matches"
        desk.out.table(("id", "accepted", "status", "to", "template"), rows, empty=empty)
        if page.next:
            desk.out.note(f"more: --cursor {page.next}")

    desk.out.result({"items": items, "next": page.next}, human)


async def show(desk: Desk, message: MessageWord) -> None:
    """Show one message with everything that was asked for."""
    async with desk.open_workspace() as (house, workspace):
        found = schema.detail(await house.messages.get(workspace.id, read(MESSAGE, message)))

    def human() -> None:
        document = msgspec.to_builtins(found)
        rows = [(name, _cell(value)) for name, value in document.items() if value not in (None, [], {}, "")]
        desk.out.table(("", ""), rows, empty="")

    desk.out.result(found, human)


async def timeline(desk: Desk, message: MessageWord) -> None:
    """Show what happened to a message, oldest first, fact by fact (in sentences: posthouse trace)."""
    async with desk.open_workspace() as (house, workspace):
        identifier = read(MESSAGE, message)
        told = schema.timeline(identifier, await house.messages.timeline(workspace.id, identifier), "en")

    def human() -> None:
        rows = [
            (event.at, event.type.removeprefix("message."), _facts(event.data) or event.sentence)
            for event in told.events
        ]
        desk.out.table(("at", "event", "what was said"), rows, empty="nothing happened yet")

    desk.out.result(told, human)


async def content(
    desk: Desk,
    message: MessageWord,
    *,
    source: Annotated[bool, typer.Option("--source", help="The whole mail, byte for byte, and nothing else.")] = False,
    html: Annotated[Path | None, typer.Option("--html", help="Write the HTML part to this file.")] = None,
) -> None:
    """Show what the person was, or will be, sent: rendered again from release and variables."""
    async with desk.open_workspace() as (house, workspace):
        identifier = read(MESSAGE, message)
        found = await house.messages.content(workspace.id, identifier)
    if html is not None:
        html.write_text(found.html or "", encoding="utf-8")

    def human() -> None:
        if source:
            desk.out.raw(found.source)
            return
        desk.out.say(f"Subject: {found.subject}", style="bold")
        for item in found.attachments:
            desk.out.say(f"Attachment: {item.name} ({item.type}, {counted(item.size, 'byte')})")
        desk.out.say("")
        desk.out.say(found.text)
        if found.html and html is None:
            desk.out.note(
                f"There is an HTML part of {counted(len(found.html), 'character')}: --html FILE writes it out."
            )

    desk.out.result(schema.content(identifier, found), human)


async def cancel(desk: Desk, message: MessageWord) -> None:
    """Withdraw a message that has not left."""
    async with desk.open_workspace() as (house, workspace):
        found = schema.summary(await house.messages.cancel(workspace.id, read(MESSAGE, message)))
    desk.out.result(found, lambda: desk.out.say(f"{message} {found.status}"))


async def resend(desk: Desk, message: MessageWord) -> None:
    """Send the content of a message once more, as a new message linked to it."""
    async with desk.open_workspace() as (house, workspace):
        caller = Caller(workspace_id=workspace.id, key_id=None, live=True)
        receipt = await house.messages.resend(caller, read(MESSAGE, message))
    document: dict[str, Any] = msgspec.json.decode(receipt.body)
    desk.out.result(document, lambda: desk.out.say(f"{document['id']} {document['status']}"))


def _status(word: str | None) -> Status | None:
    if word is None:
        return None
    if word not in STATUS_BY_WORD:
        known = ", ".join(STATUS_BY_WORD)
        raise ValidationError(f"{word!r} is no status{did_you_mean(word, STATUS_BY_WORD)}; there are {known}")
    return STATUS_BY_WORD[word]


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _facts(data: dict[str, Any]) -> str:
    """The words of the other side first, the rest as name=value."""
    said = " ".join(str(data[name]) for name in ("code", "enhanced", "text") if data.get(name))
    rest = " ".join(
        f"{name}={_cell(value)}" for name, value in data.items() if name not in {"code", "enhanced", "text"}
    )
    return " · ".join(part for part in (said, rest) if part)
