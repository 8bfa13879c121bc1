"""``posthouse suppressions``."""

import asyncio
import getpass
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.cli.moments import ahead
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.ids import SUPPRESSION, read
from posthouse.core.kernel.moments import read_moment
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.messages.model import Channel
from posthouse.core.suppressions.model import (
    COVERS_BY_WORD,
    REASON_BY_WORD,
    Covers,
    Reason,
    Suppression,
    SuppressionQuery,
)
from posthouse.core.suppressions.service import Author, Wanted
from posthouse.core.suppressions.table import import_table, write_table
from posthouse.http.schemas import suppressions as schema

_CHANNELS = {channel.name.lower(): channel for channel in Channel}

Address = Annotated[str, typer.Argument(help="Such as ann@customer.example.", show_default=False)]
ChannelOption = Annotated[str, typer.Option("--channel", help=f"{', '.join(_CHANNELS)}.")]
CategoryOption = Annotated[str | None, typer.Option("--category", help=f"{', '.join(COVERS_BY_WORD)}.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help=f"{', '.join(REASON_BY_WORD)}.")]
Note = Annotated[str, typer.Option("--note", help="Why, for whoever looks it up later.")]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    room = group("suppressions", "Suppressions: who must not be written to, and why.")
    app.add_typer(room)
    command(room, "list", example="posthouse suppressions list --reason complaint")(list_some)
    example = 'posthouse suppressions add ann@customer.example --note "asked for it on the phone"'
    command(room, "add", example=example)(add)
    example = "posthouse suppressions remove ann@customer.example\nposthouse suppressions remove sup_01k…"
    command(room, "remove", example=example)(remove)
    command(room, "check", example="posthouse suppressions check ann@customer.example")(check)
    command(room, "import", example="posthouse suppressions import old-system.csv")(take_in)
    command(room, "export", example="posthouse suppressions export > suppressions.csv")(export)


async def list_some(
    desk: Desk,
    *,
    channel: Annotated[str | None, typer.Option("--channel", help=f"{', '.join(_CHANNELS)}.")] = None,
    category: CategoryOption = None,
    reason: ReasonOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=200, help="How many at most.")] = 50,
) -> None:
    """List suppressions, newest first."""
    covers, why = _category(category), _reason(reason)
    known = None if channel is None else _channel(channel)
    async with desk.open_workspace() as (house, workspace):
        page = await house.suppressions.search(
            SuppressionQuery(workspace.id, channel=known, covers=covers, reason=why, limit=limit)
        )
    items = [schema.suppression(entry) for entry in page.items]

    def human() -> None:
        rows = [
            (item.id, item.address, item.channel, item.category, item.reason, item.created_at, item.expires_at or "")
            for item in items
        ]
        columns = ("id", "address", "channel", "stops", "reason", "since", "until")
        desk.out.table(columns, rows, empty="nobody is suppressed")

    desk.out.result({"items": items, "next": page.next}, human)


async def add(
    desk: Desk,
    address: Address,
    *,
    channel: ChannelOption = "email",
    category: Annotated[
        str | None,
        typer.Option("--category", help=f"{', '.join(COVERS_BY_WORD)}; all unless the reason is unsubscribe."),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help=f"{', '.join(REASON_BY_WORD)}.")] = "manual",
    until: Annotated[
        str | None, typer.Option("--until", help="RFC 3339, or 30d for thirty days; without it for good.")
    ] = None,
    note: Note = "",
) -> None:
    """Suppress an address: no message of the category is sent to it."""
    wanted = Wanted(
        address,
        _channel(channel),
        _category(category),
        _reason(reason) or Reason.MANUAL,
        None if until is None else read_moment(ahead(until) or ""),
        note,
    )
    async with desk.open_workspace() as (house, workspace):
        made = await house.suppressions.add(workspace.id, wanted, _author())
    desk.out.result(
        schema.suppression(made), lambda: desk.out.say(f"{made.address} is suppressed ({made.covers.word} messages)")
    )


