"""``posthouse templates lint``."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from posthouse.cli.frame import Desk, command
from posthouse.cli.frame.exits import Exit
from posthouse.config import SettingsError
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.errors import TemplateProblemsError, UnknownTemplateError
from posthouse.core.templates.folder import read_folder, template_folders
from posthouse.core.templates.library.folder import blamed, library_of, read_shelf
from posthouse.core.templates.library.model import ItemKind
from posthouse.core.templates.library.uses import uses_of
from posthouse.core.templates.lint.content import kept
from posthouse.core.templates.lint.model import Finding, Overlook, Severity
from posthouse.core.templates.lint.pictures import look_outside, unproved
from posthouse.core.templates.lint.rules import RULES
from posthouse.core.templates.model import TemplateSource
from posthouse.core.templates.places import file_of, line_in, place_of

if TYPE_CHECKING:
    from posthouse.bootstrap import House
    from posthouse.core.workspaces.model import Workspace

LARGEST_FILE: Final = 5_000_000
"""Bytes; a template file is text, and nobody writes so much of it."""
_LIBRARY: Final = "library"
"""Where blocks and themes that cannot be read are told."""
_COLOURS: Final = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "dim"}


def lint_commands(templates: typer.Typer) -> None:
    """Adds the command."""
    example = (
        "posthouse templates lint ./templates --strict\n"
        "posthouse templates lint ./templates/order-confirmation --json\n"
        "posthouse templates lint order-confirmation --online"
    )
    command(templates, "lint", example=example)(lint)


async def lint(
    desk: Desk,
    what: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER|KEY", help="A folder of templates (no store is needed), or a key.", show_default=False
        ),
    ],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Fail (code 1) on warnings too.")] = False,
    online: Annotated[
        bool,
        typer.Option("--online", help="Ask other hosts for their images too: whether they are there, and how large."),
    ] = False,
) -> None:
    """Look templates over: broken links, missing words, images, colours, what mail programs leave out. Errors end with code 1."""
    if is_folder(what):
        seen = await _asked(desk, _of_folder(Path(what)), online=online)
    else:
        seen = await _of_key(desk, what, online=online)
    found = {key: one.findings for key, one in seen.items()}
    documents = [
        {
            "key": key,
            "rule": one.rule,
            "severity": one.severity.value,
            "detail": one.detail,
            "file": one.file,
            "line": one.line,
            "pointer": one.pointer,
            "fix": RULES[one.rule].fix,
        }
        for key, findings in found.items()
        for one in findings
    ]
    desk.out.result(documents, lambda: _tell(desk, found, sum(one.unasked for one in seen.values())))
    bad = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    if any(one.severity in bad for findings in found.values() for one in findings):
        raise typer.Exit(Exit.FAILED)


def template_files(folder: Path) -> dict[str, bytes]:
    """Every file below the folder by its relative path; hidden ones are left out."""
    if not folder.is_dir():
        raise ValidationError(f"{folder} is no folder; name a template's folder or a folder of such folders")
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in name.parts):
            if path.stat().st_size > LARGEST_FILE:
                raise ValidationError(f"{path} has over {LARGEST_FILE} bytes, which no template file has")
            found[name.as_posix()] = path.read_bytes()
    return found


def is_folder(what: str) -> bool:
    """Whether a word names a folder rather than a key."""
    return "/" in what or what.startswith(".") or Path(what).is_dir()


@asynccontextmanager
async def by_key(desk: Desk, what: str) -> "AsyncIterator[tuple[House, Workspace]]":
    """The house and its workspace, for a word that is no folder's: where it is no key either, both are said."""
    try:
        async with desk.open_workspace() as opened:
            yield opened
    except (SettingsError, UnknownTemplateError) as error:
        if not _there(what):
            error.detail = f"There is no folder {what!r}; taken as the key of a template: {error.detail}"
        raise


def _there(what: str) -> bool:
    return Path(what).exists()


def _of_folder(folder: Path) -> dict[str, tuple[Overlook, tuple[str, ...]]]:
    """Every template of the folder with the rules it ignores; one that cannot be read does not hide the others."""
    from posthouse.rendering.press import make_press

    press, found = make_press(), dict[str, tuple[Overlook, tuple[str, ...]]]()
    everything = template_files(folder)
    shelf = read_shelf(everything)
    if shelf.problems:
        found[_LIBRARY] = Overlook(tuple([_unread(problem, everything) for problem in shelf.problems])), ()
    for path, files in template_folders(everything).items():
        name = path.rpartition("/")[2] or folder.resolve().name
        try:
            source = read_folder(files, name)
            seen = press.look_over(source, library_of(shelf.sources, uses_of(source)))
            alone = kept(source, list(unproved(source.attachments)))
            placed = [_placed(one, source, files, shelf.broken) for one in (*seen.findings, *alone)]
            seen = msgspec.structs.replace(seen, findings=tuple(placed))
            found[source.key] = seen, source.lint_ignore
        except TemplateProblemsError as error:
            found[name] = Overlook(tuple([_unread(problem, files) for problem in error.fields])), ()
    return found


async def _asked(desk: Desk, seen: dict[str, tuple[Overlook, tuple[str, ...]]], *, online: bool) -> dict[str, Overlook]:
    asker = None
    if online:
        from posthouse.bootstrap.pieces import pictures_of  # here: most lints ask nobody

        asker = pictures_of(desk.settings)
    return {key: await look_outside(one, asker, ignored) for key, (one, ignored) in seen.items()}


def _placed(
    one: Finding, source: TemplateSource, files: Mapping[str, bytes], broken: Collection[tuple[ItemKind, str]]
) -> Finding:
    """With its line in a file of JSON, and the blame where it belongs."""
    line = one.line or line_in(files, *place_of(source, one.pointer))
    return msgspec.structs.replace(one, detail=blamed(one.detail, broken), line=line)


def _unread(problem: FieldProblem, files: Mapping[str, bytes]) -> Finding:
    """What cannot even be read: its pointer begins with the file."""
    file, line = file_of(problem, files)
    return Finding(
        "cannot-publish", Severity.ERROR, problem.detail.removeprefix(f"{file}: "), problem.pointer, file, line
    )


async def _of_key(desk: Desk, key: str, *, online: bool) -> dict[str, Overlook]:
    async with by_key(desk, key) as (house, workspace):
        return {key: await house.templates.lint(workspace.id, key, house.pictures if online else None)}


def _tell(desk: Desk, found: Mapping[str, Sequence[Finding]], unasked: int) -> None:
    counts = dict.fromkeys(Severity, 0)
    for key, findings in found.items():
        for one in findings:
            counts[one.severity] += 1
            place = "/".join(filter(None, ("" if key == _LIBRARY else key, one.file)))
            shown = f"{place}:{one.line}" if one.line else place
            desk.out.say(f"{shown}: {one.severity.value} {one.rule}: {one.detail}", style=_COLOURS[one.severity])
    words = ", ".join(counted(count, severity.value) for severity, count in counts.items())
    desk.out.note(
        f"{counted(len(found.keys() - {_LIBRARY}), 'template')}: {words}; docs/reference/lint.md explains the rules"
    )
    if unasked:
        desk.out.note(f"not looked at: {counted(unasked, 'image')} on other hosts; --online asks for them")
