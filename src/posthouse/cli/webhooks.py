"""``posthouse webhooks``."""

from typing import Annotated, Any

import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.ids import ATTEMPT, WEBHOOK, read, show
from posthouse.core.kernel.moments import show_moment
from posthouse.core.messages import stream
from posthouse.core.webhooks.model import Attempt, Endpoint, Filter, Line, Result
from posthouse.core.webhooks.service import Made

Name = Annotated[str, typer.Argument(metavar="NAME", help="As `webhooks list` shows it.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    webhooks = group("webhooks", "Webhooks: addresses that are told what happens.")
    app.add_typer(webhooks)
    example = """
    posthouse webhooks add shop --url https://shop.example/hooks/posthouse
    posthouse webhooks add crm --url https://crm.example/in --type message.bounced --type message.clicked --template welcome
    """
    command(webhooks, "add", example=example)(add)
    command(webhooks, "list", example="posthouse webhooks list")(list_all)
    command(webhooks, "show", example="posthouse webhooks show shop")(show_one)
    example = """
    posthouse webhooks change shop --url https://shop.example/hooks/new
    posthouse webhooks change crm --type message.bounced --type message.complained --all-templates
    """
    command(webhooks, "change", example=example)(change)
    command(webhooks, "remove", example="posthouse webhooks remove shop")(remove)
    command(webhooks, "pause", example="posthouse webhooks pause shop")(pause)
    command(webhooks, "resume", example="posthouse webhooks resume shop")(resume)
    command(webhooks, "test", example="posthouse webhooks test shop")(test)
    command(webhooks, "rotate", example="posthouse webhooks rotate shop --overlap-hours 48")(rotate)
    command(webhooks, "deliveries", example="posthouse webhooks deliveries shop --result failed")(deliveries)
    example = """
    posthouse webhooks replay shop --event evt_000000000000g8
    posthouse webhooks replay shop --after evt_000000000000g8 --until evt_000000000001z0
    """
    command(webhooks, "replay", example=example)(replay)


async def add(
    desk: Desk,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.", show_default=False)],
    url: Annotated[str, typer.Option("--url", help="Where to post to; https.", show_default=False)],
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="TYPE", help="Only events of this type. Repeatable.")
    ] = None,
    templates: Annotated[
        list[str] | None, typer.Option("--template", metavar="KEY", help="Only messages of this template. Repeatable.")
    ] = None,
    description: Annotated[str, typer.Option("--description", help="For people.")] = "",
    test_mode: Annotated[bool, typer.Option("--test-mode", help="Test messages instead of live ones.")] = False,
) -> None:
    """Add an endpoint. It is told what happens from now on; its secret is shown only here."""
    async with desk.open_workspace() as (house, workspace):
        made = await house.webhooks.add(
            workspace.id,
            name=name,
            url=url,
            live=not test_mode,
            types=types or (),
            templates=templates or (),
            description=description,
        )
        _, line = await house.webhooks.get(workspace.id, name)
    _tell_secret(desk, made, line, f"endpoint {name} added")


async def list_all(desk: Desk) -> None:
    """List the endpoints and how they are doing."""
    async with desk.open_workspace() as (house, workspace):
        documents = [_document(*found) for found in await house.webhooks.list(workspace.id)]

    def human() -> None:
        rows = [
            (item["name"], item["mode"], _state(item), item["waiting"], item["last_success_at"], item["url"])
            for item in documents
        ]
        desk.out.table(
            ("name", "mode", "state", "waiting", "last success", "url"),
            rows,
            empty="no endpoints yet; add one: posthouse webhooks add shop --url https://…",
        )

    desk.out.result(documents, human)


async def show_one(desk: Desk, name: Name) -> None:
    """Show an endpoint."""
    async with desk.open_workspace() as (house, workspace):
        document = _document(*await house.webhooks.get(workspace.id, name))
    desk.out.result(document, lambda: desk.out.table(("", ""), list(document.items()), empty=""))


