"""Edit once: a new version of a block or theme, and every template that follows it, live in one go or not at all."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import ConflictError, FieldProblem
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.templates.library.errors import ItemProblemsError, UnknownItemError
from posthouse.core.templates.library.model import Item, ItemKind, ItemVersion
from posthouse.core.templates.library.ports import PressRoom, WithLibrary
from posthouse.core.templates.library.publication import Follower, LiveSource, Publication, State, Trouble, Turn
from posthouse.core.templates.library.service import LibraryService, item_hash
from posthouse.core.templates.library.shelf import OneLook, Shelf
from posthouse.core.templates.library.uses import follows
from posthouse.core.templates.model import Made
from posthouse.core.templates.press import Order, Printed

Progress = Callable[[Publication], None]

_ROUNDS: Final = 5
"""How often templates that changed meanwhile are compiled again before the publication gives up."""
_STAGED: Final = 24
"""Releases that are kept in one transaction: some milliseconds, so that accepting messages hardly waits."""


class Following(msgspec.Struct, frozen=True):
    """A template that follows an item, and what its live version was made from."""

    template: Follower
    source: LiveSource


class LibraryPublisher:
    """Publishes blocks and themes.

    Args:
        store: templates and library.
        library: the drafts.
        room: where templates are compiled.
        ids: makes identifiers.
        clock: the time.
    """

    def __init__(
        self, store: WithLibrary, library: LibraryService, room: PressRoom, ids: IdSource, clock: Clock
    ) -> None:
        self._store = store
        self._library = library
        self._room = room
        self._ids = ids
        self._clock = clock
        self._running: set[asyncio.Task[Publication]] = set()

    async def begin(self, workspace_id: Id, kind: ItemKind, key: str, version: int | None = None) -> Publication | None:
        """Notes that a publication goes on; :meth:`run` does it. None when what is wanted is live already.

        Args:
            workspace_id: whose library.
            kind: block or theme.
            key: which one.
            version: an older version to be published again; None for the draft.

        Raises:
            UnknownItemError: there is no such item or version.
            PublicationRunningError: another one goes on.
        """
        item = await self._wanted(workspace_id, kind, key, version)
        if not item.behind and item.default == item.draft.default:
            return None
        now = self._clock.now()
        followers = await self.followers(item)
        publication = Publication(
            id=self._ids(),
            workspace_id=workspace_id,
            kind=kind,
            key=key,
            version=item.latest + 1,
            former=item.version,
            state=State.RUNNING,
            started_at=now,
            moved_at=now,
            total=len(followers),
            former_default=await self._former_default(item),
        )
        await self._store.begin_publication(publication, now)
        return publication

    def start(self, publication: Publication, version: int | None = None) -> "asyncio.Task[Publication]":
        """:meth:`run` in the background; ended by :meth:`close`."""
        task = asyncio.create_task(self.run(publication, version))
        self._running.add(task)
        task.add_done_callback(self._forget)
        return task

    async def close(self) -> None:
        """Cuts short what goes on: nothing of it is seen, and it is told as failed."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _forget(self, task: "asyncio.Task[Publication]") -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # how it ended is kept with the publication; whoever waits for the task hears it too

    async def run(
        self, publication: Publication, version: int | None = None, progress: Progress | None = None
    ) -> Publication:
        """Compiles what follows the item and makes all of it live; how it ended.

        Whatever happens, and whenever it is cut short, nobody sees half of it.
        """
        work = _Work(publication, progress or _untold)
        try:
            item = await self._wanted(publication.workspace_id, publication.kind, publication.key, version)
            ended = await self._publish(work, item)
        except BaseException:
            await self._store.end_publication(work.moved(self._clock.now(), state=State.FAILED, turns=()))
            raise
        if ended.state is not State.DONE:
            await self._store.end_publication(ended)
        return ended

    async def undo(self, workspace_id: Id, publication_id: Id) -> Publication:
        """Makes the former releases live again at once; nothing is compiled.

        Raises:
            UnknownItemError: there is no such publication.
            ConflictError: it is not the last one of its item, or templates were published since.
        """
        publication = await self.publication(workspace_id, publication_id)
        if publication.state is not State.DONE:
            raise ConflictError(f"this publication is {publication.state.value}: there is nothing to undo")
        item = await self._library.get(workspace_id, publication.kind, publication.key)
        former = await self._store.item_version(item.id, publication.former) if publication.former else None
        back = msgspec.structs.replace(
            item,
            version=publication.former,
            published_hash=former.source_hash if former else "",
            default=item.default and publication.former_default is None,
        )
        undone = msgspec.structs.replace(publication, state=State.UNDONE)
        moved = await self._store.undo_publication(undone, back, publication.turns, self._clock.now())
        if moved:
            keys = [turn.key for turn in publication.turns if turn.template_id in set(moved)]
            named = ", ".join(keys[:5]) + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")
            advice = f"publish version {publication.former} of the {publication.kind.value} again instead"
            raise ConflictError(f"templates were published since with version {publication.version}: {named}; {advice}")
        return undone

    async def publication(self, workspace_id: Id, publication_id: Id) -> Publication:
        """One publication as it is now. UnknownItemError when there is none."""
        found = await self._store.publication(workspace_id, publication_id)
        if found is None:
            raise UnknownItemError("There is no such publication.")
        return found.seen_at(self._clock.now())

    async def publications(self, workspace_id: Id, limit: int) -> Sequence[Publication]:
        """The newest ones."""
        now = self._clock.now()
        return [one.seen_at(now) for one in await self._store.publications(workspace_id, limit)]

    async def followers(self, item: Item) -> Sequence[Following]:
        """Templates that get another release when this draft is published, by key."""
        default = item.default or item.draft.default
        templates = [
            one
            for one in await self._store.followers(item.workspace_id)
            if follows(one.all_uses, item.kind, item.key, default=default)
        ]
        sources = await self._store.live_sources([one.id for one in templates])
        return [Following(one, sources[one.id]) for one in templates if one.id in sources]

    async def orders(self, item: Item, followers: Sequence[Following], *, show: bool = False) -> list[Order]:
        """One for each template, with the item's draft as its live version."""
        shelf, orders, now = Shelf(OneLook(self._store)), list[Order](), self._clock.now()
        for one in followers:
            order = Order(
                source=one.source.raw,
                variants=len(one.source.variants),
                workspace_id=item.workspace_id,
                template_id=one.template.id,
                version=one.template.next_version,
                library=await shelf.library(item.workspace_id, one.template.uses, instead=item),
                show=show,
                ids=tuple([self._ids() for _ in one.source.variants]),
                at=now,
            )
            orders.append(order)
            await asyncio.sleep(0)  # what is remembered is given at once: others would not get their turn
        return orders

    async def _wanted(self, workspace_id: Id, kind: ItemKind, key: str, version: int | None) -> Item:
        """The item with what is to be published as its draft."""
        item = await self._library.get(workspace_id, kind, key)
        if version is None:
            return item
        older = await self._library.version(workspace_id, kind, key, version)
        return msgspec.structs.replace(item, draft=older.source, source_hash=older.source_hash)

    async def _former_default(self, item: Item) -> str | None:
        if item.kind is not ItemKind.THEME or not item.draft.default or item.default:
            return None
        themes = await self._store.items(item.workspace_id, ItemKind.THEME)
        return next((theme.key for theme in themes if theme.default), "")

    async def _publish(self, work: "_Work", item: Item) -> Publication:
        try:
            await self._library.show(item.workspace_id, item.draft)
        except ItemProblemsError as error:
            troubles = tuple([Trouble("", problem) for problem in error.fields])
            return work.moved(self._clock.now(), state=State.REFUSED, troubles=troubles)
        waiting = list(await self.followers(item))
        for _ in range(_ROUNDS):
            if rolled_out := list(_rolled_out(waiting)):
                return work.moved(self._clock.now(), state=State.REFUSED, troubles=tuple(rolled_out), turns=())
            await self._compile(work, item, waiting)
            if work.troubles:
                return work.moved(self._clock.now(), state=State.REFUSED, troubles=tuple(work.troubles), turns=())
            done = work.moved(self._clock.now(), state=State.DONE, turns=tuple(work.turns.values()))
            changed = await self._store.go_live(done, _live(item, done), self._version(item, done), done.turns)
            if not changed:
                return done
            waiting = await self._again(work, item, set(changed))
        busy = FieldProblem("", "templates were published all the while; try again", "conflict")
        return work.moved(self._clock.now(), state=State.REFUSED, troubles=(Trouble("", busy),), turns=())

    async def _again(self, work: "_Work", item: Item, changed: set[Id]) -> list[Following]:
        """What changed while the rest was compiled, as it is now."""
        for template_id in changed:
            work.turns.pop(template_id, None)
        return [one for one in await self.followers(item) if one.template.id in changed]

    async def _compile(self, work: "_Work", item: Item, followers: Sequence[Following]) -> None:
        """Compiles templates and stages their releases, where nobody sees them."""
        orders = await self.orders(item, followers)
        held: list[Made] = []
        async with aclosing(self._room.print(orders)) as prints:
            async for number, printed in prints:
                work.take(followers[number].template, orders[number], printed)
                held.extend(printed.made)
                if len(held) >= _STAGED and not work.troubles:
                    await self._stage(work, held)
                    held = []
        if not work.troubles:
            await self._stage(work, held)

    async def _stage(self, work: "_Work", held: Sequence[Made]) -> None:
        moved = work.moved(self._clock.now(), turns=())
        await self._store.stage(moved, held)
        work.progress(moved)

    def _version(self, item: Item, publication: Publication) -> ItemVersion:
        return ItemVersion(item.id, publication.version, self._clock.now(), item.draft, item_hash(item.draft))


