"""Blocks and themes as they are written and looked at. Publishing them is :mod:`.publisher`'s."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.templates.errors import StaleDraftError
from posthouse.core.templates.library.content import proof_document, read_item
from posthouse.core.templates.library.errors import ItemProblemsError, UnknownItemError
from posthouse.core.templates.library.model import Item, ItemKind, ItemSource, ItemVersion
from posthouse.core.templates.library.ports import WithLibrary
from posthouse.core.templates.library.shelf import Shelf
from posthouse.core.templates.library.uses import DEFAULT_THEME
from posthouse.core.templates.model import Rendered, TemplateSource, VariantSource
from posthouse.core.templates.press import Job, Press, Printed

_NOBODY: Id = bytes(16)


class SavedItem(msgspec.Struct, frozen=True):
    """What saving did; the same source again changes nothing."""

    item: Item
    changed: bool


class ItemPreview(msgspec.Struct, frozen=True):
    """A block by itself, or a sheet that shows a theme, in each of its locales."""

    locales: tuple[str, ...]
    rendered: tuple[Rendered, ...]
    variables: tuple[str, ...]
    warnings: tuple[FieldProblem, ...]


class LibraryService:
    """What people and pipelines do with blocks and themes.

    Args:
        store: keeps them.
        press: proves them.
        ids: makes identifiers.
        clock: the time.
    """

    def __init__(self, store: WithLibrary, press: Press, ids: IdSource, clock: Clock) -> None:
        self._store = store
        self._shelf = Shelf(store)
        self._press = press
        self._ids = ids
        self._clock = clock

    async def list(self, workspace_id: Id, kind: ItemKind) -> Sequence[Item]:
        """All items of a kind by key."""
        return await self._store.items(workspace_id, kind)

    async def get(self, workspace_id: Id, kind: ItemKind, key: str) -> Item:
        """One item. UnknownItemError with the nearest known key."""
        item = await self._store.item(workspace_id, kind, key)
        if item is None:
            known = [one.key for one in await self._store.items(workspace_id, kind)]
            there = f"; there are: {', '.join(known[:10])}" if known else f"; the library has no {kind.folder} yet"
            raise UnknownItemError(f"There is no {kind.value} {key[:100]!r}{did_you_mean(key, known) or there}.")
        return item

    async def versions(self, workspace_id: Id, kind: ItemKind, key: str) -> Sequence[ItemVersion]:
        """Published versions, newest first."""
        return await self._store.item_versions((await self.get(workspace_id, kind, key)).id)

    async def version(self, workspace_id: Id, kind: ItemKind, key: str, number: int) -> ItemVersion:
        """One version. UnknownItemError names the latest."""
        item = await self.get(workspace_id, kind, key)
        found = await self._store.item_version(item.id, number)
        if found is None:
            newest = f"the latest is {item.latest}" if item.latest else "it was never published"
            raise UnknownItemError(f"The {kind.value} {key!r} has no version {number}; {newest}.")
        return found

    async def save(
        self, workspace_id: Id, kind: ItemKind, key: str, raw: Any, expected: str | None = None
    ) -> SavedItem:
        """Keeps a draft. The same again does nothing.

        Args:
            workspace_id: whose library.
            kind: block or theme.
            key: its key.
            raw: JSON as in ``blocks/KEY.json`` and ``themes/KEY.json``.
            expected: the hash of the draft it was made from; None asks nothing.

        Raises:
            ItemProblemsError: with every problem; nothing is kept then.
            StaleDraftError: somebody else saved meanwhile.
        """
        try:
            source = read_item(kind, key, raw)
        except ValidationError as error:
            raise ItemProblemsError(f"The {kind.value} {key[:100]!r}: {error.detail}", fields=error.fields) from None
        return await self.save_source(workspace_id, source, expected)

    async def save_source(
        self, workspace_id: Id, source: ItemSource, expected: str | None = None, *, dry: bool = False
    ) -> SavedItem:
        """See :meth:`save`; ``dry`` keeps nothing."""
        current = await self._store.item(workspace_id, source.kind, source.key)
        digest = item_hash(source)
        if expected is not None and expected != (current.source_hash if current else ""):
            raise StaleDraftError(
                f"The {source.kind.value} {source.key!r} was changed by somebody else meanwhile; read it again, then save."
            )
        if current is not None and current.source_hash == digest:
            return SavedItem(current, changed=False)
        await self._prove(workspace_id, source)
        now = self._clock.now()
        item = Item(
            id=current.id if current else self._ids(),
            workspace_id=workspace_id,
            kind=source.kind,
            key=source.key,
            name=source.name,
            version=current.version if current else 0,
            latest=current.latest if current else 0,
            created_at=current.created_at if current else now,
            updated_at=now,
            draft=source,
            source_hash=digest,
            published_hash=current.published_hash if current else "",
            default=current.default if current else False,
        )
        if not dry:
            await self._store.save_item(item, current.source_hash if current else None)
        return SavedItem(item, changed=True)

    async def remove(self, workspace_id: Id, kind: ItemKind, key: str) -> None:
        """Takes it away. ItemInUseError when a live template names it."""
        await self.get(workspace_id, kind, key)
        await self._store.remove_item(workspace_id, kind, key)

    async def preview(self, workspace_id: Id, kind: ItemKind, key: str, version: int | None = None) -> ItemPreview:
        """What it looks like by itself: its draft, or a version."""
        if version is None:
            return await self.show(workspace_id, (await self.get(workspace_id, kind, key)).draft)
        return await self.show(workspace_id, (await self.version(workspace_id, kind, key, version)).source)

    async def show(self, workspace_id: Id, source: ItemSource) -> ItemPreview:
        """The same for a source that is not kept. ItemProblemsError when it cannot be shown."""
        printed = await self._prove(workspace_id, source)
        variables = sorted({name for release in printed.releases for name in release.variables})
        locales = tuple([release.locale for release in printed.releases])
        return ItemPreview(locales, printed.rendered, tuple(variables), printed.warnings)

    async def _prove(self, workspace_id: Id, source: ItemSource) -> Printed:
        """What cannot be rendered by itself with its own sample is not kept."""
        library = await self._shelf.library(workspace_id, [DEFAULT_THEME])
        printed = self._press.print(Job(proof(source), workspace_id, _NOBODY, 1, library, show=True))
        if printed.problems:
            fields = [_moved(problem) for problem in printed.problems]
            more = f" (and {len(fields) - 1} more)" if len(fields) > 1 else ""
            name = f"The {source.kind.value} {source.key!r} cannot be kept"
            raise ItemProblemsError(f"{name}: {fields[0].detail}{more}", fields=fields)
        return printed


def proof(source: ItemSource) -> TemplateSource:
    """A template that holds nothing but this block, or shows this theme."""
    document, locales = proof_document(source)
    theme = source.content if source.kind is ItemKind.THEME else None
    variants = [VariantSource("email", locale, "-", document=document, theme=theme) for locale in locales]
    default = "en" if "en" in locales else locales[0]
    return TemplateSource(source.key, source.name, tuple(variants), default_locale=default, sample=source.sample)


def item_hash(source: ItemSource) -> str:
    """SHA-256 of a source in a canonical form."""
    return hashlib.sha256(msgspec.json.encode(source, order="deterministic")).hexdigest()


def _moved(problem: FieldProblem) -> FieldProblem:
    """From the place in the proof to the place in the item."""
    _, mark, place = problem.pointer.partition("/document")
    if mark:
        return FieldProblem(place, problem.detail, problem.code)
    _, mark, place = problem.pointer.partition("/theme")
    if mark:
        return FieldProblem(f"/tokens{place}", problem.detail, problem.code)
    return problem
