"""``posthouse retention``."""

from typing import Annotated, Literal

import msgspec
import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.core.keeping.settings import Retention, Rule
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.http.schemas import keeping as schema

_EMPTY = "nothing is erased: posthouse retention set --content-days 90 --event-days 400"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    room = group("retention", "Retention: how long messages, addresses and events are kept.")
    app.add_typer(room)
    command(room, "show", example="posthouse retention show")(show)
    example = (
        "posthouse retention set --content-days 90 --event-days 400\n"
        "posthouse retention set --class security --content-days 7 --addresses erase"
    )
    command(room, "set", example=example)(change)
    command(room, "run", example="posthouse retention run --dry-run\nposthouse retention run")(run)


async def show(desk: Desk) -> None:
    """Show the rules, and which templates name which class."""
    from posthouse.bootstrap.keeping import retention_of

    async with desk.open_workspace() as (house, workspace):
        found = await retention_of(house).rules(workspace.id)
        classes = await house.store.retention_classes(workspace.id)
        keys = {template.id: template.key for template in await house.store.templates(workspace.id)}
    by_class: dict[str, list[str]] = {}
    for template_id, name in classes.items():
        by_class.setdefault(name, []).append(keys.get(template_id, ""))
    unruled = sorted(name for name in by_class if name and name not in found.classes)
    document = {**msgspec.to_builtins(schema.shown(found)), "templates": by_class, "without_rule": unruled}

    def human() -> None:
        rules = [("(default)", found.default), *sorted(found.classes.items())]
        rows = [
            (name, _days(rule.content_days), _days(rule.event_days), rule.addresses, str(len(by_class.get(name, []))))
            for name, rule in rules
        ]
        desk.out.table(("class", "content", "events", "addresses", "templates"), rows, empty="")
        if all(rule.content_days is None for _, rule in rules):
            desk.out.note(_EMPTY)
        for name in unruled:
            desk.out.note(f"{', '.join(sorted(by_class[name]))}: the class {name!r} has no rule, so the default holds")

    desk.out.result(document, human)


async def change(
    desk: Desk,
    *,
    name: Annotated[
        str | None, typer.Option("--class", help="Class that templates name; without it the default.")
    ] = None,
    content_days: Annotated[
        str | None, typer.Option("--content-days", help="Until content and addresses are erased; never: kept for good.")
    ] = None,
    event_days: Annotated[
        str | None, typer.Option("--event-days", help="Until events are erased, at least 7; never: kept for good.")
    ] = None,
    addresses: Annotated[
        str | None, typer.Option("--addresses", help="hash: a keyed hash stays in their place; erase: nothing.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove the rule of the class.")] = False,
) -> None:
    """Set the rule of a class, or the default. What is due by it is erased within the hour."""
    from posthouse.bootstrap.keeping import retention_of

    if not (remove or content_days or event_days or addresses):
        raise ValidationError("say what to change: --content-days, --event-days, --addresses, or --remove")
    async with desk.open_workspace() as (house, workspace):
        service = retention_of(house)
        kept = await service.change(
            workspace.id, lambda found: _changed(found, name, remove, content_days, event_days, _how(addresses))
        )
    desk.out.result(
        schema.shown(kept), lambda: desk.out.say("kept; posthouse retention run --dry-run says what is due")
    )


async def run(
    desk: Desk,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count what is due, and erase nothing.")] = False,
) -> None:
    """Erase what is due now; with `posthouse serve` it happens by itself each hour."""
    from posthouse.bootstrap.keeping import retention_of
    from posthouse.runtime.keeping import rest

    async with desk.open_workspace() as (house, workspace):
        service = retention_of(house)
        if dry_run:
            due = [one for one in await service.outlook(workspace.id) if one.content or one.events]
            rows = [(one.name or "(default)", f"{one.content:,}", f"{one.events:,}") for one in due]
            columns = ("class", "messages whose content is due", "messages whose events are due")
            desk.out.result(due, lambda: desk.out.table(columns, rows, empty="nothing is due"))
            return
        swept = await service.sweep(rest, workspace.id)
    said = ", ".join(
        counted(number, one)
        for number, one in ((swept.messages, "message"), (swept.events, "event"), (swept.uploads, "upload"))
    )
    desk.out.result(swept, lambda: desk.out.say(f"erased: content and addresses of {said}"))


def _changed(
    found: Retention,
    name: str | None,
    remove: bool,
    content_days: str | None,
    event_days: str | None,
    addresses: Literal["hash", "erase"] | None,
) -> Retention:
    if remove:
        if name is None:
            return msgspec.structs.replace(found, default=Rule())
        if name not in found.classes:
            raise ValidationError(
                f"there is no rule of the class {name!r}{did_you_mean(name, found.classes)}; there is: {', '.join(found.classes) or 'none'}"
            )
        return msgspec.structs.replace(found, classes={key: rule for key, rule in found.classes.items() if key != name})
    before = found.default if name is None else found.classes.get(name, Rule())
    rule = Rule(
        _asked("--content-days", content_days, before.content_days),
        _asked("--event-days", event_days, before.event_days),
        addresses or before.addresses,
    )
    if name is None:
        return msgspec.structs.replace(found, default=rule)
    return msgspec.structs.replace(found, classes={**found.classes, name: rule})


def _asked(option: str, word: str | None, before: int | None) -> int | None:
    if word is None:
        return before
    if word == "never":
        return None
    if not (word.isascii() and word.isdigit()):
        raise ValidationError(f"{option} {word!r}: write a number of days, or never")
    return int(word[:9])


def _how(word: str | None) -> Literal["hash", "erase"] | None:
    if word in ("hash", "erase", None):
        return word  # type: ignore[return-value]  # it is one of the three
    raise ValidationError(f"--addresses {word!r}: write hash or erase")


def _days(days: int | None) -> str:
    return "for good" if days is None else counted(days, "day")