async def change(
    desk: Desk,
    *,
    name: Name,
    url: Annotated[str | None, typer.Option("--url", help="Where to post to; https.")] = None,
    types: Annotated[
        list[str] | None,
        typer.Option("--type", metavar="TYPE", help="Only events of this type, in place of those before. Repeatable."),
    ] = None,
    all_types: Annotated[bool, typer.Option("--all-types", help="Events of every type again.")] = False,
    templates: Annotated[
        list[str] | None,
        typer.Option(
            "--template", metavar="KEY", help="Only messages of this template, in place of those before. Repeatable."
        ),
    ] = None,
    all_templates: Annotated[bool, typer.Option("--all-templates", help="Messages of every template again.")] = False,
    description: Annotated[str | None, typer.Option("--description", help="For people.")] = None,
) -> None:
    """Change where an endpoint is and what it is told. What is left out stays, its secret and its place in the stream too."""
    if (types and all_types) or (templates and all_templates):
        raise ValidationError(
            "say either which ones or all of them: --type or --all-types, --template or --all-templates"
        )
    wanted = {
        "url": url,
        "types": () if all_types else types or None,
        "templates": () if all_templates else templates or None,
        "description": description,
    }
    if all(value is None for value in wanted.values()):
        advice = "--url, --type, --all-types, --template, --all-templates or --description"
        raise ValidationError(f"say what to change: {advice}; pause, resume and rotate are commands of their own")
    async with desk.open_workspace() as (house, workspace):
        document = _document(*await house.webhooks.change(workspace.id, name, **wanted))  # type: ignore[arg-type]  # by name
    desk.out.result(document, lambda: desk.out.table(("", ""), list(document.items()), empty=""))


async def remove(desk: Desk, name: Name) -> None:
    """Forget an endpoint and its delivery log."""
    async with desk.open_workspace() as (house, workspace):
        await house.webhooks.remove(workspace.id, name)
    desk.out.result({"removed": name}, lambda: desk.out.say(f"{name} removed"))


async def pause(desk: Desk, name: Name) -> None:
    """Tell an endpoint nothing for a while; what happens meanwhile is told when it is resumed."""
    async with desk.open_workspace() as (house, workspace):
        await house.webhooks.pause(workspace.id, name)
        document = _document(*await house.webhooks.get(workspace.id, name))
    desk.out.result(document, lambda: desk.out.say(f"{name} is paused"))


async def resume(desk: Desk, name: Name) -> None:
    """Let an endpoint go on where it stopped."""
    async with desk.open_workspace() as (house, workspace):
        await house.webhooks.resume(workspace.id, name)
        document = _document(*await house.webhooks.get(workspace.id, name))
    desk.out.result(document, lambda: desk.out.say(f"{name} goes on; waiting: {document['waiting']}"))


async def test(desk: Desk, name: Name) -> None:
    """Send one event of the type webhook.test now. Exit code 1 when the endpoint did not take it."""
    async with desk.open_workspace() as (house, workspace):
        attempt = await house.webhooks.test(workspace.id, name)
    document = _attempt(attempt)
    desk.out.result(document, lambda: desk.out.say(_outcome(document)))
    if attempt.result is not Result.DELIVERED:
        raise typer.Exit(1)


async def rotate(
    desk: Desk,
    name: Name,
    overlap_hours: Annotated[
        int, typer.Option("--overlap-hours", help="How long the old secret signs too.", min=0)
    ] = 24,
) -> None:
    """Make a new secret, shown only here. The old one goes on signing beside it for a while."""
    async with desk.open_workspace() as (house, workspace):
        made = await house.webhooks.rotate(workspace.id, name, overlap_hours * HOUR)
        _, line = await house.webhooks.get(workspace.id, name)
    _tell_secret(
        desk, made, line, f"{name} has a new secret; the old one signs too for {counted(overlap_hours, 'hour')}"
    )


