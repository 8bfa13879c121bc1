"""What HTML that somebody wrote owes to those who do not see it, or see it in the dark. Documents and MJML have it from us."""

from collections.abc import Iterator
from typing import Final

from posthouse.core.templates.lint.model import Finding
from posthouse.core.templates.lint.rules import finding
from posthouse.rendering.formats.tongue import right_to_left
from posthouse.rendering.lint.reader import DYNAMIC, Document, Element

_LAYOUT: Final = frozenset({"table", "img", "p", "h1", "h2", "h3", "h4", "h5", "h6", "div"})
"""What cells of a layout hold; a table of data holds words and figures."""
_DATA: Final = frozenset({"th", "caption"})


def look_at_access(source: Document, locale: str, file: str, pointer: str) -> Iterator[Finding]:
    """Language and direction of the page, roles of its tables, and what it says about the dark."""
    for page in source.elements:
        if page.name == "html":
            for detail in _language(page, locale):
                yield finding("html-lang", detail, pointer=pointer, file=file, line=page.line)
            if not _says_scheme(source):
                told = "there is no meta color-scheme"
                yield finding("dark-scheme", told, pointer=pointer, file=file, line=page.line)
            break
    for table in _layout_tables(source):
        told = 'a table for the layout has no role="presentation"'
        yield finding("table-role", told, pointer=pointer, file=file, line=table.line)


def _language(page: Element, locale: str) -> Iterator[str]:
    given, wanted = page.get("lang"), locale.replace("_", "-")
    if not given:
        yield f'<html> has no lang; write lang="{wanted}"'
    elif DYNAMIC not in given and given.partition("-")[0].lower() != wanted.partition("-")[0].lower():
        yield f'<html> says lang="{given}", and the variant is written in {wanted!r}'
    direction = page.get("dir").lower()
    if right_to_left(locale) and direction != "rtl" and DYNAMIC not in direction:
        yield '<html> has no dir="rtl"'


def _says_scheme(source: Document) -> bool:
    return any(one.name == "meta" and one.get("name").lower() == "color-scheme" for one in source.elements)


def _layout_tables(source: Document) -> Iterator[Element]:
    """Tables without a role that hold what no table of data holds, by their lines."""
    around: dict[int, Element | None] = {}
    """The innermost table that an element is, or stands in: parents come before what they hold."""
    holds: dict[int, set[str]] = {}
    for element in source.elements:
        table = around.get(id(element.parent))
        around[id(element)] = element if element.name == "table" else table
        if table is not None:
            holds.setdefault(id(table), set()).add(element.name)
    for element in source.elements:
        inside = holds.get(id(element), set())
        if element.name == "table" and not element.get("role") and inside & _LAYOUT and not inside & _DATA:
            yield element
