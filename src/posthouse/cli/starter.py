"""``posthouse starter``: the templates that a workspace may start from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.cli.lint import template_files
from posthouse.cli.pushing import BY
from posthouse.core.kernel.errors import NotFoundError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.templates.folder import read_tree
from posthouse.core.templates.library.folder import read_library
from posthouse.core.templates.library.model import ItemSource
from posthouse.core.templates.library.pushing import push_library
from posthouse.core.templates.library.uses import named_by
from posthouse.core.templates.model import TemplateSource
from posthouse.core.templates.starter import BRAND, branded, own_brand, read_brand

if TYPE_CHECKING:
    from posthouse.bootstrap import House


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    starter = group("starter", "Templates to start from: every usual kind of message, in four languages.")
    app.add_typer(starter)
    command(starter, "list", example="posthouse starter list", workspace=False)(list_all)
    example = (
        'posthouse starter push --name "Acme" --domain acme.example --address "Acme Ltd · 1 High Street · Leeds" --publish\n'
        "posthouse starter push --only order-confirmation --only order-shipped --locale fr"
    )
    command(starter, "push", example=example)(push)


async def list_all(desk: Desk) -> None:
    """List the templates that there are to start from."""
    sources, _ = _read(None, None, None)
    documents = [
        {
            "key": one.key,
            "name": one.name,
            "kind": one.kind,
            "category": one.category.value,
            "channels": sorted({variant.channel for variant in one.variants}),
            "locales": sorted({variant.locale for variant in one.variants}),
            "description": one.description,
        }
        for one in sources
    ]

    def human() -> None:
        rows = [(one["key"], one["category"], ", ".join(one["channels"]), one["description"]) for one in documents]
        desk.out.table(("key", "category", "channels", "sent"), rows, empty="there are none")

    desk.out.result(documents, human)


async def push(
    desk: Desk,
    *,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", metavar="KEY", help="This template, and what it uses; may be repeated."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Your company, as customers know it.")] = None,
    domain: Annotated[str | None, typer.Option("--domain", help="Of your shop and your senders.")] = None,
    address: Annotated[str | None, typer.Option("--address", help="Your postal address, for the footer.")] = None,
    locale: Annotated[str, typer.Option("--locale", help="Which of en, fr, es, ru is the usual one.")] = "en",
    live: Annotated[bool, typer.Option("--publish", help="Make them live at once; otherwise they are drafts.")] = False,
) -> None:
    """Give the workspace templates to start from, with header, footer and theme. What is there already stays as it is."""
    sources, items = _read(name, domain, address)
    sources = _wanted(sources, only, locale)
    items = named_by(sources, items)
    documents: list[dict[str, Any]] = []
    async with desk.open_workspace() as (house, workspace):
        with desk.out.progress("pushing", len(items) + len(sources)) as advance:
            for item in items:
                documents.append(await _push_item(house, workspace.id, item, live=live))
                advance(1)
            for source in sources:
                documents.append(await _push_template(house, workspace.id, source, live=live))
                advance(1)

    def human() -> None:
        for one in documents:
            label = one["key"] if one["kind"] == "template" else f"{one['kind']} {one['key']}"
            state = f"version {one['version']}" if one["version"] else "draft"
            desk.out.say(f"{label}: {state}{'' if one['changed'] else ', left as it is'}")

    desk.out.result(documents, human)


def _read(name: str | None, domain: str | None, address: str | None) -> tuple[list[TemplateSource], list[ItemSource]]:
    """The starter, in the words of a brand."""
    from posthouse.cli.demo.shop import examples

    files = template_files(examples() / "starter")
    sample = read_brand(files.pop(BRAND).decode())
    files = branded(files, sample, own_brand(sample, name, domain, address))
    return read_tree(files), read_library(files)


def _wanted(sources: Sequence[TemplateSource], only: Sequence[str] | None, locale: str) -> list[TemplateSource]:
    """The chosen templates, with their usual language. NotFoundError with the nearest that there is."""
    known = {source.key: source for source in sources}
    for key in only or ():
        if key not in known:
            raise NotFoundError(
                f"the starter has no template {key!r}{did_you_mean(key, known) or '.'} See posthouse starter list"
            )
    chosen = [known[key] for key in dict.fromkeys(only or known)]
    for source in chosen:
        locales = sorted({variant.locale for variant in source.variants})
        if locale not in locales:
            raise NotFoundError(f"the starter does not speak {locale!r}; it speaks {', '.join(locales)}")
    return [msgspec.structs.replace(source, default_locale=locale) for source in chosen]


async def _push_item(house: "House", workspace_id: Id, source: ItemSource, *, live: bool) -> dict[str, Any]:
    there = {one.key: one for one in await house.library.list(workspace_id, source.kind)}.get(source.key)
    document = {"kind": source.kind.value, "key": source.key}
    if there is not None and (there.version or not live):
        return document | {"version": there.version, "changed": False}
    if there is not None:
        source = there.draft  # kept before and perhaps edited since: templates need it live
    (pushed,) = await push_library(house.library, house.publisher, workspace_id, [source], publish=live)
    return document | {"version": pushed.item.version, "changed": pushed.changed}


async def _push_template(house: "House", workspace_id: Id, source: TemplateSource, *, live: bool) -> dict[str, Any]:
    there = {one.key: one for one in await house.templates.list(workspace_id)}.get(source.key)
    document = {"kind": "template", "key": source.key}
    if there is not None and (there.version or not live):
        return document | {"version": there.version, "changed": False}
    if there is not None and (await house.templates.push(workspace_id, source, by=BY, dry=True)).changed:
        return document | {"version": 0, "changed": False}  # edited since, and not by us to publish
    pushed = await house.templates.push(workspace_id, source, publish=live, by=BY)
    return document | {"version": pushed.version, "changed": pushed.changed}
