"""``posthouse mailbox``."""

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from posthouse.cli.frame import Desk, command

LOOPBACK = "127.0.0.1"


def register(app: typer.Typer) -> None:
    """Adds the command."""
    example = "posthouse mailbox --smtp-port 2525 --port 8026\nposthouse mailbox --sandbox --data ./data"
    command(app, "mailbox", example=example)(mailbox)


async def mailbox(
    desk: Desk,
    smtp_port: Annotated[int, typer.Option("--smtp-port", help="Where it takes mail; 0: any free port.")] = 2525,
    port: Annotated[int, typer.Option("--port", help="Where its page and API are; 0: any free port.")] = 8026,
    host: Annotated[
        str, typer.Option("--host", help="Address to listen on; others than loopback can be read.")
    ] = LOOPBACK,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A host name the page answers to; repeatable.")
    ] = None,
    starttls: Annotated[bool, typer.Option("--starttls", help="Offer STARTTLS with a self-made certificate.")] = False,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Show what the sandbox provider delivered; no SMTP server.")
    ] = False,
) -> None:
    """Run a mailbox for trying things out: takes any mail over SMTP, delivers nothing, shows everything.

    Keeps the newest 1,000 mails in memory. Its page has an API for end-to-end tests: docs/howto/mailbox.md.
    """
    from posthouse.core.kernel.clock import SystemClock
    from posthouse.testing.mailbox import Mailbox, SandboxMails, self_made_tls

    clock, names = SystemClock(), frozenset(name or [])
    async with AsyncExitStack() as stack:
        if sandbox:
            house, workspace = await stack.enter_async_context(desk.open_workspace())
            source = SandboxMails(house.store, workspace.id)
            running = Mailbox(host=host, smtp_port=None, http_port=port, source=source, clock=clock, names=names)
        else:
            tls = self_made_tls(clock)[0] if starttls else None
            running = Mailbox(host=host, smtp_port=smtp_port, http_port=port, tls=tls, clock=clock, names=names)
        await stack.enter_async_context(running)
        document = {"url": running.url, "smtp": None if sandbox else f"{host}:{running.smtp_port}"}
        desk.out.result(document, lambda: _tell(desk, document))
        await until_told_to_stop()
    desk.out.note("stopped")


async def until_told_to_stop() -> None:
    """Waits for Ctrl-C or SIGTERM; either is a normal end, not a failure."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    try:
        await told.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


def _tell(desk: Desk, document: dict[str, str | None]) -> None:
    desk.out.say(f"Mailbox page  {document['url']}", style="bold")
    if document["smtp"]:
        desk.out.say(f"SMTP          {document['smtp']}")
    desk.out.note("Ctrl-C ends it.")
