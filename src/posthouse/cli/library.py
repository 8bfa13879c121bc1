"""``posthouse blocks``, ``posthouse themes`` and ``posthouse publications``."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.ids import PUBLICATION, read, show
from posthouse.core.kernel.moments import show_moment
from posthouse.core.templates.library.content import as_written
from posthouse.core.templates.library.impact import Impact
from posthouse.core.templates.library.model import Item, ItemKind
from posthouse.core.templates.library.publication import Publication
from posthouse.core.templates.library.pushing import refuse

_KEYS = {ItemKind.BLOCK: "footer", ItemKind.THEME: "the-shop"}


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    blocks = group("blocks", "Blocks of the library: pieces that many templates share.")
    themes = group("themes", "Themes of the library: the look that documents take their tokens from.")
    for kind, inner in ((ItemKind.BLOCK, blocks), (ItemKind.THEME, themes)):
        _Commands(kind).register(inner)
        app.add_typer(inner)
    publications = group("publications", "Publications of blocks and themes.")
    command(publications, "list", example="posthouse publications list")(list_publications)
    command(publications, "undo", example="posthouse publications undo pub_01jd8v4e4hf9wr3k0000000000")(undo)
    app.add_typer(publications)


Key = Annotated[str, typer.Argument(metavar="KEY", help="As its file is named.", show_default=False)]


class _Commands:
    """The commands of one kind."""

    def __init__(self, kind: ItemKind) -> None:
        self._kind = kind

    def register(self, inner: typer.Typer) -> None:
        """Adds them."""
        word, key = self._kind.folder, _KEYS[self._kind]
        command(inner, "list", example=f"posthouse {word} list")(self._list())
        command(inner, "show", example=f"posthouse {word} show {key}")(self._show())
        example = f"posthouse {word} save {key} {word}/{key}.json\nposthouse {word} save {key} -"
        command(inner, "save", example=example)(self._save())
        example = f"posthouse {word} impact {key}\nposthouse {word} impact {key} --details --json"
        command(inner, "impact", example=example)(self._impact())
        example = f"posthouse {word} publish {key}\nposthouse {word} publish {key} --version 3"
        command(inner, "publish", example=example)(self._publish())
        command(inner, "versions", example=f"posthouse {word} versions {key}")(self._versions())
        command(inner, "remove", example=f"posthouse {word} remove {key}")(self._remove())

    def _list(self) -> Any:
        async def list_all(desk: Desk) -> None:
            """List them with their live versions."""
            async with desk.open_workspace() as (house, workspace):
                documents = [_document(one) for one in await house.library.list(workspace.id, self._kind)]

            def human() -> None:
                rows = [
                    (item["key"], item["version"] or "draft", "changed" if item["behind"] else "", item["name"])
                    for item in documents
                ]
                empty = f"no {self._kind.folder} yet: posthouse templates push, with {self._kind.folder}/KEY.json"
                desk.out.table(("key", "version", "draft", "name"), rows, empty=empty)

            desk.out.result(documents, human)

        return list_all

    def _show(self) -> Any:
        async def show_one(desk: Desk, key: Key) -> None:
            """Show the draft as it is kept in files."""
            async with desk.open_workspace() as (house, workspace):
                item = await house.library.get(workspace.id, self._kind, key)
            written = as_written(item.draft)
            text = msgspec.json.format(msgspec.json.encode(written), indent=2).decode()
            desk.out.result({**_document(item), "draft": written}, lambda: desk.out.say(text))

        return show_one

    def _save(self) -> Any:
        async def save(
            desk: Desk,
            key: Key,
            file: Annotated[
                Path, typer.Argument(metavar="FILE", help="JSON, - for standard input.", show_default=False)
            ],
        ) -> None:
            """Keep a draft; nothing changes for readers until it is published."""
            raw = _read(file)
            async with desk.open_workspace() as (house, workspace):
                saved = await house.library.save(workspace.id, self._kind, key, raw)
            document = {**_document(saved.item), "changed": saved.changed}
            desk.out.result(document, lambda: desk.out.say(f"{key}: {'draft kept' if saved.changed else 'unchanged'}"))

        return save

    def _impact(self) -> Any:
        async def impact(
            desk: Desk,
            key: Key,
            *,
            details: Annotated[bool, typer.Option("--details", help="Compile and compare every template.")] = False,
        ) -> None:
            """Tell what publishing the draft would change: which templates, in which locales, what the lint would say."""
            async with desk.open_workspace() as (house, workspace):
                found = await house.impact.impact(workspace.id, self._kind, key, limit=2**31 if details else 0)
            desk.out.result(_impact_document(found), lambda: _tell_impact(desk, found, details=details))

        return impact

    def _publish(self) -> Any:
        async def publish(
            desk: Desk,
            key: Key,
            *,
            version: Annotated[
                int | None, typer.Option("--version", help="Publish this older version again.", min=1, max=2**31 - 1)
            ] = None,
        ) -> None:
            """Make the draft live, with every template that follows it, in one go or not at all."""
            async with desk.open_workspace() as (house, workspace):
                begun = await house.publisher.begin(workspace.id, self._kind, key, version)
                if begun is None:
                    desk.out.result({"key": key, "changed": False}, lambda: desk.out.say(f"{key}: unchanged"))
                    return
                with desk.out.progress("compiling", begun.total) as advance:
                    told = [0]

                    def progress(now: Publication) -> None:
                        advance(now.done - told[0])
                        told[0] = now.done

                    ended = await house.publisher.run(begun, version, progress)
            refuse(ended)
            desk.out.result(_publication(ended), lambda: desk.out.say(_sentence(ended)))

        return publish

    def _versions(self) -> Any:
        async def versions(desk: Desk, key: Key) -> None:
            """List what was published, newest first."""
            async with desk.open_workspace() as (house, workspace):
                found = await house.library.versions(workspace.id, self._kind, key)
                live = (await house.library.get(workspace.id, self._kind, key)).version
            documents = [
                {"version": one.number, "live": one.number == live, "published_at": show_moment(one.published_at)}
                for one in found
            ]

            def human() -> None:
                rows = [(item["version"], "live" if item["live"] else "", item["published_at"]) for item in documents]
                desk.out.table(("version", "", "published"), rows, empty="never published")

            desk.out.result(documents, human)

        return versions

    def _remove(self) -> Any:
        async def remove(desk: Desk, key: Key) -> None:
            """Take one away that no live template uses."""
            async with desk.open_workspace() as (house, workspace):
                await house.library.remove(workspace.id, self._kind, key)
            desk.out.result({"key": key, "removed": True}, lambda: desk.out.say(f"{key}: removed"))

        return remove


async def list_publications(desk: Desk) -> None:
    """List the newest publications of blocks and themes."""
    async with desk.open_workspace() as (house, workspace):
        documents = [_publication(one) for one in await house.publisher.publications(workspace.id, 50)]

    def human() -> None:
        rows = [
            (item["id"], item["kind"], item["key"], item["version"], item["state"], f"{item['done']}/{item['total']}")
            for item in documents
        ]
        desk.out.table(("id", "kind", "key", "version", "state", "templates"), rows, empty="nothing was published yet")

    desk.out.result(documents, human)


async def undo(
    desk: Desk,
    publication: Annotated[str, typer.Argument(metavar="ID", help="Of the publication.", show_default=False)],
) -> None:
    """Make the former releases live again at once."""
    async with desk.open_workspace() as (house, workspace):
        undone = await house.publisher.undo(workspace.id, read(PUBLICATION, publication))
    desk.out.result(_publication(undone), lambda: desk.out.say(_sentence(undone)))


def _read(file: Path) -> Any:
    text = typer.get_text_stream("stdin").read() if str(file) == "-" else file.read_text(encoding="utf-8")
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ValidationError(f"{file} is not valid JSON: {error}") from None


def _document(item: Item) -> dict[str, Any]:
    return {
        "key": item.key,
        "kind": item.kind.value,
        "name": item.name,
        "version": item.version,
        "default": item.default,
        "behind": item.behind,
        "updated_at": show_moment(item.updated_at),
    }


def _publication(one: Publication) -> dict[str, Any]:
    return {
        "id": show(PUBLICATION, one.id),
        "kind": one.kind.value,
        "key": one.key,
        "version": one.version,
        "state": one.state.value,
        "total": one.total,
        "done": one.done,
        "releases": one.releases,
        "templates": [turn.key for turn in one.turns],
    }


def _sentence(one: Publication) -> str:
    many = f"{counted(len(one.turns), 'template')}, {counted(one.releases, 'release')}"
    return f"{one.key}: version {one.version} {one.state.value} ({many}); undo: {show(PUBLICATION, one.id)}"


def _impact_document(found: Impact) -> dict[str, Any]:
    return {
        "key": found.item.key,
        "version": found.item.version,
        "behind": found.item.behind,
        "templates": [
            {"key": one.key, "variants": [".".join(place) for place in one.variants]} for one in found.touched
        ],
        "pinned": list(found.pinned),
        "details": [
            {"key": one.key, "variants": one.variants, "findings": one.findings, "problems": one.problems}
            for one in found.details
        ],
    }


def _tell_impact(desk: Desk, found: Impact, *, details: bool) -> None:
    rows: Sequence[tuple[Any, ...]] = [
        (one.key, one.version, ", ".join([".".join(place) for place in one.variants])) for one in found.touched
    ]
    desk.out.table(("template", "version", "variants"), rows, empty="no live template follows it")
    if found.pinned:
        desk.out.note(f"pinned, and left as they are: {', '.join(found.pinned)}")
    for one in found.details:
        changed = [f"{variant.channel}.{variant.locale}" for variant in one.variants if variant.changed]
        desk.out.say(f"{one.key}: {'changes in ' + ', '.join(changed) if changed else 'looks the same'}")
        for problem in one.problems:
            desk.out.say(f"  cannot be compiled: {problem.detail}", style="red")
        for said in dict.fromkeys(
            f"{finding.code}: {finding.detail}" for finding in one.findings
        ):  # once for all languages
            desk.out.say(f"  new: {said}", style="yellow")
    if not details and found.touched:
        desk.out.note("--details compiles and compares them")
