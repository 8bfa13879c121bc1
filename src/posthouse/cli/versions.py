"""``posthouse templates versions``."""

from typing import Annotated, Any

import typer

from posthouse.cli.frame import Desk, command
from posthouse.core.kernel.ids import RELEASE, show
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.paging import MAX_PAGE
from posthouse.core.templates.model import Version


def version_commands(templates: typer.Typer) -> None:
    """Adds the command."""
    example = "posthouse templates versions order-confirmation\nposthouse templates versions order-confirmation 3"
    command(templates, "versions", example=example)(versions)


async def versions(
    desk: Desk,
    key: Annotated[str, typer.Argument(metavar="KEY", help="Such as order-confirmation.", show_default=False)],
    number: Annotated[
        int | None, typer.Argument(metavar="[VERSION]", help="Show this one.", min=1, max=2**31 - 1, show_default=False)
    ] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", help="How many to list.", min=1, max=MAX_PAGE)] = 50,
) -> None:
    """List what was published of a template, newest first, or show one version. All of them can be rendered and sent."""
    await (_list(desk, key, limit) if number is None else _show(desk, key, number))


async def _list(desk: Desk, key: str, limit: int) -> None:
    async with desk.open_workspace() as (house, workspace):
        page = await house.templates.versions(workspace.id, key, limit=limit)
        live = (await house.templates.get(workspace.id, key)).version
    documents = [_document(one, live) for one in page.items]

    def human() -> None:
        rows = [
            (item["version"], "live" if item["live"] else "", item["published_at"], ", ".join(item["variants"]))
            for item in documents
        ]
        desk.out.table(("version", "", "published", "variants"), rows, empty="never published")
        if page.next is not None:
            desk.out.note(f"there are older ones: --limit {MAX_PAGE}")

    desk.out.result(documents, human)


async def _show(desk: Desk, key: str, number: int) -> None:
    async with desk.open_workspace() as (house, workspace):
        releases = await house.templates.version(workspace.id, key, number)
        live = (await house.templates.get(workspace.id, key)).version
    first = releases[0]
    settings: dict[str, Any] = {
        "version": number,
        "live": number == live,
        "published_at": show_moment(first.created_at),
        "category": first.category.value,
        "lane": first.lane,
        "default_locale": first.default_locale,
        "unknown_policy": first.unknown_policy.value,
    }
    variants = [
        {
            "variant": f"{one.channel}.{one.locale}",
            "release": show(RELEASE, one.id),
            "subject": one.programs.get("subject", ""),
            "variables": list(one.variables),
            "compiler": one.compiler,
        }
        for one in releases
    ]

    def human() -> None:
        desk.out.table(("", ""), list(settings.items()), empty="")
        columns = ("variant", "release", "subject", "variables")
        rows = [(item["variant"], item["release"], item["subject"], ", ".join(item["variables"])) for item in variants]
        desk.out.table(columns, rows, empty="")

    desk.out.result({**settings, "variants": variants}, human)


def _document(one: Version, live: int) -> dict[str, Any]:
    return {
        "version": one.number,
        "live": one.number == live,
        "published_at": show_moment(one.published_at),
        "variants": [f"{channel}.{locale}" for channel, locale in one.variants],
    }
