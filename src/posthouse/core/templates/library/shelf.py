"""Finds what templates name of the library."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.model import (
    NO_LIBRARY,
    Held,
    Item,
    ItemKind,
    ItemSource,
    ItemVersion,
    Library,
    Use,
)


class ItemReading(Protocol):
    """Reads blocks and themes (part of LibraryStore)."""

    async def items(self, workspace_id: Id, kind: ItemKind | None = None) -> Sequence[Item]:
        """All items (of a kind) by kind and key."""
        ...

    async def item_version(self, item_id: Id, number: int) -> ItemVersion | None:
        """One version."""
        ...


class OneLook:
    """Reads each item once, for work that asks again and again.

    Args:
        store: where items are.
    """

    def __init__(self, store: ItemReading) -> None:
        self._store = store
        self._items: dict[tuple[Id, ItemKind | None], Sequence[Item]] = {}
        self._versions: dict[tuple[Id, int], ItemVersion | None] = {}

    async def items(self, workspace_id: Id, kind: ItemKind | None = None) -> Sequence[Item]:
        """See ItemReading."""
        if (workspace_id, kind) not in self._items:
            self._items[workspace_id, kind] = await self._store.items(workspace_id, kind)
        return self._items[workspace_id, kind]

    async def item_version(self, item_id: Id, number: int) -> ItemVersion | None:
        """See ItemReading."""
        if (item_id, number) not in self._versions:
            self._versions[item_id, number] = await self._store.item_version(item_id, number)
        return self._versions[item_id, number]


class Shelf:
    """Gives compilations what they may use.

    Args:
        store: where items are.
    """

    def __init__(self, store: ItemReading) -> None:
        self._store = store

    async def library(
        self,
        workspace_id: Id,
        uses: Iterable[Use],
        *,
        drafts: bool = False,
        instead: Item | None = None,
        over: Sequence[ItemSource] = (),
    ) -> Library:
        """What these uses stand for; what is not there is left out, and the compiler says so at its place.

        Args:
            workspace_id: whose library.
            uses: as :func:`posthouse.core.templates.library.uses.uses_of` gives them.
            drafts: takes the draft of what was never published.
            over: sources that stand for what is live, as if they were published; with ``drafts``, for what never was.
            instead: an item whose draft stands for its live version, as if it were published.
        """
        wanted = list(uses)
        if not wanted:
            return NO_LIBRARY
        items = await self._store.items(workspace_id)
        live = {(one.kind, one.key) for one in items if one.version} if drafts else ()
        over = [one for one in over if (one.kind, one.key) not in live]
        found = []
        for use in wanted:
            held = _laid_over(over, use) or await self._find(items, use, instead, drafts=drafts)
            if held is not None:
                found.append((use, held))
        known: list[Item | ItemSource] = [*items, *over]
        return Library(tuple(found), _keys(known, ItemKind.BLOCK), _keys(known, ItemKind.THEME))

    async def _find(self, items: Sequence[Item], use: Use, instead: Item | None, *, drafts: bool) -> Held | None:
        item = _named(items, use, instead)
        if item is None:
            return None
        if use.pinned is None and instead is not None and item.id == instead.id:
            return Held(item.key, item.latest + 1, instead.draft.content)
        number = use.pinned or item.version
        version = await self._store.item_version(item.id, number) if number else None
        if version is not None:
            return Held(item.key, number, version.source.content)
        return Held(item.key, 0, item.draft.content) if drafts and not number else None


def _named(items: Sequence[Item], use: Use, instead: Item | None) -> Item | None:
    """The item that a use names; an empty key is the default theme, which ``instead`` may be about to become."""
    if use.key:
        return next((one for one in items if (one.kind, one.key) == (use.kind, use.key)), None)
    if instead is not None and instead.kind is ItemKind.THEME:
        if instead.draft.default:
            return instead
        items = [one for one in items if one.id != instead.id]
    return next((one for one in items if one.default and one.kind is use.kind), None)


def _laid_over(over: Sequence[ItemSource], use: Use) -> Held | None:
    """What a use stands for among sources; versions that are pinned are not among them."""
    if use.pinned is not None:
        return None
    for one in over:
        if one.kind is use.kind and (one.key == use.key or (not use.key and one.default)):
            return Held(one.key, 0, one.content)
    return None


def _keys(items: Sequence[Item | ItemSource], kind: ItemKind) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.key for one in items if one.kind is kind))
