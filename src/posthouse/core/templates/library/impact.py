"""What publishing a block or theme would change, before it is done."""

from collections.abc import Sequence
from contextlib import aclosing

import msgspec

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.model import Item, ItemKind
from posthouse.core.templates.library.ports import PressRoom, WithLibrary
from posthouse.core.templates.library.publisher import Following, LibraryPublisher
from posthouse.core.templates.library.service import LibraryService
from posthouse.core.templates.library.shelf import Shelf
from posthouse.core.templates.lint.model import Severity
from posthouse.core.templates.model import Rendered
from posthouse.core.templates.press import Printed


class Touched(msgspec.Struct, frozen=True):
    """A template that would get another release."""

    key: str
    name: str
    version: int
    variants: tuple[tuple[str, str], ...]
    """(channel, locale)."""


class Changed(msgspec.Struct, frozen=True):
    """One variant with the sample, before and after."""

    template: str
    channel: str
    locale: str
    changed: bool
    before: Rendered | None
    after: Rendered | None
    """None when it cannot be compiled."""


class TemplateImpact(msgspec.Struct, frozen=True):
    """What would become of one template."""

    key: str
    variants: tuple[Changed, ...]
    findings: tuple[FieldProblem, ...]
    """What the lint says that it does not say of the live version."""
    problems: tuple[FieldProblem, ...]
    """What would stop the publication."""


class Impact(msgspec.Struct, frozen=True):
    """All templates touched, and a page of them in detail."""

    item: Item
    touched: tuple[Touched, ...]
    pinned: tuple[str, ...]
    """Templates that stay with a version."""
    details: tuple[TemplateImpact, ...]
    next: str | None = None


class ImpactService:
    """Looks ahead.

    Args:
        store: templates and library.
        library: the drafts.
        publisher: knows who follows.
        room: where templates are compiled.
    """

    def __init__(
        self, store: WithLibrary, library: LibraryService, publisher: LibraryPublisher, room: PressRoom
    ) -> None:
        self._store = store
        self._shelf = Shelf(store)
        self._library = library
        self._publisher = publisher
        self._room = room

    async def impact(self, workspace_id: Id, kind: ItemKind, key: str, after: str = "", limit: int = 10) -> Impact:
        """What publishing the draft would do.

        Args:
            workspace_id: whose library.
            kind: block or theme.
            key: which one.
            after: shows templates behind this key; the cursor of the page before.
            limit: how many to show in detail.

        Raises:
            UnknownItemError: there is no such item.
        """
        item = await self._library.get(workspace_id, kind, key)
        followers = await self._publisher.followers(item)
        rest = [one for one in followers if one.template.key > after]
        shown = rest[:limit]
        pinned = [
            one.key
            for one in await self._store.followers(workspace_id)
            if any(use.kind is kind and use.key == key and use.pinned for use in one.uses)
        ]
        return Impact(
            item=item,
            touched=tuple([_touched(one) for one in followers]),
            pinned=tuple(pinned),
            details=tuple(await self._details(item, shown)),
            next=shown[-1].template.key if shown and len(rest) > limit else None,
        )

    async def _details(self, item: Item, followers: Sequence[Following]) -> list[TemplateImpact]:
        new = await self._publisher.orders(item, followers, show=True)
        old = [
            msgspec.structs.replace(order, library=await self._shelf.library(order.workspace_id, one.template.uses))
            for order, one in zip(new, followers, strict=True)
        ]
        async with aclosing(self._room.print([*old, *new])) as coming:
            prints = {number: printed async for number, printed in coming}
        count = len(followers)
        return [_compared(one, prints[index], prints[count + index]) for index, one in enumerate(followers)]


def _touched(one: Following) -> Touched:
    return Touched(one.template.key, one.template.name, one.template.version, one.source.variants)


def _compared(one: Following, old: Printed, new: Printed) -> TemplateImpact:
    before, after = _seen(old), _seen(new)
    variants = []
    for place in one.source.variants:
        was, will = before.get(place), after.get(place)
        variants.append(Changed(one.template.key, *place, was != will, was, will))
    known = {(found.rule, found.detail) for found in old.findings}
    added = [
        found.as_problem()
        for found in new.findings
        if found.severity is not Severity.INFO and (found.rule, found.detail) not in known
    ]
    return TemplateImpact(one.template.key, tuple(variants), tuple(added), new.problems)


def _seen(printed: Printed) -> dict[tuple[str, str], Rendered]:
    pairs = zip(printed.releases, printed.rendered, strict=False)
    return {(release.channel, release.locale): rendered for release, rendered in pairs}
