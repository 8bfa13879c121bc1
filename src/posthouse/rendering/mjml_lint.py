"""Says what the MJML compiler would pass over in silence, with line numbers."""

import re
from collections.abc import Iterator
from typing import Final

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.rendering.guard import SALT, Guarded, Place
from posthouse.rendering.mjml_vocabulary import ATTRIBUTES, EVERYWHERE, LAYOUT, NO_TAGS_INSIDE
from posthouse.rendering.mrml import MAX_DEPTH
from posthouse.rendering.remembering import remembered_with
from posthouse.rendering.tags import Kind, line_of

_TAG: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<close>/?)(?P<name>mj[\w-]*+)(?P<rest>(?>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*))>",
    re.DOTALL,
)
"""XML has no < in a value: so nothing is read over and over again that never ends."""
_ATTRIBUTE: Final = re.compile(r"([\w:-]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
_UNCLOSED: Final = re.compile(r"<(br|hr|img|input|wbr)\b((?>(?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*))(?<!/)>")
_RAW_PLACEHOLDER: Final = re.compile(r"<mj-raw><!--[0-9a-z]+z--></mj-raw>")


def lint(original: str, protected: str, guarded: list[Guarded], pointer: str) -> Iterator[FieldProblem]:
    """Every problem of one protected source (its lines are those of the author's)."""
    source = _RAW_PLACEHOLDER.sub(lambda found: " " * len(found[0]), protected)
    found_tags = list(_TAG.finditer(source))
    yield from _tags(original, guarded, pointer)
    yield from _layout_attributes(source, found_tags, guarded, pointer)
    if (cdata := source.find("<![CDATA[")) >= 0:
        yield _problem(
            "mjml-cdata",
            pointer,
            line_of(source, cdata),
            "write the text without CDATA; use &lt; and &amp; for < and &",
        )
    for found in _UNCLOSED.finditer(source):
        yield _problem(
            "mjml-syntax",
            pointer,
            line_of(source, found.start()),
            f"close <{found[1]}> as <{found[1]}{found[2].rstrip()} />",
        )
    yield from _elements(source, found_tags, pointer)


def _elements(source: str, found_tags: list[re.Match[str]], pointer: str) -> Iterator[FieldProblem]:
    stack: list[str] = []
    for found in found_tags:
        name = found["name"]
        if name is None:
            continue
        if found["close"]:
            if name in stack:
                del stack[len(stack) - 1 - stack[::-1].index(name) :]
            continue
        if len(stack) > MAX_DEPTH:  # each look at what is open would take longer than the one before
            line = line_of(source, found.start())
            yield _problem("mjml-syntax", pointer, line, f"over {MAX_DEPTH} elements inside each other")
            return
        bare = "mj-wrapper" in stack and "mj-section" not in stack
        for rule, detail in _wrong(name, found["rest"], bare=bare, defaults="mj-attributes" in stack):
            yield _problem(rule, pointer, line_of(source, found.start()), detail)
        if not found["rest"].rstrip().endswith("/"):
            stack.append(name)


@remembered_with(1_024)
def _wrong(name: str, rest: str, *, bare: bool, defaults: bool) -> tuple[tuple[str, str], ...]:
    """Rules that an element breaks, and how. Themes and blocks write the same elements again and again.

    Args:
        name: of the element.
        rest: what stands behind the name in its tag.
        bare: whether it stands in a wrapper, but in no section.
        defaults: whether it stands in ``mj-attributes``.
    """
    return tuple(_broken(name, rest, bare=bare, defaults=defaults))


def _broken(name: str, rest: str, *, bare: bool, defaults: bool) -> Iterator[tuple[str, str]]:
    known = ATTRIBUTES.get(name)
    if known is None:
        yield "mjml-element", f"<{name}> is unknown{did_you_mean(name, ATTRIBUTES)}"
        return
    if name == "mj-raw" and bare:
        yield (
            "mjml-raw",
            "<mj-raw> directly inside <mj-wrapper> ends up inside an Outlook comment; put it into a column",
        )
    attributes = {found[1]: found[2][1:-1] for found in _ATTRIBUTE.finditer(rest)}
    if not defaults:
        for attribute in attributes.keys() - known - EVERYWHERE:
            yield "mjml-attribute", f"<{name}> has no attribute {attribute!r}{did_you_mean(attribute, known)}"
    if len(attributes.get("mj-class", "").split()) > 1:
        yield (
            "mjml-class",
            "give one mj-class only: of several, mail clients would see the first and MJML means the last",
        )
    if name in {"mj-image", "mj-carousel-image"} and "alt" not in attributes and not defaults:
        yield "mjml-alt", f'<{name}> needs alt: say what it shows, or alt="" when it is decoration'
    if name == "mj-style" and "inline" in rest:
        told = "mj-style inline is not supported: inlining would break loops; use attributes or mj-attributes"
        yield "mjml-style", told


def _tags(original: str, guarded: list[Guarded], pointer: str) -> Iterator[FieldProblem]:
    for held in guarded:
        if held.place not in {Place.BETWEEN, Place.STRUCTURE}:
            continue
        line = line_of(original, held.piece.start)
        if held.place == Place.BETWEEN:
            detail = (
                f"{held.piece.source} stands between attributes; put it into an attribute's value or around the element"
            )
            yield _problem("mjml-tag", pointer, line, detail)
        if held.place != Place.STRUCTURE:
            continue
        if held.piece.kind is not Kind.BLOCK:
            yield _problem(
                "mjml-tag", pointer, line, f"{held.piece.source} stands between elements; put it into an <mj-text>"
            )
        elif held.parent in NO_TAGS_INSIDE:
            yield _problem(
                "mjml-tag", pointer, line, f"{held.piece.source} cannot stand inside <{held.parent}>; put it around it"
            )


def _layout_attributes(
    protected: str, found_tags: list[re.Match[str]], guarded: list[Guarded], pointer: str
) -> Iterator[FieldProblem]:
    """Tags in attributes that the layout is reckoned with."""
    tokens = {held.token: held for held in guarded if held.place == Place.ATTRIBUTE}
    if not tokens:
        return
    for found in found_tags:
        if SALT not in (found["rest"] or ""):
            continue
        for attribute in _ATTRIBUTE.finditer(found["rest"] or ""):
            if attribute[1] in LAYOUT and any(token in attribute[2] for token in tokens):
                line = line_of(protected, found.start())
                yield _problem(
                    "mjml-layout",
                    pointer,
                    line,
                    f"{attribute[1]} of <{found['name']}> must be a constant: the layout needs it",
                )


def _problem(rule: str, pointer: str, line: int, detail: str) -> FieldProblem:
    return FieldProblem(pointer, f"line {line}: {detail}", rule)
