"""The library as files: ``blocks/KEY.json`` and ``themes/KEY.json`` beside the template folders (docs/howto/templates.md)."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.library.content import as_written, read_item
from posthouse.core.templates.library.errors import ItemProblemsError
from posthouse.core.templates.library.model import Held, ItemKind, ItemSource, Library, Use

_FILE: Final = re.compile(r"(?:(?P<above>.*)/)?(?P<folder>blocks|themes)/(?P<key>[^/.][^/]*)\.json")
_KINDS: Final = {kind.folder: kind for kind in ItemKind}


def library_files(files: Mapping[str, Any]) -> dict[str, tuple[ItemKind, str]]:
    """Kind and key of every file of a tree that is an item of the library."""
    found = {}
    for path in files:
        match = _FILE.fullmatch(path.replace("\\", "/").removeprefix("./"))
        if match is not None:
            found[path] = (_KINDS[match["folder"]], match["key"])
    return found


def read_library(files: Mapping[str, bytes]) -> list[ItemSource]:
    """The items of a tree: themes first, then blocks, by key.

    Raises:
        ItemProblemsError: with every problem of every file, its path first.
    """
    read = read_shelf(files)
    if read.problems:
        raise problems_of(read.problems)
    return read.sources


class Shelf(NamedTuple):
    """The items of a tree that can be read, what is wrong with others, and which these are."""

    sources: list[ItemSource]
    problems: list[FieldProblem]
    broken: frozenset[tuple[ItemKind, str]]


def read_shelf(files: Mapping[str, bytes]) -> Shelf:
    """The same, where one that cannot be read does not hide the others."""
    problems: list[FieldProblem] = []
    sources: list[ItemSource] = []
    broken: set[tuple[ItemKind, str]] = set()
    places: dict[tuple[ItemKind, str], str] = {}
    for path, (kind, key) in sorted(library_files(files).items()):
        if (kind, key) in places:
            problems.append(
                FieldProblem(f"/{path}", f"{path}: {places[kind, key]} is the same {kind.value}", "ambiguous")
            )
            continue
        places[kind, key] = path
        try:
            sources.append(read_item(kind, key, _json(files[path])))
        except ValidationError as error:
            fields = error.fields or (FieldProblem("", error.detail),)
            problems.extend(FieldProblem(f"/{path}{one.pointer}", f"{path}: {one.detail}", one.code) for one in fields)
            broken.add((kind, key))
    sources.sort(key=lambda one: (one.kind is ItemKind.BLOCK, one.key))
    return Shelf(sources, problems, frozenset(broken))


def problems_of(problems: Sequence[FieldProblem]) -> ItemProblemsError:
    """The error that tells them."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return ItemProblemsError(f"The library has problems: {problems[0].detail}{more}", fields=problems)


def blamed(detail: str, broken: Collection[tuple[ItemKind, str]]) -> str:
    """What is said to be missing is there, if its file could not be read: that is what has to be mended."""
    for kind, key in broken:
        if f"there is no {kind.value} {key!r}" in detail:
            return f"the {kind.value} {key!r} cannot be read; mend {kind.folder}/{key}.json"
    return detail


def written_item(source: ItemSource) -> tuple[str, bytes]:
    """The file of an item: its path and content, the same for the same source."""
    text = msgspec.json.format(msgspec.json.encode(as_written(source)), indent=2)
    return f"{source.kind.folder}/{source.key}.json", text + b"\n"


def library_of(sources: Iterable[ItemSource], uses: Iterable[Use]) -> Library:
    """What uses stand for in a folder, where every version is the one that is there."""
    sources = list(sources)
    found = {(one.kind, one.key): one for one in sources}
    usual = next((one for one in sources if one.default), None)
    held = [(use, found.get((use.kind, use.key)) if use.key else usual) for use in uses]
    return Library(
        tuple([(use, Held(one.key, 0, one.content)) for use, one in held if one is not None]),
        tuple(sorted(one.key for one in sources if one.kind is ItemKind.BLOCK)),
        tuple(sorted(one.key for one in sources if one.kind is ItemKind.THEME)),
    )


def _json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValidationError(f"is not valid JSON: {error}") from None
