"""``posthouse send``."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from posthouse.cli.frame import Desk, command
from posthouse.cli.frame.exits import Exit
from posthouse.cli.frame.pairs import json_object, texts, with_numbers
from posthouse.cli.moments import ahead
from posthouse.core.kernel.errors import PosthouseError, ValidationError
from posthouse.core.messages.model import Status
from posthouse.core.messages.submission import Caller, Party, Submission

_LOOK_EVERY: Final = 0.1
"""Seconds between two looks at the state with ``--wait``."""


def register(app: typer.Typer) -> None:
    """Adds the command."""
    example = """
    posthouse send order-confirmation --to ann@example.com --variables order.json
    posthouse send password-reset --to ann@example.com --var code=123456 --lane critical --wait 10
    posthouse send --to ann@example.com --subject "Hello" --text "It works."
    """
    command(app, "send", example=example)(send)


async def send(
    desk: Desk,
    *,
    template: Annotated[str | None, typer.Argument(metavar="TEMPLATE", help="Key of the template.")] = None,
    to: Annotated[str, typer.Option("--to", help="The person's e-mail address.", show_default=False)],
    name: Annotated[str, typer.Option("--name", help="The person's name.")] = "",
    variables: Annotated[
        Path | None, typer.Option("--variables", help="JSON file with the variables, - for standard input.")
    ] = None,
    var: Annotated[
        list[str] | None,
        typer.Option("--var", metavar="NAME=VALUE", help="One variable: a text, a number, or JSON. Repeatable."),
    ] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="Instead of a template.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="Instead of a template.")] = None,
    html: Annotated[str | None, typer.Option("--html", help="Instead of a template.")] = None,
    sender: Annotated[str | None, typer.Option("--from", help="Sender; its domain must be verified.")] = None,
    locale: Annotated[str | None, typer.Option("--locale", help="Language tag, such as fr.")] = None,
    lane: Annotated[str | None, typer.Option("--lane", help="critical, normal or bulk.")] = None,
    tag: Annotated[list[str] | None, typer.Option("--tag", help="Repeatable.")] = None,
    correlation: Annotated[str | None, typer.Option("--correlation", help="Such as an order number.")] = None,
    send_at: Annotated[str | None, typer.Option("--send-at", help="RFC 3339, or from now: 15m, 2h, 3d.")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option("--idempotency-key", help="The same key never sends twice.")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="As with a test key: the sandbox delivers.")] = False,
    wait: Annotated[
        float | None,
        typer.Option("--wait", metavar="SECONDS", help="Wait until it has ended; fails when it was not sent."),
    ] = None,
) -> None:
    """Send one message. A running `posthouse serve` dispatches it."""
    submission = Submission(
        to=Party(email=to, name=name),
        template=template,
        variables=_variables(variables, var or []),
        subject=subject,
        text=text,
        html=html,
        sender=sender,
        locale=locale,
        lane=lane,
        tags=tag or [],
        correlation=correlation,
        send_at=ahead(send_at),
        idempotency_key=idempotency_key,
    )
    async with desk.open_workspace() as (house, workspace):
        caller = Caller(workspace_id=workspace.id, key_id=None, live=not test)
        answer = (await house.messages.accept(caller, [submission]))[0]
        if isinstance(answer, ValidationError) and (numbers := with_numbers(submission.variables, answer.fields)):
            submission = msgspec.structs.replace(submission, variables=numbers)
            answer = (await house.messages.accept(caller, [submission]))[0]
        if isinstance(answer, PosthouseError):
            raise answer
        document: dict[str, Any] = msgspec.json.decode(answer.body)
        ended = None
        if wait is not None:
            ended = await _wait(house, workspace.id, answer.message_id, wait)
            document["status"] = ended.word

    def human() -> None:
        desk.out.say(f"{document['id']} {document['status']}")
        if stopped := document.get("suppression"):
            desk.out.note(
                f"The address must not be written to ({stopped['reason']}): posthouse suppressions check {to}"
            )
        desk.out.note(f"What happened to it: posthouse trace {document['id']}{desk.again}")

    desk.out.result(document, human)
    if ended is not None and ended not in {Status.SENT, Status.DELIVERED}:
        raise typer.Exit(Exit.FAILED)


def _variables(path: Path | None, words: list[str]) -> dict[str, Any]:
    """The variables from the file, then those given one by one."""
    return ({} if path is None else json_object(path)) | texts(words, "--var")


async def _wait(house: Any, workspace_id: bytes, message_id: bytes, seconds: float) -> Status:
    """The state once the message has ended, or when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        status: Status = (await house.messages.get(workspace_id, message_id)).status
        if not status.pending or time.monotonic() > deadline:
            return status
        await asyncio.sleep(_LOOK_EVERY)
