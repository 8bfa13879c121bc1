"""``posthouse templates test``."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from posthouse.cli.frame import Desk, command
from posthouse.cli.frame.exits import Exit
from posthouse.cli.lint import by_key, is_folder, template_files
from posthouse.core.kernel.counts import counted
from posthouse.core.templates.cases.folder import FOLDER
from posthouse.core.templates.cases.model import Outcome
from posthouse.core.templates.errors import TemplateProblemsError
from posthouse.core.templates.folder import read_folder, template_folders
from posthouse.core.templates.library.folder import library_of, read_library
from posthouse.core.templates.library.uses import uses_of
from posthouse.core.templates.model import TemplateSource


def test_commands(templates: typer.Typer) -> None:
    """Adds the command."""
    example = (
        "posthouse templates test ./templates\n"
        "posthouse templates test ./templates/order-confirmation --update-golden\n"
        "posthouse templates test order-confirmation --json"
    )
    command(templates, "test", example=example)(run_tests)


async def run_tests(
    desk: Desk,
    what: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER|KEY", help="A folder of templates (no store is needed), or a key.", show_default=False
        ),
    ],
    *,
    update: Annotated[
        bool, typer.Option("--update-golden", help="Write the golden files of a folder anew; look at the difference.")
    ] = False,
) -> None:
    """Run the message tests that stand in a template's folder, tests/NAME.json. A failure ends with code 1."""
    if is_folder(what):
        found = _of_folder(Path(what), update=update)
    else:
        async with by_key(desk, what) as (house, workspace):
            found = {what: await house.templates.test(workspace.id, what)}
    documents = [
        {
            "key": key,
            "case": one.name,
            "channel": one.channel,
            "locale": one.locale,
            "passed": not one.failures,
            "failures": [{"pointer": failure.pointer, "detail": failure.detail} for failure in one.failures],
        }
        for key, outcomes in found.items()
        for one in outcomes
    ]
    desk.out.result(documents, lambda: _tell(desk, found))
    if any(one.failures for outcomes in found.values() for one in outcomes):
        raise typer.Exit(Exit.FAILED)


def _of_folder(folder: Path, *, update: bool) -> dict[str, Sequence[Outcome]]:
    from posthouse.rendering.press import make_press

    press, found = make_press(), dict[str, Sequence[Outcome]]()
    everything = template_files(folder)
    items = read_library(everything)
    for path, files in template_folders(everything).items():
        try:
            source = read_folder(files, path.rpartition("/")[2] or folder.resolve().name)
            library = library_of(items, uses_of(source))
            found[source.key] = press.test(source, library)
            if update and _write(folder / path / FOLDER, found[source.key]):
                found[source.key] = press.test(_again(folder, path, source.key), library)
        except TemplateProblemsError as error:
            error.detail = f"{path or folder.name}: {error.detail}"
            raise
    return found


def _again(folder: Path, path: str, key: str) -> TemplateSource:
    return read_folder(template_folders(template_files(folder))[path], key)


def _write(folder: Path, outcomes: Sequence[Outcome]) -> bool:
    """Writes what the renderings are now; whether anything changed."""
    changed = False
    for outcome in outcomes:
        for kind, text in outcome.golden.items():
            file = folder / f"{outcome.name}.golden.{kind}"
            if not file.exists() or file.read_text(encoding="utf-8") != text:
                file.write_text(text, encoding="utf-8", newline="\n")
                changed = True
    return changed


def _tell(desk: Desk, found: Mapping[str, Sequence[Outcome]]) -> None:
    failed = total = 0
    for key, outcomes in found.items():
        for one in outcomes:
            total += 1
            failed += bool(one.failures)
            state = "failed" if one.failures else "passed"
            style = "red" if one.failures else "green"
            desk.out.say(f"{key}/{FOLDER}/{one.name}.json ({one.channel}.{one.locale}): {state}", style=style)
            for failure in one.failures:
                desk.out.say(f"  {failure.pointer or '/'}: {failure.detail}")
    without = sum(not outcomes for outcomes in found.values())
    desk.out.note(
        f"{counted(total, 'case')}, {failed} failed; without a case: {without} of {counted(len(found), 'template')}"
    )
