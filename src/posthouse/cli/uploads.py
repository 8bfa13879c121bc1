"""``posthouse uploads``."""

import mimetypes
from pathlib import Path
from typing import Annotated, Any

import typer

from posthouse.cli.frame import Desk, command, group
from posthouse.core.kernel.counts import counted
from posthouse.core.messages.files import FileUse
from posthouse.http.schemas import files as schemas

_PAGE = 200

Word = Annotated[str, typer.Argument(metavar="UPLOAD", help="Such as upl_3a6e…-1024.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    uploads = group("uploads", "Uploads: files that templates and messages attach.")
    app.add_typer(uploads)
    command(uploads, "add", example="posthouse uploads add terms.pdf")(add)
    command(uploads, "list", example="posthouse uploads list")(list_all)
    command(uploads, "show", example="posthouse uploads show upl_3a6e…-1024")(show)
    command(uploads, "remove", example="posthouse uploads remove upl_3a6e…-1024")(remove)


async def add(
    desk: Desk,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="The file.", exists=True, dir_okay=False)],
) -> None:
    """Keep a file; prints the identifier that template.toml and messages name. The same file again is the same identifier."""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    async with desk.open_workspace() as (house, workspace):
        kept = await house.messages.upload(workspace.id, path.name, kind, path.read_bytes())
    desk.out.result(kept, lambda: desk.out.say(kept.id))


async def list_all(desk: Desk) -> None:
    """List the files and the templates that attach them."""
    documents: list[schemas.UploadedFile] = []
    async with desk.open_workspace() as (house, workspace):
        after: str | None = None
        while True:
            found, after = await house.files.list(workspace.id, after, _PAGE)
            documents.extend(schemas.file(one) for one in found)
            if after is None:
                break

    def human() -> None:
        rows = [(one.id, one.size, one.used_at, ", ".join(use.template for use in one.uses)) for one in documents]
        desk.out.table(
            ("upload", "bytes", "last used", "templates"), rows, empty="no files yet: posthouse uploads add FILE"
        )

    desk.out.result(documents, human)


async def show(desk: Desk, upload: Word) -> None:
    """Show where a file is used: templates with their versions, and messages that wait."""
    async with desk.open_workspace() as (house, workspace):
        found = await house.files.get(workspace.id, upload)
    document = schemas.detail(found)

    def human() -> None:
        desk.out.say(
            f"{counted(document.size, 'byte')}, last used {document.used_at}, wanted by {counted(document.waiting, 'waiting message')}"
        )
        rows = [_row(use) for use in found.uses]
        desk.out.table(("template", "as", "draft", "versions"), rows, empty="no template attaches it")

    desk.out.result(document, human)


async def remove(desk: Desk, upload: Word) -> None:
    """Remove a file for good. Refused, with the list, while templates or waiting messages use it."""
    async with desk.open_workspace() as (house, workspace):
        await house.files.remove(workspace.id, upload)
    desk.out.result({"id": upload, "removed": True}, lambda: desk.out.say(f"{upload}: removed"))


def _row(use: FileUse) -> tuple[Any, ...]:
    versions = [f"{one} (live)" if use.live and not index else str(one) for index, one in enumerate(use.versions)]
    return (
        use.template,
        f"{use.name}{', shown' if use.inline else ''}",
        "yes" if use.draft else "no",
        ", ".join(versions),
    )
