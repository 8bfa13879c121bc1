"""``posthouse contacts erase``."""

import asyncio
import getpass
import sys
from typing import Annotated

import typer

from posthouse.cli.frame import Desk
from posthouse.core.keeping.erasure import Erasure, Phase
from posthouse.core.kernel.errors import ValidationError
from posthouse.http.schemas import keeping as schema

_PATIENCE = 1.0


async def erase(
    desk: Desk,
    address: Annotated[
        str | None, typer.Argument(metavar="ADDRESS", help="E-mail address of the person.", show_default=False)
    ] = None,
    *,
    phone: Annotated[str | None, typer.Option("--phone", help="Such as +33612345678.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count by table, and remove nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a person everywhere in the workspace, for good, and prove it.

    Messages that wait are withdrawn; content, addresses and what others said go; suppressions go on under a keyed hash.
    """
    from posthouse.bootstrap.keeping import erasure_of
    from posthouse.runtime.keeping import rest

    async with desk.open_workspace() as (house, workspace):
        service = erasure_of(house)
        person = service.person(address, phone)
        if dry_run or not yes:
            found = await service.outlook(workspace.id, person, rest)
            if dry_run:
                desk.out.result({"found": found}, lambda: _tell_found(desk, found))
                return
            _tell_found(desk, found)
            _ask()
        begun = await service.begin(workspace.id, person, "command line", _user())
        while (now := await service.get(workspace.id, begun.id)).phase is not Phase.DONE:
            if not await service.work(rest, begun.id):
                await asyncio.sleep(_PATIENCE)  # a message is being sent, or the scheduler was faster
    desk.out.result(schema.erasure(now), lambda: _receipt(desk, now))


def _ask() -> None:
    if not sys.stdin.isatty():
        raise ValidationError("nobody is there to confirm: look with --dry-run, then say --yes")
    if not typer.confirm("Remove this person for good?", err=True):
        raise ValidationError("nothing was removed")


def _receipt(desk: Desk, done: Erasure) -> None:
    desk.out.say(f"receipt {schema.erasure(done).id}", style="bold")
    _table(desk, done.counts, "nothing named this person")
    if done.found:
        desk.out.note("still found, as others keep writing it; run it again: " + _listed(done.found))
    else:
        desk.out.say("looked through everything once more: nothing names the person", style="green")
    if done.by_hand:
        desk.out.note("in your own texts, settings and files, to be changed by hand: " + _listed(done.by_hand))
    desk.out.note("backups and the write-ahead log keep what they have until they are replaced (docs/howto/erase.md)")


def _tell_found(desk: Desk, found: dict[str, int]) -> None:
    _table(desk, found, "nothing names this person")
    if found.get("messages"):
        desk.out.note(
            "these rows name the person; what hangs on the messages (their events, search words, idempotency keys) goes with them, "
            "and is counted in the receipt"
        )


def _table(desk: Desk, counts: dict[str, int], empty: str) -> None:
    desk.out.table(("table", "rows"), [(name, f"{many:,}") for name, many in sorted(counts.items())], empty=empty)


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} ({many})" for name, many in sorted(counts.items()))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown user"