class _Work:
    """One publication under way."""

    def __init__(self, publication: Publication, progress: Progress) -> None:
        self._publication = publication
        self.progress = progress
        self.turns: dict[Id, Turn] = {}
        self.troubles: list[Trouble] = []

    def take(self, template: Follower, order: Order, printed: Printed) -> None:
        """Notes what came of one template."""
        self.troubles.extend(Trouble(template.key, problem) for problem in printed.problems)
        self.turns[template.id] = Turn(
            template_id=template.id,
            key=template.key,
            before=template.version,
            after=order.version,
            latest=order.version - 1,
            source_hash=template.published_hash,
            compiled=order.library.compiled(template.uses),
            releases=len(printed.made),
        )

    def moved(self, now: int, **changes: object) -> Publication:
        """The publication as far as it has come."""
        done, releases = len(self.turns), sum(turn.releases for turn in self.turns.values())
        counts = {"done": done, "total": max(done, self._publication.total), "releases": releases}
        return msgspec.structs.replace(self._publication, moved_at=now, **counts, **changes)


def _live(item: Item, publication: Publication) -> Item:
    return msgspec.structs.replace(item, version=publication.version, default=item.draft.default)


def _rolled_out(followers: Sequence[Following]) -> Iterator[Trouble]:
    """Two versions of a template would need the new one: which of them it is meant for, a person has to say first."""
    for one in followers:
        if one.template.rollout is not None:
            told = f"{one.template.rollout}; complete it or take it back first"
            yield Trouble(one.template.key, FieldProblem("", told, "rolled-out"))


def _untold(_: Publication) -> None:
    pass
