"""``posthouse templates translations``."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from posthouse.cli.frame import Desk, command
from posthouse.cli.lint import is_folder, template_files
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.folder import read_folder, template_folders
from posthouse.core.templates.model import TemplateSource
from posthouse.core.templates.translations.table import read_csv, write_csv
from posthouse.core.templates.translations.units import DOCUMENT, missing_in, translated, units_of
from posthouse.core.templates.translations.xliff import LARGEST, read_xliff, write_xliff


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
) -> None:
    """List what is not translated; export it for a translator and put the translation in."""
    source = await _source(desk, what)
    if back is not None:
        source, locale, count = _imported(source, back)
        await _keep(desk, what, source)
        desk.out.result(
            {"key": source.key, "locale": locale, "texts": count}, lambda: desk.out.say(f"{count} texts in {locale}")
        )
        return
    if export is not None:
        count = _exported(source, export, to or [])
        desk.out.result({"file": str(export), "texts": count}, lambda: desk.out.say(f"{export}: {count} texts"))
        return
    missing = missing_in(source, to or ())
    rows = [(one.locale, one.key, one.shown or "nothing") for one in missing]
    desk.out.result(missing, lambda: desk.out.table(("language", "missing", "shown instead"), rows, empty="all there"))


async def _source(desk: Desk, what: str) -> TemplateSource:
    if is_folder(what):
        return _of_folder(Path(what))
    async with desk.open_workspace() as (house, workspace):
        template = await house.templates.get(workspace.id, what)
    if template.draft is None:
        raise ValidationError(f"the template {what!r} has no draft")
    return template.draft


def _of_folder(folder: Path) -> TemplateSource:
    found = template_folders(template_files(folder))
    if len(found) != 1:
        raise ValidationError(f"{folder} holds {len(found)} templates; name the folder of one")
    ((path, files),) = found.items()
    return read_folder(files, path.rpartition("/")[2] or folder.resolve().name)


def _exported(source: TemplateSource, file: Path, to: list[str]) -> int:
    if len(to) != 1:
        raise ValidationError("--export needs the language of the translation: --to de")
    units = {
        unit.key: (unit.texts.get(source.default_locale, ""), unit.texts.get(to[0], "")) for unit in units_of(source)
    }
    words = (source.default_locale, to[0], units)
    text = write_csv(*words) if _is_csv(file) else write_xliff(source.key, *words)
    file.write_text(text, encoding="utf-8", newline="")
    return len(units)


def _imported(source: TemplateSource, file: Path) -> tuple[TemplateSource, str, int]:
    if file.stat().st_size > 4 * LARGEST:
        raise ValidationError(f"{file} is too large for a translation")
    with file.open(encoding="utf-8", newline="") as held:
        text = held.read()
    if _is_csv(file):
        locale, words = read_csv(text)
    else:
        key, locale, words = read_xliff(text)
        if key != source.key:
            raise ValidationError(f"{file} is a translation of {key!r}, not of {source.key!r}")
    if not locale:
        raise ValidationError(f"{file} does not say its language")
    return translated(source, locale, words), locale, len(words)


async def _keep(desk: Desk, what: str, source: TemplateSource) -> None:
    if not is_folder(what):
        async with desk.open_workspace() as (house, workspace):
            await house.templates.push(workspace.id, source)
    else:
        _write(Path(what), source)


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


def _is_csv(file: Path) -> bool:
    return file.suffix.lower() == ".csv"
