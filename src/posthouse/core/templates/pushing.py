"""A tree of templates pushed as one: read whole, proved whole, and only then kept. Nobody mends one problem to meet the next."""

from collections.abc import Mapping

import msgspec

from posthouse.core.kernel.errors import FieldProblem, PosthouseError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.errors import TemplateProblemsError, TreeProblemsError
from posthouse.core.templates.folder import is_template_name, read_folder, template_folders
from posthouse.core.templates.library.errors import ItemProblemsError
from posthouse.core.templates.library.folder import blamed, library_files, problems_of, read_shelf
from posthouse.core.templates.library.model import ItemKind, ItemSource
from posthouse.core.templates.library.service import LibraryService
from posthouse.core.templates.model import TemplateSource
from posthouse.core.templates.places import SETTINGS, file_of, line_in, place_of
from posthouse.core.templates.press import stopped
from posthouse.core.templates.proofs import Proofs
from posthouse.core.templates.service import TemplateService

_SHOWN = 5


class Trouble(FieldProblem, frozen=True):
    """A problem, and whose it is. ``file`` is relative to the template's folder, ``line`` 0 where it is not known."""

    template: str = ""
    """A key, or ``block KEY`` and ``theme KEY`` of the library."""
    file: str = ""
    line: int = 0

    @property
    def told(self) -> str:
        """``order-confirmation/email.en.mjml:12: what is wrong``."""
        where = self.file if " " in self.template else "/".join(filter(None, (self.template, self.file)))
        place = f"{where}:{self.line}: " if self.line else f"{where}: "
        if self.detail.startswith(place):
            return self.detail
        return place + self.detail.removeprefix(f"{self.file}: ").removeprefix(f"line {self.line}: ")


class Refused(msgspec.Struct, frozen=True):
    """A template, or an item of the library, that cannot be pushed as it is."""

    name: str
    error: PosthouseError
    troubles: tuple[Trouble, ...]
    library: bool = False


class Tree(msgspec.Struct, frozen=True):
    """What a folder holds, and what of it is refused."""

    sources: tuple[TemplateSource, ...]
    items: tuple[ItemSource, ...]
    refused: tuple[Refused, ...] = ()
    broken: frozenset[tuple[ItemKind, str]] = frozenset()
    """Blocks and themes that cannot be read."""
    written: Mapping[str, bytes] = {}
    """The files by their paths, and those of a template by its key, a line break and their names in its folder."""

    @property
    def keys(self) -> list[str]:
        """Of every template, refused or not."""
        return [one.key for one in self.sources] + [one.name for one in self.refused if not one.library]

    def refuse(self) -> None:
        """Raises what was found: the problem of the only one as it is, those of several under their names.

        Raises:
            TreeProblemsError: several are refused.
            PosthouseError: one is.
        """
        if len(self.refused) == 1:
            (only,) = self.refused
            only.error.fields = only.troubles
            raise only.error
        if self.refused:
            names = [one.name for one in self.refused]
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            raise TreeProblemsError(
                f"{len(names)} of {len(self.sources) + len(self.items) + len(names)} have problems, and nothing was pushed: "
                f"{', '.join(names[:_SHOWN])}{more}",
                fields=[_under(trouble) for one in self.refused for trouble in one.troubles],
            )


