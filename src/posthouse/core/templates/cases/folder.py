"""Cases among a template's files: ``tests/NAME.json``, golden renderings beside them."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.moments import read_moment
from posthouse.core.templates.cases.model import Case, Written
from posthouse.core.templates.reading import read_typed

FOLDER: Final = "tests"
_GOLDEN: Final = re.compile(r"tests/(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,63})\.golden\.(?P<kind>html|txt|json)")
_CASE: Final = re.compile(r"tests/(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,63})\.json")

Add = Callable[[str, str, str], None]
"""Takes a problem: file with its place, detail, code."""


def with_cases(folders: Mapping[str, Mapping[str, bytes]], folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    """A folder's files and, as ``tests/NAME``, those of its folder ``tests``."""
    held = folders.get(f"{folder}/{FOLDER}" if folder else FOLDER, {})
    return files | {f"{FOLDER}/{name}": content for name, content in held.items()}


def take_cases(texts: dict[str, str], add: Add) -> tuple[Case, ...]:
    """Takes the files of ``tests/`` out of ``texts``, sorted by name."""
    golden: dict[str, dict[str, str]] = {}
    cases: dict[str, Written] = {}
    for path in sorted(path for path in texts if path.startswith(f"{FOLDER}/")):
        text = texts.pop(path)
        if found := _GOLDEN.fullmatch(path):
            golden.setdefault(found["name"], {})[found["kind"]] = text
        elif found := _CASE.fullmatch(path):
            if (written := _read(path, text, add)) is not None:
                cases[found["name"]] = written
        else:
            add(
                path,
                "a case is tests/NAME.json (letters, digits, - and _), its golden files NAME.golden.html…",
                "unknown",
            )
    for name in golden.keys() - cases.keys():
        add(f"{FOLDER}/{name}.json", "is missing: there are golden files for it", "missing")
    return tuple([Case(name, written, golden.get(name, {})) for name, written in sorted(cases.items())])


def _read(path: str, text: str, add: Add) -> Written | None:
    try:
        raw: Any = msgspec.json.decode(text)
        written = read_typed(raw, Written, "case")
        read_moment(written.at)
    except msgspec.DecodeError as error:
        add(path, f"is not valid JSON: {error}", "invalid")
    except ValidationError as error:
        for found in error.fields:
            add(f"{path}{found.pointer}", found.detail, found.code)
    except ValueError as error:
        add(f"{path}/at", f"{error}; such as 2026-01-15T12:00:00Z", "bad-time")
    else:
        return written
    return None
