"""Reads blocks and themes strictly: from JSON to what may be kept."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.document import VERSION, Block, Shared, Slot
from posthouse.core.templates.document_reading import block_problems, blocks_of, read_theme, texts_of
from posthouse.core.templates.library.model import ItemKind, ItemSource
from posthouse.core.templates.reading import read_typed
from posthouse.core.templates.theme import Theme

KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_NESTED: Final = "a block of the library cannot use another one; put its content here"

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Description = Annotated[str, Meta(max_length=2000)]


class BlockFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A block of the library: blocks as a document has them, with their own variables and a sample of these."""

    name: Name
    blocks: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=50)]
    description: Description = ""
    sample: dict[str, Any] = {}


class ThemeFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A theme of the library. ``default``: the look of documents that name no theme."""

    name: Name
    tokens: Theme
    description: Description = ""
    default: bool = False


def read_item(kind: ItemKind, key: str, raw: Any) -> ItemSource:
    """The source of an item, kept as it was written.

    Raises:
        ValidationError: with the pointer of what is wrong.
    """
    if not KEY.fullmatch(key):
        detail = f"the key {key[:100]!r} must be made of lower-case letters, digits, '-', '_' and '.' (at most 100)"
        raise ValidationError(detail, fields=[FieldProblem("", detail, "key")])
    if kind is ItemKind.THEME:
        theme = read_typed(raw, ThemeFile, "theme")
        return ItemSource(kind, key, theme.name, raw["tokens"], theme.description, default=theme.default)
    block = read_typed(raw, BlockFile, "block")
    _refuse(block.blocks)
    return ItemSource(kind, key, block.name, {"blocks": raw["blocks"]}, block.description, block.sample)


def as_written(source: ItemSource) -> dict[str, Any]:
    """The JSON that :func:`read_item` reads, without what says nothing."""
    written: dict[str, Any] = {"name": source.name}
    if source.description:
        written["description"] = source.description
    if source.kind is ItemKind.THEME:
        return written | ({"default": True} if source.default else {}) | {"tokens": source.content}
    return written | {"blocks": source.content["blocks"]} | ({"sample": source.sample} if source.sample else {})


def read_blocks(content: Any) -> tuple[Block, ...]:
    """The typed blocks of a library block's content. ValidationError with the pointer of what is wrong."""
    blocks = read_typed(content, _Blocks, "block").blocks
    _refuse(blocks)
    return blocks


def check_content(source: ItemSource) -> None:
    """Reads the content again. ValidationError with the pointer of what is wrong."""
    if source.kind is ItemKind.THEME:
        read_theme(source.content)
    else:
        read_blocks(source.content)


def proof_document(source: ItemSource) -> tuple[dict[str, Any], tuple[str, ...]]:
    """A document that holds nothing but this block, or that names most of what a theme gives; and its locales."""
    if source.kind is ItemKind.THEME:
        blocks: list[dict[str, Any]] = [
            {"type": "image", "id": "logo", "src": "theme:logo"},
            {"type": "heading", "id": "title", "text": {"en": "Title"}},
            {"type": "text", "id": "words", "text": {"en": "Words"}},
            {"type": "button", "id": "go", "label": {"en": "Go"}, "url": "https://www.example.com/"},
        ]
        return {"version": VERSION, "subject": {"en": source.name}, "blocks": blocks}, ("en",)
    typed_blocks = read_blocks(source.content)
    locales = tuple(sorted({locale for block in typed_blocks for _, texts in texts_of(block) for locale in texts})) or (
        "en",
    )
    subject = dict.fromkeys(locales, "-")
    return {"version": VERSION, "subject": subject, "blocks": source.content["blocks"]}, locales


class _Blocks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of a block."""

    blocks: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=50)]


def _refuse(blocks: tuple[Block, ...]) -> None:
    if problems := [*block_problems(blocks), *_nested(blocks)]:
        raise ValidationError(f"The block has problems: {problems[0].detail}", fields=problems)


def _nested(blocks: tuple[Block, ...]) -> Iterator[FieldProblem]:
    for pointer, block in blocks_of(blocks):
        if isinstance(block, Shared) or (isinstance(block, Slot) and block.block is not None):
            yield FieldProblem(pointer, _NESTED, "shared")
