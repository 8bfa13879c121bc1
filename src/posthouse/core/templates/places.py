"""The file and the line of a problem: its pointer leads into the source, people look into files (docs/howto/templates.md)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.json_places import line_of
from posthouse.core.templates.lint.content import body_file
from posthouse.core.templates.model import TemplateSource

SETTINGS: Final = "template.toml"
_VARIANT: Final = re.compile(r"/variants/(\d+)(?P<inside>.*)", re.DOTALL)
_TEST: Final = re.compile(r"/tests/([^/]+)(?P<inside>.*)", re.DOTALL)
_PARTS: Final = {"/sample": "sample.json", "/schema": "schema.json"}
_LOCALE: Final = "…"


def place_of(source: TemplateSource, pointer: str) -> tuple[str, str]:
    """The file, and the pointer inside it where it is JSON; both empty where the file is not known."""
    if found := _TEST.match(pointer):
        return f"tests/{found[1]}.json", found["inside"]
    if pointer.startswith("/attachments"):
        return SETTINGS, ""
    for begin, file in _PARTS.items():
        if pointer == begin or pointer.startswith(f"{begin}/"):
            return file, pointer.removeprefix(begin)
    variant = _VARIANT.match(pointer)
    if variant is None or int(variant[1]) >= len(source.variants):
        return "", ""
    for part, file in (("/document", "email.json"), ("/theme", "theme.json")):
        if variant["inside"].startswith(part):
            return file, variant["inside"].removeprefix(part)
    return body_file(source.variants[int(variant[1])]), ""


def file_of(problem: FieldProblem, files: Mapping[str, bytes]) -> tuple[str, int]:
    """File and line of a problem of reading: its pointer begins with the file."""
    path = problem.pointer.removeprefix("/")
    file = max([name for name in files if path == name or path.startswith(f"{name}/")], key=len, default=path)
    return file, line_in(files, file, path.removeprefix(file))


def line_in(files: Mapping[str, bytes], file: str, inside: str) -> int:
    """The line of a place in a file of JSON; 0 where it cannot be told."""
    if not inside or file not in files:
        return 0
    return line_of(files[file].decode("utf-8-sig", "replace"), inside)


def gathered(source: TemplateSource, problems: Sequence[FieldProblem]) -> list[FieldProblem]:
    """What several languages have in common, once, with these languages; its pointer is that of the first."""
    together: dict[tuple[str, str, str], list[tuple[FieldProblem, str]]] = {}
    for problem in problems:
        variant = _VARIANT.match(problem.pointer)
        index = int(variant[1]) if variant else -1
        locale = source.variants[index].locale if 0 <= index < len(source.variants) else ""
        channel = source.variants[index].channel if locale else ""
        inside = f"{channel}{variant['inside']}" if variant else problem.pointer
        together.setdefault((inside, _bare(problem.detail, source, locale), problem.code), []).append((problem, locale))
    return [_one(held) for held in together.values()]


def _bare(detail: str, source: TemplateSource, locale: str) -> str:
    """What is said, whatever the language it is said of."""
    if locale:
        return detail.replace(repr(locale), _LOCALE).replace(f"email.{locale}", f"email.{_LOCALE}")
    for one in source.variants:
        detail = detail.replace(f"{one.channel}.{one.locale}", f"{one.channel}.{_LOCALE}")
    return detail


def _one(held: Sequence[tuple[FieldProblem, str]]) -> FieldProblem:
    (first, _), others = held[0], held[1:]
    locales = list(dict.fromkeys(locale for _, locale in held if locale))
    if not others or not locales:
        return first
    return msgspec.structs.replace(first, detail=f"{first.detail} ({len(locales)} languages: {', '.join(locales)})")
