"""``posthouse templates pull``, ``diff``, ``rollback``, ``duplicate``, ``archive`` and ``unarchive``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from posthouse.cli.frame import Desk, command
from posthouse.cli.frame.exits import Exit
from posthouse.cli.lint import by_key, is_folder, template_files
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.folder import is_template_file, read_tree
from posthouse.core.templates.folder_writing import written_folder
from posthouse.core.templates.library.folder import read_library, written_item
from posthouse.core.templates.library.model import ItemKind, ItemSource
from posthouse.core.templates.library.uses import named_by
from posthouse.core.templates.lifecycle import FileDiff, compare, compare_sources
from posthouse.core.templates.model import TemplateSource

Key = Annotated[str, typer.Argument(metavar="KEY", help="Such as order-confirmation.", show_default=False)]


def lifecycle_commands(templates: typer.Typer) -> None:
    """Adds the commands."""
    example = "posthouse templates pull ./templates\nposthouse templates pull ./templates order-confirmation"
    command(templates, "pull", example=example)(pull)
    example = (
        "posthouse templates diff ./templates\n"
        "posthouse templates diff order-confirmation\n"
        "posthouse templates diff order-confirmation --from 3 --to 5 --rendered"
    )
    command(templates, "diff", example=example)(diff)
    command(templates, "rollback", example="posthouse templates rollback order-confirmation 3")(rollback)
    example = "posthouse templates duplicate order-confirmation order-confirmation-b2b"
    command(templates, "duplicate", example=example)(duplicate)
    command(templates, "archive", example="posthouse templates archive order-confirmation")(archive)
    command(templates, "unarchive", example="posthouse templates unarchive order-confirmation")(unarchive)


async def pull(
    desk: Desk,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write.", show_default=False)],
    keys: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY]…", help="Only these templates.", show_default=False)
    ] = None,
) -> None:
    """Write drafts as files: a folder a template, the blocks and themes that they use beside them. Files of other kinds are left alone."""
    async with desk.open_workspace() as (house, workspace):
        templates = await house.templates.list(workspace.id)
        for key in keys or ():
            await house.templates.get(workspace.id, key)
        items = [item.draft for item in await house.store.items(workspace.id)]
    drafts = [one.draft for one in templates if one.draft is not None and (not keys or one.key in keys)]
    files = dict([written_item(item) for item in (named_by(drafts, items) if keys else items)])
    for draft in drafts:
        for name, content in written_folder(draft).items():
            files[f"{draft.key}/{name}"] = content
    changes = _write(folder, files)

    def human() -> None:
        for path, state in changes.items():
            desk.out.say(f"{path}: {state}")
        desk.out.note(f"{counted(len(files), 'file')}, {len(changes)} changed")

    desk.out.result({"files": sorted(files), "changed": changes}, human)


async def diff(
    desk: Desk,
    what: Annotated[
        str, typer.Argument(metavar="FOLDER|KEY", help="Files against drafts, or a template.", show_default=False)
    ],
    *,
    before: Annotated[str, typer.Option("--from", help="A number, draft or live.")] = "live",
    after: Annotated[str, typer.Option("--to", help="A number, draft or live.")] = "draft",
    rendered: Annotated[bool, typer.Option("--rendered", help="What a reader sees, instead of the source.")] = False,
) -> None:
    """Show what a push of a folder would change, or how two versions of a template differ. Code 1 when they differ."""
    if is_folder(what) and (before, after) == ("live", "draft"):  # versions are a template's, whatever folder lies here
        found = await _folder_diffs(desk, Path(what))
    else:
        async with by_key(desk, what) as (house, workspace):
            sides = await house.lifecycle.diff(workspace.id, what, _version(before), _version(after))
        found = {what: sides.rendered if rendered else sides.source}
    documents = [
        {"key": key, "file": one.file, "diff": one.diff} for key, differences in found.items() for one in differences
    ]
    same = "nothing differs"
    desk.out.result(documents, lambda: desk.out.say("\n".join([one["diff"] for one in documents]) or same))
    if documents:
        raise typer.Exit(Exit.FAILED)


async def rollback(
    desk: Desk,
    key: Key,
    version: Annotated[
        int, typer.Argument(metavar="VERSION", help="Its number.", min=1, max=2**31 - 1, show_default=False)
    ],
) -> None:
    """Make an older version live at once. The draft stays."""
    async with desk.open_workspace() as (house, workspace):
        found = await house.lifecycle.rollback(workspace.id, key, version)
    outdated = [{"kind": one.use.kind.value, "key": one.key, "version": one.version} for one in found.outdated]

    def human() -> None:
        desk.out.say(f"{key}: version {version} is live")
        for one in outdated:
            desk.out.note(
                f"  it holds version {one['version']} of the {one['kind']} {one['key']}, which is not the live one"
            )

    desk.out.result({"key": key, "version": version, "outdated": outdated}, human)


async def duplicate(
    desk: Desk,
    key: Key,
    new_key: Annotated[str, typer.Argument(metavar="NEW_KEY", help="Of the copy.", show_default=False)],
    *,
    name: Annotated[str | None, typer.Option("--name", help="Of the copy.")] = None,
) -> None:
    """Keep the draft of a template as that of a new one."""
    async with desk.open_workspace() as (house, workspace):
        made = await house.lifecycle.duplicate(workspace.id, key, new_key, name)
    desk.out.result({"key": made.template.key, "copy_of": key}, lambda: desk.out.say(f"{new_key}: draft"))


async def archive(desk: Desk, key: Key) -> None:
    """Put a template away: nothing is accepted for it any more."""
    async with desk.open_workspace() as (house, workspace):
        await house.lifecycle.archive(workspace.id, key)
    desk.out.result({"key": key, "archived": True}, lambda: desk.out.say(f"{key}: archived"))


async def unarchive(desk: Desk, key: Key) -> None:
    """Bring a template back with the version that was live."""
    async with desk.open_workspace() as (house, workspace):
        template = await house.lifecycle.unarchive(workspace.id, key)
    document = {"key": key, "archived": False, "version": template.version}
    desk.out.result(document, lambda: desk.out.say(f"{key}: version {template.version} is live"))


def _read(folder: Path) -> tuple[list[TemplateSource], list[ItemSource]]:
    files = template_files(folder)
    return read_tree(files, folder.resolve().name), read_library(files)


async def _folder_diffs(desk: Desk, folder: Path) -> dict[str, Sequence[FileDiff]]:
    """What a push would change, by key; the library under the names of its folders."""
    sources, items = _read(folder)
    async with desk.open_workspace() as (house, workspace):
        drafts = {one.key: one.draft for one in await house.templates.list(workspace.id)}
        kept = dict([written_item(one.draft) for one in await house.store.items(workspace.id)])
    found: dict[str, Sequence[FileDiff]] = {
        source.key: compare_sources(drafts.get(source.key), source, ("draft", "folder")) for source in sources
    }
    pushed = {path: content.decode() for path, content in map(written_item, items)}
    for kind in ItemKind:
        mine = {path: text for path, text in pushed.items() if path.startswith(f"{kind.folder}/")}
        there = {path: kept[path].decode() for path in mine if path in kept}
        found[kind.folder] = tuple(compare(there, mine, ("draft", "folder")))
    return found


def _write(folder: Path, files: Mapping[str, bytes]) -> dict[str, str]:
    """Writes what differs and takes away template files that a written template no longer has; what was done, by path."""
    changes: dict[str, str] = {}
    for path, content in files.items():
        target = folder / path
        if not target.exists() or target.read_bytes() != content:
            changes[path] = "changed" if target.exists() else "new"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    for key in {path.partition("/")[0] for path in files if not path.startswith(("blocks/", "themes/"))}:
        for target in sorted((folder / key).rglob("*")):
            path = target.relative_to(folder).as_posix()
            if path not in files and target.is_file() and is_template_file(target.relative_to(folder / key).as_posix()):
                target.unlink()
                changes[path] = "gone"
    return changes


def _version(word: str) -> int | str | None:
    if word == "live":
        return None
    if not word.isdecimal() and word != "draft":
        raise ValidationError(f"{word!r} is no version; give a number, draft or live")
    return int(word) if word.isdecimal() else word
