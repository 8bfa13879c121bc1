"""The whole document: bands of page and card, sections, columns, head."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.templates.document import Block, Column, Columns, EmailDocument, Mjml
from posthouse.core.templates.library.model import NO_LIBRARY, Library
from posthouse.core.templates.theme import Theme
from posthouse.rendering.document import fragments
from posthouse.rendering.document.blocks import leaf
from posthouse.rendering.document.legible import look_at_dark_mode
from posthouse.rendering.document.markup import classes, element, room, shown_if
from posthouse.rendering.document.sharing import placed, told
from posthouse.rendering.document.styles import head
from posthouse.rendering.document.texts import escaped
from posthouse.rendering.document.writing import Writing, speaking

_GAP: Final = 12
"""Pixels on each inner side of a column."""
_Placed = tuple[str, Block]


class Built(msgspec.Struct, frozen=True):
    """A document in one locale, ready for the MJML compiler."""

    pattern: str
    """The MJML with something in place of what was said: the same for every language that says it in as many places."""
    said: tuple[str, ...]
    subject: str
    preheader: str
    inserts: dict[str, str]
    """HTML to be put in place of these comments after MJML has run."""
    problems: tuple[FieldProblem, ...]
    warnings: tuple[FieldProblem, ...]

    @property
    def mjml(self) -> str:
        """The MJML itself."""
        return speaking(self.pattern, self.said)


def build(document: EmailDocument, theme: Theme, locale: str, default: str, library: Library = NO_LIBRARY) -> Built:
    """Writes a document as MJML.

    Args:
        document: the document, as :func:`posthouse.core.templates.document_reading.read_document` gave it.
        theme: the tokens.
        locale: whose words to take.
        default: the locale to fall back to.
        library: the blocks that the document names.
    """
    writing = Writing(theme, locale, default, library)
    subject = writing.chosen(document.subject, "/subject")
    title = writing.words(document.subject, "/subject")
    preheader = escaped(writing.chosen(document.preheader, "/preheader", optional=True))
    blocks = list(placed(writing, document.blocks, "/blocks"))
    zones = [(zone, list(held)) for zone, held in groupby(blocks, key=_zone)]
    bands = [_band(writing, zone, held, first=index == 0) for index, (zone, held) in enumerate(zones)]
    body = "".join(bands) + (_edge(writing, blocks[-1]) if blocks else "")
    page = element(
        "mj-body", body, css_class="g-page", background_color=writing.color("page"), width=f"{theme.width}px"
    )
    classes = speaking(page, writing.said)  # in a text there may be links
    look_at_dark_mode(writing, classes)
    source = f"{head(writing, title, classes, own=writing.own_mjml)}\n{page}"
    return Built(
        pattern=element("mjml", source, lang=writing.spoken(locale), dir=writing.direction),
        said=tuple(writing.said),
        subject=subject,
        preheader=preheader,
        inserts=writing.inserts,
        problems=told(writing.problems),
        warnings=told(writing.warnings),
    )


def _zone(there: _Placed) -> str:
    block = there[1]
    if isinstance(block, Mjml) and block.level == "section":
        return "own"
    return "page" if block.style.ground == "page" else "card"


def _band(writing: Writing, zone: str, held: list[_Placed], *, first: bool) -> str:
    if zone == "own":
        return "".join([_own(writing, block, pointer) for pointer, block in held if isinstance(block, Mjml)])
    sections = "".join(_sections(writing, held))
    if zone == "page":
        return _edge(writing, held[0]) + sections
    theme = writing.theme
    rest = max(0, theme.spacing.gutter - theme.spacing.medium)
    return _edge(writing, held[0]) * first + element(
        "mj-wrapper",
        sections,
        css_class="g-surface",
        background_color=writing.color("surface"),
        border_radius=f"{theme.radii.card}px",
        padding=f"{theme.spacing.gutter}px 0 {rest}px 0",
        direction=writing.direction,
    )


def _own(writing: Writing, block: Mjml, pointer: str) -> str:
    writing.own_mjml = True
    return shown_if(block.show_if, fragments.own_mjml(writing, block.source, f"{pointer}/source", sections=True))


def _edge(writing: Writing, there: _Placed) -> str:
    """Room between the page's edge, or a card, and what stands at it."""
    if _zone(there) == "own":
        return ""
    column = element("mj-column", "", direction=writing.direction)
    return _section(writing, column, css_class="", padding=f"{writing.theme.spacing.large}px 0 0 0")


def _sections(writing: Writing, zone: Sequence[_Placed]) -> Iterator[str]:
    """Blocks that follow each other share a section; columns have one of their own."""
    width = writing.theme.width - 2 * writing.theme.spacing.gutter
    for is_columns, held in groupby(zone, key=lambda one: isinstance(one[1], Columns)):
        if is_columns:
            yield from (_columns(writing, one, pointer, width) for pointer, one in held if isinstance(one, Columns))
            continue
        blocks = [leaf(writing, one, pointer, width) for pointer, one in held if not isinstance(one, Columns)]
        column = element("mj-column", "".join(blocks), padding="0", direction=writing.direction)
        yield _section(writing, column, css_class="ph-section", padding=f"0 {writing.theme.spacing.gutter}px")


def _section(writing: Writing, inside: str, *, css_class: str, padding: str, behind: str = "") -> str:
    return element(
        "mj-section",
        inside,
        css_class=css_class,
        background_color=behind,
        padding=padding,
        direction=writing.direction,
    )


def _columns(writing: Writing, block: Columns, pointer: str, width: int) -> str:
    shares = _shares(block.columns)
    inside = "".join(
        [
            _column(writing, column, f"{pointer}/columns/{index}", (share, width, len(shares), index))
            for index, (column, share) in enumerate(zip(block.columns, shares, strict=True))
        ]
    )
    if not block.stack:
        inside = element("mj-group", inside, direction=writing.direction)
    above, _, below, _ = room(writing, block.style, "small").split()
    gutter = writing.theme.spacing.gutter
    tinted = block.style.ground in {"tint", "primary"}
    section = _section(
        writing,
        inside,
        css_class=classes(block.id, block.style, "", "ph-section"),
        padding=f"{above} {gutter}px {below} {gutter}px",
        behind=writing.color(block.style.ground) if tinted else "",
    )
    return shown_if(block.show_if, section)


def _column(writing: Writing, column: Column, pointer: str, place: tuple[int, int, int, int]) -> str:
    share, width, count, index = place
    first, last = index == 0, index == count - 1
    before, after = (0 if first else _GAP), (0 if last else _GAP)
    inner = max(8, width * share // 100 - before - after)
    blocks = [
        leaf(writing, one, place, inner)
        for place, one in placed(writing, column.blocks, f"{pointer}/blocks", inside=True)
        if not isinstance(one, Columns)
    ]
    left, right = (before, after) if writing.direction == "ltr" else (after, before)
    return element(
        "mj-column",
        "".join(blocks),
        css_class="ph-column",
        width=f"{share}%",
        padding=f"0 {right}px 0 {left}px",
        direction=writing.direction,
    )


def _shares(columns: Sequence[Column]) -> list[int]:
    """Percent of each column: its own, the rest evenly shared, at least ten."""
    free = 100 - sum(column.width or 0 for column in columns)
    open_ones = sum(column.width is None for column in columns)
    return [column.width or max(10, free // open_ones) for column in columns]
