"""Which items of the library a template names."""

from collections.abc import Iterable
from typing import Any

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.document import Shared, Slot
from posthouse.core.templates.document_reading import blocks_of, read_document
from posthouse.core.templates.library.model import ItemKind, ItemSource, Use
from posthouse.core.templates.model import TemplateSource

DEFAULT_THEME = Use(ItemKind.THEME, "")


def uses_of(source: TemplateSource) -> tuple[Use, ...]:
    """Every use once, in order. A document that cannot be read uses nothing: publishing will say what is wrong with it."""
    seen: list[tuple[dict[str, Any], bool]] = []
    found: set[Use] = set()
    for variant in source.variants:
        document, own = variant.document, variant.theme is not None
        if document is None or any(was == own and one == document for one, was in seen):
            continue
        seen.append((document, own))
        found.update(_uses(document, own_theme=own))
    return tuple(sorted(found, key=lambda use: (use.kind, use.key, use.pinned or 0)))


def named_by(sources: Iterable[TemplateSource], items: Iterable[ItemSource]) -> list[ItemSource]:
    """The blocks and themes that templates name, and the default theme where one names none."""
    uses = {(use.kind, use.key) for source in sources for use in uses_of(source)}
    return [item for item in items if {(item.kind, item.key), (item.kind, "" if item.default else item.key)} & uses]


def follows(uses: Iterable[Use], kind: ItemKind, key: str, *, default: bool) -> bool:
    """Whether a new live version of an item changes a template; ``default``: the item is, or becomes, the default theme."""
    return any(
        use.pinned is None and use.kind is kind and (use.key == key or (default and not use.key)) for use in uses
    )


def _uses(raw: dict[str, Any], *, own_theme: bool) -> set[Use]:
    try:
        document = read_document(raw)
    except ValidationError:
        return set()
    found = {
        Use(ItemKind.BLOCK, block.key, block.version)
        for _, block in blocks_of(document.blocks)
        if isinstance(block, Shared)
    }
    found |= {
        Use(ItemKind.BLOCK, block.block)
        for _, block in blocks_of(document.blocks)
        if isinstance(block, Slot) and block.block is not None
    }
    if document.theme is not None:
        found.add(Use(ItemKind.THEME, document.theme.key, document.theme.version))
    elif not own_theme:
        found.add(DEFAULT_THEME)
    return found
