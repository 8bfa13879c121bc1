"""``posthouse returned``."""

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from posthouse.cli.frame import Desk, Output, command
from posthouse.core.kernel import ids
from posthouse.core.kernel.moments import show_moment

if TYPE_CHECKING:
    from posthouse.channels.email.returned import Recipient, Returned
    from posthouse.channels.email.returned.reader import Ours

_MOST_BYTES = 1 << 20
_KINDS = {
    "bounce": "a bounce: the message did not arrive",
    "complaint": "a complaint: somebody does not want such mail",
    "auto": "an automatic answer: the message arrived",
    "challenge": "a challenge: a filter wants the sender to prove to be human",
    "delivered": "a receipt: the message arrived",
    "delayed": "a delay: the other server goes on trying",
    "not-a-report": "no report that we can read",
}
_COLOURS = {"hard": "red", "complaint": "red", "auto": "green", "unknown": "yellow"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    example = """
    posthouse returned bounce.eml
    posthouse returned --json - < bounce.eml
    posthouse returned --take bounces/*.eml
    """
    command(app, "returned", example=example, workspace=False)(returned)
    command(app, "unmatched", example="posthouse unmatched", workspace=False)(unmatched)


async def returned(
    desk: Desk,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Mails as they came back; - reads one from standard input.")
    ],
    *,
    take: Annotated[
        bool, typer.Option("--take", help="Also file them, as if they had come in by the listener.")
    ] = False,
) -> None:
    """Explain returned mails: who did not get the message, and why, in classes and in the remote's own words.

    Changes nothing without --take. With the data folder of an installation it says which of its messages a return path proves.
    """
    from posthouse.channels.email.returned import read_returned

    ours = _ours(desk)
    read = [(str(file), read_returned(await asyncio.to_thread(_content, file), ours=ours)) for file in files]
    documents = [_document(name, result) for name, result in read]
    if take:
        for document, filed in zip(documents, await _take(desk, files), strict=True):
            document["filed"] = filed

    def human() -> None:
        for (name, result), document in zip(read, documents, strict=True):
            _tell(desk.out, name, result)
            if take:
                desk.out.say(f"  {document['filed']}")

    desk.out.result({"data": documents}, human)


async def _take(desk: Desk, files: list[Path]) -> list[str]:
    """Files them; what became of each."""
    from posthouse.bootstrap import intake_of

    filed = []
    async with desk.open() as house:
        intake = intake_of(house)
        for file in files:
            became, _ = await intake.take(await asyncio.to_thread(_content, file), [], "command line")
            filed.append(became.value)
    return filed


async def unmatched(
    desk: Desk, *, limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50
) -> None:
    """List returned mails of which no message was found, newest first. The newest 1,000 are kept."""
    async with desk.open() as house:
        found = await house.store.unmatched(limit)
    documents: list[dict[str, Any]] = [
        {
            "at": show_moment(mail.at),
            "via": mail.via,
            "kind": mail.kind,
            "people": mail.people,
            "class": mail.verdict or None,
            "words": mail.words,
            "header_message_id": mail.header_message_id or None,
        }
        for mail in found
    ]

    def human() -> None:
        rows = [
            (mail["at"], mail["via"], mail["kind"], mail["class"], " ".join(mail["people"]), mail["words"][:60])
            for mail in documents
        ]
        columns = ("at", "via", "kind", "class", "about", "said")
        desk.out.table(columns, rows, empty="every returned mail found its message")

    desk.out.result({"items": documents}, human)


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read(_MOST_BYTES)
    with file.open("rb") as opened:
        return opened.read(_MOST_BYTES)


def _ours(desk: Desk) -> "Ours | None":
    """Recognises the return paths of this installation, where there is one."""
    settings = desk.settings
    if not settings.secret_key and not settings.key_file.exists():
        return None
    from posthouse.channels.email.verp import PURPOSE, ReturnPaths
    from posthouse.config import read_master_key
    from posthouse.stores.sealed import MasterKeyBox

    return ReturnPaths(MasterKeyBox(read_master_key(settings)).derive(PURPOSE)).parse


def _document(name: str, read: "Returned") -> dict[str, Any]:
    return {
        "file": name,
        "kind": read.kind,
        "message_id": ids.show("msg", read.message_id) if read.message_id else None,
        "header_message_id": read.header_message_id or None,
        "feedback": read.feedback or None,
        "recipients": read.recipients,
    }


def _tell(out: Output, name: str, read: "Returned") -> None:
    out.say(f"{name}: {_KINDS[read.kind]}")
    if read.message_id:
        out.say(f"  message {ids.show('msg', read.message_id)}, proved by the return path")
    elif read.header_message_id:
        out.say(f"  message {read.header_message_id}, by its header")
    for recipient in read.recipients:
        _tell_one(out, recipient)


def _tell_one(out: Output, recipient: "Recipient") -> None:
    codes = " ".join(str(code) for code in (recipient.code, recipient.enhanced) if code)
    out.say(
        f"  {recipient.address or 'address hidden'}: {recipient.verdict}{f' ({codes})' if codes else ''}",
        style=_COLOURS.get(recipient.verdict, ""),
    )
    if recipient.written_to:
        out.say(f"    written to as {recipient.written_to}")
    if recipient.words:
        out.say(f"    {recipient.remote + ' said: ' if recipient.remote else ''}{recipient.words}")
