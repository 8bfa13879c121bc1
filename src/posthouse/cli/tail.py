"""``posthouse tail``: what happens, as it happens."""

import sys
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from posthouse.cli.frame import Desk, command
from posthouse.core.kernel.ids import MESSAGE, read
from posthouse.core.messages import stream
from posthouse.core.messages.stream import StreamQuery, Told
from posthouse.http import languages
from posthouse.http.telling import sentence

if TYPE_CHECKING:
    from posthouse.bootstrap import House

_LOOK = 5.0
"""Seconds after which is looked without having been woken: the other processes may be on other machines."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    example = "posthouse tail\nposthouse tail --type bounced --type complained --template order-confirmation"
    command(app, "tail", example=example)(tail)


async def tail(
    desk: Desk,
    *,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Such as message.bounced, or bounced. Repeatable.")
    ] = None,
    templates: Annotated[list[str] | None, typer.Option("--template", help="Key of a template. Repeatable.")] = None,
    message: Annotated[str | None, typer.Option("--message", help="Only this message.")] = None,
    after: Annotated[
        str | None, typer.Option("--after", help="Begin behind this event (evt_…); default: from now on.")
    ] = None,
    count: Annotated[int, typer.Option("--count", min=0, help="End after so many; 0: with Ctrl-C.")] = 0,
    language: Annotated[
        str, typer.Option("--language", help=f"Of the sentences: {', '.join(languages.LANGUAGES)}.")
    ] = "en",
) -> None:
    """Show events as they are written, one a line (with --json one document a line)."""
    spoken = languages.chosen(language)
    words = [word if word.startswith("message.") else f"message.{word}" for word in types or ()]
    async with desk.open_workspace() as (house, workspace):
        query = StreamQuery(
            after=await house.store.stream_end() if after is None else stream.read_cursor(after),
            workspace_id=workspace.id,
            message_id=None if message is None else read(MESSAGE, message),
            types=stream.read_types(words, "/type"),
            templates=frozenset(templates or ()),
        )
        if not count:
            desk.out.note("Ctrl-C ends it")
        await _follow(desk, house, query, count, spoken)


async def _follow(desk: Desk, house: "House", query: StreamQuery, count: int, language: str) -> None:
    shown = 0
    while True:
        page = await stream.read(house.store, query)
        for told in page.items:
            _show(desk, told, language)
            shown += 1
            if shown == count:
                return
        query = msgspec.structs.replace(query, after=page.cursor)
        if not page.more:
            await house.store.stream_wake(_LOOK)


def _show(desk: Desk, told: Told, language: str) -> None:
    document = stream.document(told)
    if desk.out.json:
        sys.stdout.write(msgspec.json.encode(document).decode() + "\n")
        sys.stdout.flush()
        return
    data = document.data
    what = f"{document.type.removeprefix('message.'):<12} {data.message}  {data.template or '-'}"
    desk.out.say(f"{document.timestamp}  {what}  {sentence(told.event, language)}")
