"""What large mail programs ignore or take out: by the tests of caniemail.com (caniemail.toml), with our advice (clients.toml)."""

import re
import tomllib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from posthouse.core.templates.lint.model import Finding
from posthouse.core.templates.lint.rules import finding
from posthouse.rendering.lint.reader import Document, Element

_DATA: Final = Path(__file__).with_name("clients.toml")
_TESTS: Final = Path(__file__).with_name("caniemail.toml")
_DECLARATION: Final = re.compile(r"(?:^|[;{])\s*(?P<name>[a-z-]+)\s*:\s*(?P<value>[^;{}]+)", re.IGNORECASE)
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_STYLES: Final = frozenset({"style", "mj-style"})


class Style(msgspec.Struct, frozen=True):
    """A style that some programs ignore. No ``values``: whatever its value."""

    property: str
    programs: tuple[str, ...]
    breaks: bool
    instead: str
    values: tuple[str, ...] = ()


class Taken(msgspec.Struct, frozen=True):
    """An element that some programs take out."""

    name: str
    programs: tuple[str, ...]
    instead: str


class Ignored(msgspec.Struct, frozen=True):
    """What the same programs leave out."""

    programs: tuple[str, ...]
    properties: tuple[str, ...]
    elements: tuple[str, ...]


class Tests(msgspec.Struct, frozen=True):
    """caniemail.toml."""

    date: str
    ignored: tuple[Ignored, ...]


class Support(msgspec.Struct, frozen=True):
    """clients.toml, and beside it what only the tests know."""

    date: str
    source: str
    css: tuple[Style, ...]
    element: tuple[Taken, ...]
    tested: str = ""
    """The day of the tests' data."""
    more: tuple[Style, ...] = ()
    """Properties without advice of ours."""
    unknown: tuple[Taken, ...] = ()
    """Elements without advice of ours: their words stay."""


@lru_cache(maxsize=1)
def support() -> Support:
    """The data, read at the first use. Where the tests know a style or an element, the programs are theirs."""
    ours = msgspec.convert(tomllib.loads(_DATA.read_text(encoding="utf-8")), Support)
    tests = msgspec.convert(tomllib.loads(_TESTS.read_text(encoding="utf-8")), Tests)
    styles = {name: one.programs for one in tests.ignored for name in one.properties}
    elements = {name: one.programs for one in tests.ignored for name in one.elements}
    advised, named = {one.property for one in ours.css}, {one.name for one in ours.element}
    return replace(
        ours,
        css=tuple(
            [one if one.values else replace(one, programs=styles.get(one.property, one.programs)) for one in ours.css]
        ),
        element=tuple([replace(one, programs=elements.get(one.name, one.programs)) for one in ours.element]),
        tested=tests.date,
        more=tuple(
            [Style(name, who, breaks=False, instead="") for name, who in sorted(styles.items()) if name not in advised]
        ),
        unknown=tuple([Taken(name, who, "") for name, who in sorted(elements.items()) if name not in named]),
    )


@lru_cache(maxsize=1)
def _by_name() -> tuple[dict[str, list[Style]], dict[str, Taken]]:
    styles: dict[str, list[Style]] = {}
    for style in (*support().css, *support().more):
        styles.setdefault(style.property, []).append(style)
    return styles, {taken.name: taken for taken in (*support().element, *support().unknown)}


def look_at_support(document: Document, file: str, pointer: str) -> Iterator[Finding]:
    """Each style and element once, at its first place."""
    seen: set[Any] = set()
    styles, taken = _by_name()
    for element in document.elements:
        gone = taken.get(element.name)
        if gone is not None and gone not in seen:
            seen.add(gone)
            rule = "element-unsupported" if gone.instead else "element-look"
            detail = f"<{gone.name}> is {'taken out' if gone.instead else 'not known'} by {_listed(gone.programs)}"
            detail += f": {gone.instead}" if gone.instead else ""
            yield finding(rule, detail, pointer=pointer, file=file, line=element.line)
    for css, line in _css(document):
        for style in _used(css, styles):
            if style not in seen:
                seen.add(style)
                yield _ignored(style, file, pointer, line)


def _ignored(style: Style, file: str, pointer: str, line: int) -> Finding:
    shown = f"{style.property}: {' or '.join(style.values)}" if style.values else style.property
    detail = f"{shown} is ignored by {_listed(style.programs)}" + (f": {style.instead}" if style.instead else "")
    rule = "css-unsupported" if style.breaks else "css-look"
    return finding(rule, detail, pointer=pointer, file=file, line=line)


def _css(document: Document) -> Iterator[tuple[str, int]]:
    for element in document.elements:
        if style := element.get("style"):
            yield style, element.line
    for words in document.words:
        if _in_style(words.parent):
            yield words.text, words.line


def _in_style(element: Element | None) -> bool:
    return element is not None and element.name in _STYLES


def _used(css: str, styles: dict[str, list[Style]]) -> Iterator[Style]:
    for found in _DECLARATION.finditer(_COMMENT.sub("", css)):
        value = found["value"].replace("!important", "").strip().lower()
        for style in styles.get(found["name"].lower(), ()):
            if not style.values or value in style.values:
                yield style


def _listed(programs: tuple[str, ...]) -> str:
    return " and ".join([*([", ".join(programs[:-1])] if len(programs) > 1 else []), programs[-1]])