def read_all(files: Mapping[str, bytes], name: str = "") -> Tree:
    """Reads a folder that is a template or holds templates and a library; what cannot be read does not hide the rest.

    Args:
        files: contents by path.
        name: the folder's own name.

    Raises:
        TemplateProblemsError: there is no template in it, nor anything of a library.
    """
    refused: list[Refused] = []
    shelf = read_shelf(files)
    if shelf.problems:
        told = tuple([_of_file(one, "", files) for one in shelf.problems])
        refused.append(Refused("library", problems_of(shelf.problems), told, library=True))
    if library_files(files) and not any(is_template_name(path.rpartition("/")[2]) for path in files):
        return Tree((), tuple(shelf.sources), tuple(refused), shelf.broken, files)
    sources: dict[str, TemplateSource] = {}
    places: dict[str, str] = {}
    written: dict[str, bytes] = dict(files)
    for folder, held in template_folders(files).items():
        word = folder.rpartition("/")[2] or name
        try:
            source = read_folder(held, word)
            if source.key in sources:
                raise _twice(source.key, folder, places[source.key])
            sources[source.key], places[source.key] = source, folder
            written |= {f"{source.key}\n{file}": content for file, content in held.items()}
        except TemplateProblemsError as error:
            refused.append(Refused(word, error, tuple([_of_file(one, word, held) for one in error.fields])))
    return Tree(tuple(sources.values()), tuple(shelf.sources), tuple(refused), shelf.broken, written)


async def proved(
    templates: TemplateService,
    library: LibraryService,
    workspace_id: Id,
    tree: Tree,
    *,
    publish: bool = False,
    percent: int | None = None,
    base: Mapping[str, str] | None = None,
    proofs: Proofs | None = None,
) -> Tree:
    """The tree with everything refused that cannot be pushed as it is; nothing is kept.

    Templates are compiled with the tree's own blocks and themes, as if these were live. See :meth:`TemplateService.push` for the rest.
    """
    refused = list(tree.refused)
    for item in tree.items:
        try:
            await library.save_source(workspace_id, item, dry=True)
        except ItemProblemsError as error:
            name = f"{item.kind.value} {item.key}"
            file = f"{item.kind.folder}/{item.key}.json"
            found = [_at(one, name, file, _line(tree, file, one.pointer)) for one in error.fields]
            refused.append(Refused(name, error, tuple(found), library=True))
    sound = []
    for source in tree.sources:
        try:
            await templates.push(
                workspace_id,
                source,
                publish,
                base=(base or {}).get(source.key),
                dry=True,
                percent=percent,
                over=tree.items,
                proofs=proofs,
            )
            sound.append(source)
        except PosthouseError as error:
            fields = error.fields or (FieldProblem("", error.detail, error.slug),)
            blame = [msgspec.structs.replace(one, detail=blamed(one.detail, tree.broken)) for one in fields]
            refused.append(Refused(source.key, error, tuple([_of_source(one, source, tree) for one in blame])))
    return msgspec.structs.replace(tree, sources=tuple(sound), refused=tuple(refused))


def _twice(key: str, folder: str, other: str) -> TemplateProblemsError:
    detail = f"template.toml: the key {key!r} is that of the folder {other!r} too; give {folder!r} another one"
    return TemplateProblemsError(detail, fields=[FieldProblem("/template.toml", detail, "ambiguous")])


def _of_file(problem: FieldProblem, template: str, files: Mapping[str, bytes]) -> Trouble:
    """A problem of reading."""
    return _at(problem, template, *file_of(problem, files))


def _at(problem: FieldProblem, template: str, file: str, line: int = 0) -> Trouble:
    return Trouble(problem.pointer, problem.detail, problem.code, template, file, line)


def _of_source(problem: FieldProblem, source: TemplateSource, tree: Tree) -> Trouble:
    """A problem of compiling: its pointer is into the source."""
    found, (file, inside) = stopped(source, problem), place_of(source, problem.pointer)
    line = found.line or line_in(tree.written, f"{source.key}\n{file}", inside)
    return _at(problem, source.key, file or SETTINGS, line)


def _line(tree: Tree, file: str, inside: str) -> int:
    """In a file of the library, wherever its folder stands."""
    path = next((path for path in tree.written if path == file or path.endswith(f"/{file}")), "")
    return line_in(tree.written, path, inside)


def _under(trouble: Trouble) -> Trouble:
    """The same among those of other templates."""
    pointer = f"/{trouble.template}{trouble.pointer}" if trouble.template else trouble.pointer
    return msgspec.structs.replace(trouble, pointer=pointer, detail=trouble.told)