async def deliveries(
    desk: Desk,
    name: Name,
    event: Annotated[str | None, typer.Option("--event", help="Only of this event.")] = None,
    result: Annotated[str | None, typer.Option("--result", help="delivered, failed, given_up or gone.")] = None,
    before: Annotated[str | None, typer.Option("--before", help="Older than this attempt, the last of a page.")] = None,
    limit: Annotated[int, typer.Option("--limit", help="How many.", min=1, max=200)] = 50,
) -> None:
    """Show the delivery log, newest first; with --json also requests and answers."""
    older = None if before is None else read(ATTEMPT, before)
    async with desk.open_workspace() as (house, workspace):
        endpoint, _ = await house.webhooks.get(workspace.id, name)
        which = Filter(endpoint.id, before=older, event=event, result=_result(result), limit=limit)
        documents = [_attempt(one) for one in await house.webhooks.attempts(workspace.id, name, which)]

    def human() -> None:
        rows = [(item["at"], item["event"], item["type"], item["attempt"], _outcome(item)) for item in documents]
        desk.out.table(("at", "event", "type", "attempt", "outcome"), rows, empty="nothing was sent yet")
        if len(documents) == limit:
            desk.out.note(f"there may be more: --before {documents[-1]['id']}")

    desk.out.result(documents, human)


async def replay(
    desk: Desk,
    name: Name,
    event: Annotated[str | None, typer.Option("--event", help="One event.")] = None,
    after: Annotated[str | None, typer.Option("--after", help="All that match after this event…")] = None,
    until: Annotated[str | None, typer.Option("--until", help="…up to and with this one; default: the newest.")] = None,
) -> None:
    """Tell an endpoint events again, under the same webhook-id. Of a range 1,000 at once."""
    if (event is None) == (after is None):
        raise ValidationError("say which events: --event EVENT, or --after EVENT with or without --until EVENT")
    async with desk.open_workspace() as (house, workspace):
        if event is not None:
            found = await house.webhooks.replay_one(workspace.id, name, event)
        else:
            end = None if until is None else stream.read_cursor(until, "/until")
            found = await house.webhooks.replay_range(workspace.id, name, stream.read_cursor(after or ""), end)
    following = None if found.more is None else stream.show_cursor(found.more)

    def human() -> None:
        desk.out.say(f"{counted(found.events, 'event')} will be told again")
        if following:
            desk.out.note(f"there are more: repeat with --after {following}")

    desk.out.result({"events": found.events, "next": following}, human)


def _tell_secret(desk: Desk, made: Made, line: Line, sentence: str) -> None:
    document = _document(made.endpoint, line) | {"secret": made.secret}

    def human() -> None:
        desk.out.say(sentence)
        desk.out.say(f"secret (shown only now): {made.secret}")

    desk.out.result(document, human)


def _document(endpoint: Endpoint, line: Line) -> dict[str, Any]:
    return {
        "id": show(WEBHOOK, endpoint.id),
        "name": endpoint.name,
        "url": endpoint.url,
        "mode": "live" if endpoint.live else "test",
        "types": [kind.word for kind in endpoint.types],
        "templates": list(endpoint.templates),
        "description": endpoint.description,
        "state": "paused" if line.paused else "failing" if line.failing_since is not None else "active",
        "paused_because": line.paused.value if line.paused else None,
        "failing_since": _moment(line.failing_since),
        "last_success_at": _moment(line.succeeded_at),
        "waiting": line.waiting,
        "next_attempt_at": _moment(line.next_at),
        "cursor": stream.show_cursor(line.cursor),
    }


def _attempt(one: Attempt) -> dict[str, Any]:
    return {
        "id": show(ATTEMPT, one.id),
        "at": show_moment(one.at),
        "event": one.event,
        "type": one.type,
        "attempt": one.number,
        "result": one.result.value,
        "status": one.status,
        "error": one.error,
        "milliseconds": one.microseconds / 1000,
        "request": one.request,
        "answer": one.answer,
        "next_attempt_at": _moment(one.next_at),
    }


def _state(item: dict[str, Any]) -> str:
    return f"paused ({item['paused_because']})" if item["paused_because"] else str(item["state"])


def _outcome(item: dict[str, Any]) -> str:
    said = f"{item['status']}" if item["status"] is not None else item["error"]
    again = f", again at {item['next_attempt_at']}" if item["next_attempt_at"] else ""
    return f"{item['result']}: {said} in {item['milliseconds']:.0f} ms{again}"


def _result(word: str | None) -> Result | None:
    if word is None:
        return None
    try:
        return Result(word)
    except ValueError:
        raise ValidationError(f"{word!r} is no result; write one of {', '.join(Result)}") from None


def _moment(instant: int | None) -> str | None:
    return None if instant is None else show_moment(instant)
