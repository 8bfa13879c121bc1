"""``posthouse demo``: a sample shop on one's own machine, through the same commands and requests that everybody has."""

from typing import Annotated

import typer

from posthouse.cli.frame import Desk, command


def register(app: typer.Typer) -> None:
    """Adds the command."""
    example = "posthouse demo\nposthouse demo --port 9000 --data ./demo\nCI=true posthouse demo"
    command(app, "demo", example=example, workspace=False)(demo)


async def demo(
    desk: Desk,
    port: Annotated[int, typer.Option("--port", help="Where Posthouse listens; the next is the mailbox page.")] = 8025,
) -> None:
    """Start a sample shop: real webhook payloads become signed mails in a mailbox that you open in the browser.

    Everything goes through the public commands and the HTTP API, on loopback only, in a folder of its own. Runs until Ctrl-C;
    with CI=true it checks every mail, says so and ends by itself: exit code 0 when all is well.
    """
    from posthouse.cli.demo.story import tell  # here: a mail server and a web framework take a while to import

    await tell(desk, port)
