"""``posthouse templates push``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from posthouse.cli.frame import Desk, command
from posthouse.cli.frame.exits import Exit
from posthouse.cli.lint import template_files
from posthouse.cli.rollouts import Percent, document_of
from posthouse.core.kernel.errors import FieldProblem, PosthouseError, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.pushing import PushedItem, push_library, try_library
from posthouse.core.templates.proofs import Proofs
from posthouse.core.templates.pushing import Refused, Tree, proved, read_all

if TYPE_CHECKING:
    from posthouse.bootstrap import House

BY: Final = "command line"
"""Who changed a draft, as others are told."""


class _Wanted(msgspec.Struct, frozen=True):
    """The options of a push."""

    live: bool
    percent: int | None
    dry: bool
    proofs: Proofs = msgspec.field(default_factory=Proofs)


def push_commands(templates: typer.Typer) -> None:
    """Adds the command."""
    example = (
        "posthouse templates push ./templates\n"
        "posthouse templates push ./templates/order-confirmation --publish --percent 10\n"
        "posthouse templates push ./templates --publish --keep-going --json"
    )
    command(templates, "push", example=example)(push)


async def push(
    desk: Desk,
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A template, or a folder of them.", show_default=False)
    ],
    *,
    live: Annotated[bool, typer.Option("--publish", help="Make it live at once; otherwise it is a draft.")] = False,
    percent: Percent = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only tell what would change, and what is wrong.")] = False,
    keep_going: Annotated[
        bool, typer.Option("--keep-going", help="Push the sound templates although others have problems; code 1 then.")
    ] = False,
) -> None:
    """Push templates from files. The same files again change nothing.

    All problems of all templates are told, by template and file; nothing is pushed unless all of them are sound (code 2).
    """
    if percent is not None and not live:
        raise ValidationError("a share of the people is for what is published: add --publish")
    wanted = _Wanted(live, percent, dry)
    tree = read_all(template_files(folder), folder.resolve().name)
    async with desk.open_workspace() as (house, workspace):
        with desk.out.progress("looking at all of it", None):
            tree = await proved(
                house.templates, house.library, workspace.id, tree, publish=live, percent=percent, proofs=wanted.proofs
            )
        if not keep_going or any(one.library for one in tree.refused):
            tree.refuse()
        documents, refused = await _pushed(desk, house, workspace.id, tree, wanted)
    documents.extend(_refused(one) for one in refused)
    desk.out.result(documents, lambda: _tell(desk, documents, wanted))
    if refused:
        raise typer.Exit(Exit.FAILED)


async def _pushed(
    desk: Desk, house: "House", workspace_id: Id, tree: Tree, wanted: _Wanted
) -> tuple[list[dict[str, Any]], Sequence[Refused]]:
    """What became of each item and template, and those that were refused although they had seemed sound."""
    with desk.out.progress("publishing the library" if wanted.live else "pushing the library", None):
        items = (
            await try_library(house.library, workspace_id, tree.items)
            if wanted.dry
            else await push_library(house.library, house.publisher, workspace_id, tree.items, publish=wanted.live)
        )
    documents, refused = [_item(one) for one in items], list(tree.refused)
    over = tree.items if wanted.dry else ()
    with desk.out.progress("pushing", len(tree.sources)) as advance:
        for source in tree.sources:
            try:
                result = await house.templates.push(
                    workspace_id,
                    source,
                    wanted.live,
                    by=BY,
                    dry=wanted.dry,
                    percent=wanted.percent,
                    over=over,
                    proofs=wanted.proofs,
                )
            except PosthouseError as error:
                if not refused:
                    raise
                refused.append(Refused(source.key, error, ()))
                continue
            documents.append(
                {
                    "kind": "template",
                    "key": result.template.key,
                    "version": result.version,
                    "rollout": document_of(result.template)["rollout"],
                    "changed": result.changed,
                    "warnings": result.warnings,
                    "problems": (),
                }
            )
            advance(1)
    return documents, refused


def _item(one: PushedItem) -> dict[str, Any]:
    return {
        "kind": one.item.kind.value,
        "key": one.item.key,
        "version": one.item.version,
        "changed": one.changed,
        "warnings": (),
        "problems": (),
    }


def _refused(one: Refused) -> dict[str, Any]:
    problems = one.troubles or (FieldProblem("", one.error.detail, one.error.slug),)
    return {"kind": "template", "key": one.name, "changed": False, "warnings": (), "problems": problems}


def _tell(desk: Desk, documents: Sequence[dict[str, Any]], wanted: _Wanted) -> None:
    for item in documents:
        name = item["key"] if item["kind"] == "template" else f"{item['kind']} {item['key']}"
        if item["problems"]:
            desk.out.say(f"{name}: not pushed", style="red")
            for problem in item["problems"]:
                desk.out.note(f"  {problem.told}", style="red")
            continue
        state = "would change" if wanted.dry else f"version {item['version']}" if wanted.live else "draft"
        beside = item.get("rollout") if item["changed"] and not wanted.dry else None
        share = f"; version {beside['version']} for {beside['percent']} % of the people" if beside else ""
        desk.out.say(f"{name}: {state if item['changed'] else 'unchanged'}{share}")
        warn(desk, item["warnings"])


def warn(desk: Desk, warnings: Sequence[FieldProblem]) -> None:
    """Says what the author should hear, on standard error."""
    for warning in warnings:
        desk.out.note(f"  warning: {warning.detail}", style="yellow")
