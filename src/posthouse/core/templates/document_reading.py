"""Reads an e-mail document strictly, and says what is wrong with a JSON pointer to it."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.conditions import ConditionError, check_condition
from posthouse.core.templates.document import Block, Columns, EmailDocument
from posthouse.core.templates.locales import fallbacks
from posthouse.core.templates.reading import read_typed
from posthouse.core.templates.theme import Theme


def read_document(raw: Any) -> EmailDocument:
    """The typed document.

    Raises:
        ValidationError: with the pointer of what is wrong: a field, two blocks of one id, a condition.
    """
    document = read_typed(raw, EmailDocument, "document")
    if problems := list(block_problems(document.blocks)):
        raise ValidationError(f"The document has problems: {problems[0].detail}", fields=problems)
    return document


def read_theme(raw: Any) -> Theme:
    """The typed theme. ValidationError with the pointer of what is wrong."""
    return read_typed(raw, Theme, "theme")


def blocks_of(blocks: Sequence[Block]) -> Iterator[tuple[str, Block]]:
    """Every block with its pointer, columns before what they hold."""
    for index, block in enumerate(blocks):
        pointer = f"/blocks/{index}"
        yield pointer, block
        if isinstance(block, Columns):
            for place, column in enumerate(block.columns):
                for inner, leaf in enumerate(column.blocks):
                    yield f"{pointer}/columns/{place}/blocks/{inner}", leaf


def locales_of(raw: Any) -> tuple[str, ...]:
    """Every locale that a document speaks anywhere, sorted.

    Raises:
        ValidationError: as :func:`read_document`.
    """
    document = read_document(raw)
    return tuple(sorted(frozenset(locale for _, texts in texts_of(document) for locale in texts)))


def texts_of(part: Any, pointer: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """Every field that holds words by locale, with its pointer."""
    if isinstance(part, msgspec.Struct):
        for field in part.__struct_fields__:
            yield from texts_of(getattr(part, field), f"{pointer}/{field}")
    elif isinstance(part, tuple):
        for index, inner in enumerate(part):
            yield from texts_of(inner, f"{pointer}/{index}")
    elif isinstance(part, dict) and part:
        yield pointer, part


def nearest(texts: dict[str, str], locale: str, default: str) -> str | None:
    """The locale whose words are taken: the locale itself, what it falls back to, or None."""
    if locale in texts:
        return locale
    known = {word.lower(): word for word in texts}
    return next((known[word] for word in fallbacks(locale, default) if word in known), None)


def block_problems(blocks: Sequence[Block]) -> Iterator[FieldProblem]:
    """What the types do not say: ids that are there twice, columns that are too wide, conditions."""
    seen: dict[str, str] = {}
    for pointer, block in blocks_of(blocks):
        if block.id in seen:
            detail = f"the id {block.id!r} is that of {seen[block.id]} too; each block has its own"
            yield FieldProblem(f"{pointer}/id", detail, "ambiguous")
        seen.setdefault(block.id, pointer)
        if isinstance(block, Columns) and sum(column.width or 0 for column in block.columns) > 100:
            yield FieldProblem(f"{pointer}/columns", "the widths are over 100 percent together", "width")
        yield from _conditions(block, pointer)


def _conditions(part: Any, pointer: str) -> Iterator[FieldProblem]:
    """Conditions of a block and of its rows; blocks inside columns come by themselves."""
    source = getattr(part, "show_if", "")
    if source:
        try:
            check_condition(source)
        except ConditionError as error:
            yield FieldProblem(f"{pointer}/show_if", str(error), "condition")
    for field in ("totals", "items"):
        for index, row in enumerate(getattr(part, field, ())):
            yield from _conditions(row, f"{pointer}/{field}/{index}")
