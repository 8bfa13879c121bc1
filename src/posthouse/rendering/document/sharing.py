"""Blocks of the library in a document: put in place of what names them."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec.structs import replace

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.templates.document import Block, Column, Columns, Shared, Slot, Style, ThemeUse
from posthouse.core.templates.library.content import read_blocks
from posthouse.core.templates.library.model import Held, ItemKind, Library
from posthouse.rendering.document.writing import Writing

_MARK: Final = "#"
"""Stands in a pointer between the place in the document and the place in the library's block."""


def placed(
    writing: Writing, blocks: Sequence[Block], pointer: str, *, inside: bool = False
) -> Iterator[tuple[str, Block]]:
    """Blocks with their pointers, those of the library in place of what names them; ``inside``: of a column."""
    for index, block in enumerate(blocks):
        place = f"{pointer}/{index}"
        if isinstance(block, Shared):
            yield from _brought(writing, block, place, inside=inside)
            continue
        yield place, block
        if isinstance(block, Slot) and block.block is not None:
            yield from _brought(writing, _instead(block, block.block), place, inside=inside)


def missing(library: Library, kind: ItemKind, wanted: Shared | ThemeUse) -> str:
    """Says that the library has no such thing, and what it has."""
    known = library.known(kind)
    if wanted.key in known and wanted.version is not None:
        return f"the {kind.value} {wanted.key!r} has no version {wanted.version}"
    if wanted.key in known:
        return f"the {kind.value} {wanted.key!r} was never published; publish it first"
    there = f"; there are: {', '.join(known[:10])}" if known else f"; the library has no {kind.folder} yet"
    return f"there is no {kind.value} {wanted.key!r}{did_you_mean(wanted.key, known) or there}"


def told(problems: Sequence[FieldProblem]) -> tuple[FieldProblem, ...]:
    """Problems at the place in the document; what stands in a block of the library is named in the detail."""
    found = []
    for problem in problems:
        place, mark, rest = problem.pointer.partition(_MARK)
        detail = f"{rest.replace(_MARK, ': ')}: {problem.detail}" if mark else problem.detail
        found.append(FieldProblem(place, detail, problem.code))
    return tuple(dict.fromkeys(found))


def _brought(writing: Writing, shared: Shared, pointer: str, *, inside: bool) -> Iterator[tuple[str, Block]]:
    held = writing.library.find(ItemKind.BLOCK, shared.key, shared.version)
    if held is None:
        writing.refuse(pointer, missing(writing.library, ItemKind.BLOCK, shared), "unknown-block")
        return
    blocks = read_blocks(held.content)
    for index, block in enumerate(blocks):
        place = f"{pointer}{_MARK}{_name(held)}{_MARK}/blocks/{index}"
        if inside and isinstance(block, Columns):
            writing.refuse(place, "columns cannot stand inside a column; name the block on the first level", "shared")
            continue
        first, last = index == 0, index == len(blocks) - 1
        style = _style(shared.style, block.style, first=first, last=last)
        condition = _both(shared.show_if, block.show_if)
        yield place, _named(replace(block, style=style, show_if=condition), shared.id)


def _instead(slot: Slot, key: str) -> Shared:
    """What stands in a slot that the message leaves empty; its class tells the lint that it is promotion."""
    empty = f"slots is not defined or not slots.{slot.name}"
    return Shared(
        id=f"{slot.id}-ph-slot",
        key=key,
        style=slot.style,
        show_if=f"({slot.show_if}) and ({empty})" if slot.show_if else empty,
    )


def _name(held: Held) -> str:
    return f"block {held.key!r} ({f'version {held.version}' if held.version else 'draft'})"


def _both(outer: str, inner: str) -> str:
    return f"({outer}) and ({inner})" if outer and inner else outer or inner


def _style(outer: Style, inner: Style, *, first: bool, last: bool) -> Style:
    """The block's own style; what it leaves open comes from the place that names it."""
    return Style(
        align=inner.align or outer.align,
        color=inner.color or outer.color,
        ground=outer.ground if inner.ground == "none" else inner.ground,
        above=(inner.above or outer.above) if first else inner.above,
        below=(inner.below or outer.below) if last else inner.below,
    )


def _named(block: Block, prefix: str) -> Block:
    """Identifiers stay unique when a block is named twice."""
    block = replace(block, id=f"{prefix}-{block.id}")
    if not isinstance(block, Columns):
        return block
    columns = tuple(replace(column, blocks=_all_named(column, prefix)) for column in block.columns)
    return replace(block, columns=columns)


def _all_named(column: Column, prefix: str) -> tuple[Any, ...]:
    return tuple(replace(one, id=f"{prefix}-{one.id}") for one in column.blocks)
