"""``posthouse templates translations``."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from posthouse.cli.frame import Desk, command
from posthouse.cli.lint import by_key, is_folder, template_files
from posthouse.cli.pushing import BY
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.folder import read_folder, template_folders
from posthouse.core.templates.model import TemplateSource
from posthouse.core.templates.translations.carrying import Form, bring_home, draft_of, put_in, written
from posthouse.core.templates.translations.units import DOCUMENT, missing_in
from posthouse.core.templates.translations.xliff import LARGEST


class _Back(msgspec.Struct, frozen=True):
    """The options of an import."""

    base: str | None
    dry: bool


def translation_commands(templates: typer.Typer) -> None:
    """Adds the command."""
    example = (
        "posthouse templates translations ./templates/order-confirmation\n"
        "posthouse templates translations order-confirmation --to de --export order.de.xlf\n"
        "posthouse templates translations order-confirmation --import order.de.xlf"
    )
    command(templates, "translations", example=example)(translations)


async def translations(
    desk: Desk,
    what: Annotated[
        str, typer.Argument(metavar="FOLDER|KEY", help="The folder of one template, or a key.", show_default=False)
    ],
    *,
    to: Annotated[list[str] | None, typer.Option("--to", help="A language; otherwise all that are spoken.")] = None,
    export: Annotated[
        Path | None, typer.Option("--export", help="Write the texts for a translator: .xlf (XLIFF 2) or .csv.")
    ] = None,
    back: Annotated[
        Path | None, typer.Option("--import", help="Put a translator's file in: into the folder, or the key's draft.")
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="Only if the key's draft still has this hash (--json tells it).")
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only look whether the translation fits.")] = False,
) -> None:
    """List what is not translated; export it for a translator and put the translation in."""
    if back is not None:
        done = await _brought(desk, what, back, _Back(base, dry))
        state = "fit" if dry else "put in"
        desk.out.result(done, lambda: desk.out.say(f"{done['texts']} texts in {done['locale']} {state}"))
        return
    source = await _source(desk, what)
    if export is not None:
        count = _exported(source, export, to or [])
        desk.out.result(
            {"file": str(export), "texts": count}, lambda: desk.out.say(f"{export}: {counted(count, 'text')}")
        )
        return
    missing = missing_in(source, to or ())
    rows = [(one.locale, one.key, one.shown or "nothing") for one in missing]
    desk.out.result(missing, lambda: desk.out.table(("language", "missing", "shown instead"), rows, empty="all there"))


async def _source(desk: Desk, what: str) -> TemplateSource:
    if is_folder(what):
        return _of_folder(Path(what))
    async with by_key(desk, what) as (house, workspace):
        return draft_of(await house.templates.get(workspace.id, what))


def _of_folder(folder: Path) -> TemplateSource:
    found = template_folders(template_files(folder))
    if len(found) != 1:
        raise ValidationError(f"{folder} holds {counted(len(found), 'template')}; name the folder of one")
    ((path, files),) = found.items()
    return read_folder(files, path.rpartition("/")[2] or folder.resolve().name)


def _exported(source: TemplateSource, file: Path, to: list[str]) -> int:
    if len(to) != 1:
        raise ValidationError("--export needs the language of the translation: --to de")
    text, count = written(source, to[0], _form(file))
    file.write_text(text, encoding="utf-8", newline="")
    return count


async def _brought(desk: Desk, what: str, file: Path, back: _Back) -> dict[str, Any]:
    """Puts a translator's file into the folder's files, or the key's draft."""
    text = _text_of(file)
    if is_folder(what):
        source = _of_folder(Path(what))
        made, found = put_in(source, text, _form(file))
        if not back.dry:
            _write(Path(what), made)
        return {"key": source.key, "locale": found.locale, "texts": len(found.words)}
    async with by_key(desk, what) as (house, workspace):
        done = await bring_home(
            house.templates, workspace.id, what, text, _form(file), base=back.base, by=BY, dry=back.dry
        )
    return {
        "key": what,
        "locale": done.locale,
        "texts": done.texts,
        "changed": done.changed,
        "draft_hash": done.pushed.template.source_hash,
    }


def _text_of(file: Path) -> str:
    if file.stat().st_size > 4 * LARGEST:
        raise ValidationError(f"{file} is too large for a translation")
    with file.open(encoding="utf-8", newline="") as held:
        return held.read()


def _write(folder: Path, source: TemplateSource) -> None:
    for name, text in _files_of(source).items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


def _files_of(source: TemplateSource) -> dict[str, str]:
    """The files of a folder that a translation may change."""
    files = {}
    for variant in source.variants:
        if variant.document is not None:
            files[DOCUMENT] = _json(variant.document)
        elif variant.content is not None and variant.channel == "sms":
            files[f"sms.{variant.locale}.txt"] = f"{variant.content['text']}\n"
        elif variant.content is not None:
            files[f"{variant.channel}.{variant.locale}.json"] = _json(variant.content)
    return files


def _json(document: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _form(file: Path) -> Form:
    return "csv" if file.suffix.lower() == ".csv" else "xliff"
