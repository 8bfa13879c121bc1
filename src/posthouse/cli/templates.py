"""``posthouse templates``."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.cli.frame.exits import Exit
from posthouse.cli.frame.pairs import json_object
from posthouse.cli.lifecycle import lifecycle_commands
from posthouse.cli.lint import lint_commands
from posthouse.cli.pushing import push_commands, warn
from posthouse.cli.rollouts import Percent, document_of, rollout_commands, told
from posthouse.cli.template_tests import test_commands
from posthouse.cli.translations import translation_commands
from posthouse.cli.versions import version_commands
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.moments import show_moment
from posthouse.core.templates.mobile.sms import Sms
from posthouse.core.templates.model import Template
from posthouse.http.schemas import templates as schemas


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    templates = group("templates", "Templates: the content of each kind of message, kept as files.")
    app.add_typer(templates)
    push_commands(templates)
    command(templates, "publish", example="posthouse templates publish order-confirmation")(publish)
    command(templates, "list", example="posthouse templates list")(list_all)
    command(templates, "show", example="posthouse templates show order-confirmation")(show)
    example = (
        "posthouse templates render order-confirmation\n"
        "posthouse templates render order-confirmation --variables order.json --locale fr --html out.html\n"
        "posthouse templates render one-time-code --channel sms"
    )
    command(templates, "render", example=example)(render)
    example = (
        "posthouse templates send-test order-confirmation --to ann@shop.example --to bob@shop.example\n"
        "posthouse templates send-test order-confirmation --to ann@shop.example --locale fr --variables order.json --version live"
    )
    command(templates, "send-test", example=example)(send_test)
    lint_commands(templates)
    lifecycle_commands(templates)
    rollout_commands(templates)
    test_commands(templates)
    translation_commands(templates)
    version_commands(templates)


Key = Annotated[str, typer.Argument(metavar="KEY", help="Such as order-confirmation.", show_default=False)]


async def publish(desk: Desk, key: Key, *, percent: Percent = None) -> None:
    """Make the draft of a template live, all channels and locales at once; with --percent for a share of the people first."""
    async with desk.open_workspace() as (house, workspace):
        result = await house.templates.publish(workspace.id, key, percent=percent)
    document = {**document_of(result.template), "changed": result.changed, "warnings": result.warnings}

    def human() -> None:
        state = told(result.template) if result.template.rollout else f"{key}: version {result.version}"
        desk.out.say(state + ("" if result.changed else " (unchanged)"))
        warn(desk, result.warnings)

    desk.out.result(document, human)


async def list_all(desk: Desk) -> None:
    """List the templates."""
    async with desk.open_workspace() as (house, workspace):
        documents = [_document(template) for template in await house.templates.list(workspace.id)]

    def human() -> None:
        rows = [
            (item["key"], item["version"] or "draft", item["category"], item["updated_at"], item["name"])
            for item in documents
        ]
        desk.out.table(
            ("key", "version", "category", "updated", "name"), rows, empty="no templates yet: posthouse templates push"
        )

    desk.out.result(documents, human)


async def show(desk: Desk, key: Key) -> None:
    """Show a template: its settings, variants and sample."""
    async with desk.open_workspace() as (house, workspace):
        template = await house.templates.get(workspace.id, key)
    document = {**_document(template), "draft": template.draft}

    def human() -> None:
        shown = {**_document(template), "tags": ", ".join(template.draft.tags if template.draft else ())}
        rows = [(name, value) for name, value in shown.items() if value not in (None, "")]
        if template.draft is not None:
            variants = ", ".join(f"{variant.channel}.{variant.locale}" for variant in template.draft.variants)
            rows += [("variants", variants), ("sample", msgspec.json.encode(template.draft.sample).decode())]
        desk.out.table(("", ""), rows, empty="")

    desk.out.result(document, human)


async def render(
    desk: Desk,
    key: Key,
    *,
    variables: Annotated[
        Path | None, typer.Option("--variables", help="JSON file, - for standard input; otherwise the sample.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", help="A number, or draft; otherwise the live one.")
    ] = None,
    channel: Annotated[
        str | None, typer.Option("--channel", help="email, sms, push or whatsapp; otherwise the template's own.")
    ] = None,
    locale: Annotated[str | None, typer.Option("--locale", help="Language tag, such as fr.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the HTML part to this file.")] = None,
) -> None:
    """Render a template to look at it; nothing is sent."""
    wanted = int(version) if version is not None and version.isdecimal() else version
    data = None if variables is None else json_object(variables)
    async with desk.open_workspace() as (house, workspace):
        preview = await house.templates.render(
            workspace.id,
            key,
            version=wanted,
            channel=channel,
            locale=locale,
            data=data,
        )
    rendered = preview.rendered
    if html is not None:
        html.write_text(rendered.html or "", encoding="utf-8")
    document = {
        "subject": rendered.subject,
        "html": rendered.html,
        "text": rendered.text,
        "content": rendered.content,
        "attachments": preview.attachments,
        "size": preview.size,
        "warnings": preview.warnings,
        "variables": preview.reads,
        "locale": preview.release.locale,
    }

    def human() -> None:
        if rendered.content is None:
            desk.out.say(f"Subject: {rendered.subject}", style="bold")
            desk.out.say("")
        desk.out.say(rendered.text)
        if isinstance(rendered.content, Sms) and (sized := rendered.content.segments):
            desk.out.note(
                f"{counted(sized.segments, 'segment')}, {counted(sized.units, 'unit')} of {sized.encoding}, room for {sized.room}"
            )
        warn(desk, preview.warnings)

    desk.out.result(document, human)


async def send_test(
    desk: Desk,
    key: Key,
    *,
    to: Annotated[list[str], typer.Option("--to", help="An address; up to ten.", show_default=False)],
    variables: Annotated[
        Path | None, typer.Option("--variables", help="JSON file, - for standard input; otherwise the sample.")
    ] = None,
    version: Annotated[str, typer.Option("--version", help="A number, draft or live.")] = "draft",
    locale: Annotated[str | None, typer.Option("--locale", help="Language tag, such as fr.")] = None,
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Not through the real way out.")] = False,
) -> None:
    """Send a template to colleagues through the real way out: marked as a test in the subject, not tracked, not counted."""
    data = None if variables is None else json_object(variables)
    async with desk.open_workspace() as (house, workspace):
        results = await house.test_sends.send(
            workspace.id,
            key,
            to,
            live=not sandbox,
            version=None if version == "live" else int(version) if version.isdecimal() else version,
            locale=locale,
            data=data,
        )
    document = schemas.tests_sent(to, results)

    def human() -> None:
        for one in document.results:
            desk.out.say(f"{one.to}: {one.id or f'not sent: {one.problem}'}", style="" if one.id else "red")

    desk.out.result(document, human)
    if any(one.id is None for one in document.results):
        raise typer.Exit(Exit.FAILED)


def _document(template: Template) -> dict[str, Any]:
    return {
        "key": template.key,
        "name": template.name,
        "description": template.description,
        "kind": template.kind,
        "category": str(template.category),
        "version": template.version,
        "published": template.version > 0,
        "archived": template.archived > 0,
        **_settings(template),
        "created_at": show_moment(template.created_at),
        "updated_at": show_moment(template.updated_at),
    }


def _settings(template: Template) -> dict[str, Any]:
    """What stands in template.toml for those who look after it."""
    names = ("lane", "owner", "legal_basis", "retention", "review_on")
    draft = template.draft
    return {**{name: getattr(draft, name, "") for name in names}, "tags": list(draft.tags) if draft else []}