async def remove(
    desk: Desk,
    which: Annotated[str, typer.Argument(metavar="ADDRESS|ID", help="All of an address, or one entry.")],
    *,
    channel: ChannelOption = "email",
    note: Note = "",
) -> None:
    """Let an address be written to again. The audit keeps what was removed, and who did it."""
    async with desk.open_workspace() as (house, workspace):
        gone: list[Suppression] = []
        if which.startswith(f"{SUPPRESSION}_"):
            gone.append(await house.suppressions.remove(workspace.id, read(SUPPRESSION, which), _author(), note))
        else:
            known = _channel(channel)
            gone += await house.suppressions.remove_address(workspace.id, known, which, _author(), note)
    items = [schema.suppression(entry) for entry in gone]

    def human() -> None:
        desk.out.say(f"{len(items)} removed" if items else f"{which} was not suppressed")

    desk.out.result({"removed": items}, human)


async def check(desk: Desk, address: Address, *, channel: ChannelOption = "email") -> None:
    """Say whether an address may be written to, why not, and what was done before."""
    async with desk.open_workspace() as (house, workspace):
        holding, log = await house.suppressions.look_up(workspace.id, _channel(channel), address)
    items, history = [schema.suppression(entry) for entry in holding], [schema.log_entry(entry) for entry in log]

    def human() -> None:
        for item in items:
            until = f" until {item.expires_at}" if item.expires_at else ""
            which = "" if item.category == "all" else f"{item.category} "
            desk.out.say(f"{address}: no {which}messages{until}: {item.reason}", style="red")
            if item.evidence:
                desk.out.say(f"  {item.evidence}")
        if not items:
            desk.out.say(f"{address} may be written to", style="green")
        for line in history:
            one = line.suppression
            by = f"by {one.by}" if one.by else one.message_id or ""
            desk.out.say(f"  {line.at}  {line.action}: {one.reason}, {one.category}; {one.source} {by}".rstrip())

    desk.out.result({"address": address, "suppressions": items, "history": history}, human)


async def take_in(
    desk: Desk,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a head; - reads standard input.")],
) -> None:
    """Import a CSV list: address, and any of channel, category, reason, expires_at, note. Bad lines are told."""
    text = await asyncio.to_thread(_text, file)
    async with desk.open_workspace() as (house, workspace):
        done = await import_table(house.suppressions, workspace.id, text, _author("import"))

    def human() -> None:
        desk.out.say(f"{done.added} added, {done.unchanged} were there already, {done.refused} refused")
        for row in done.problems:
            desk.out.say(f"  line {row.line}: {row.detail}", style="red")

    desk.out.result(done, human)


async def export(desk: Desk) -> None:
    """Print the whole list as CSV, to be imported again."""
    entries: list[Suppression] = []
    async with desk.open_workspace() as (house, workspace):
        head = True
        async for page in house.suppressions.pages(SuppressionQuery(workspace.id)):
            if desk.out.json:
                entries += page
            else:
                desk.out.raw("".join(write_table(page, head=head)).encode())
            head = False
    if desk.out.json:
        desk.out.result([schema.suppression(entry) for entry in entries], lambda: None)


def _text(file: Path) -> str:
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise ValidationError(f"byte {error.start} of the table is not UTF-8; save it as UTF-8") from None


def _author(source: str = "command line") -> Author:
    try:
        return Author(source, getpass.getuser())
    except (KeyError, OSError):  # a container's user without a name
        return Author(source, "unknown user")


def _channel(word: str) -> Channel:
    if word not in _CHANNELS:
        raise _none_of("--channel", word, _CHANNELS)
    return _CHANNELS[word]


def _category(word: str | None) -> Covers | None:
    if word is not None and word not in COVERS_BY_WORD:
        raise _none_of("--category", word, COVERS_BY_WORD)
    return COVERS_BY_WORD.get(word or "")


def _reason(word: str | None) -> Reason | None:
    if word is not None and word not in REASON_BY_WORD:
        raise _none_of("--reason", word, REASON_BY_WORD)
    return REASON_BY_WORD.get(word or "")


def _none_of(option: str, word: str, known: Iterable[str]) -> ValidationError:
    return ValidationError(f"{option} {word!r} is none of {', '.join(known)}{did_you_mean(word, known)}")
