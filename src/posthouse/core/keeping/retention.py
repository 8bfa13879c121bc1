"""Erases what a workspace no longer wants to keep: a hundred messages at a time, oldest first, from where it stopped.

A message that waits to be sent is never touched; it is looked at again once it has ended. Whatever is killed in between was either erased with
its mark moved, or was not.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from posthouse.core.keeping.ports import Bite, Mark, RetentionStore, Step
from posthouse.core.keeping.scrubbing import Aged, Told, is_erased, left_of, less_of
from posthouse.core.keeping.settings import Retention, Rule, retention_of, with_retention
from posthouse.core.kernel.clock import DAY, SECOND, Clock
from posthouse.core.kernel.ids import Id, lowest_at, milliseconds_of
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.messages.words import Words
from posthouse.core.workspaces.changing import Workspaces, change_workspace, check_base, find_workspace
from posthouse.core.workspaces.model import Workspace

BITE: Final = 100
"""Messages a transaction: some ten milliseconds in which nobody else writes on SQLite."""
WHY: Final = "retention"
_FIRST: Final = bytes(16)

Rest = Callable[[float], Awaitable[None]]


class Due(NamedTuple):
    """What one step has to do for one template."""

    workspace: Workspace
    name: str
    """The class of retention."""
    mark: Mark
    rule: Rule
    since: Id
    until: Id


class Swept(msgspec.Struct):
    """What a sweep came to."""

    messages: int = 0
    """Whose content and addresses were erased."""
    events: int = 0
    partitions: int = 0
    uploads: int = 0
    behind: int = 0
    """Microseconds by which the oldest that should be gone is overdue."""


class Outlook(msgspec.Struct, frozen=True):
    """What a sweep would erase now, by class."""

    workspace: str
    name: str
    content: int
    """Messages whose content and addresses would go."""
    events: int
    """Messages whose events would go."""


class RetentionService:
    """Holds workspaces to their rules.

    Args:
        store: where things are kept.
        workspaces: where the rules stand.
        pseudonyms: stand in the place of addresses.
        words: what messages are found by.
        clock: the time.
    """

    def __init__(
        self, store: RetentionStore, workspaces: Workspaces, pseudonyms: Pseudonyms, words: Words, clock: Clock
    ) -> None:
        self._store = store
        self._workspaces = workspaces
        self._pseudonyms = pseudonyms
        self._words = words
        self._clock = clock

    async def rules(self, workspace_id: Id) -> Retention:
        """The rules of a workspace."""
        return retention_of(await find_workspace(self._workspaces, workspace_id))

    async def change(
        self, workspace_id: Id, change: Callable[[Retention], Retention], base: str | None = None
    ) -> Retention:
        """Keeps other rules, made from those there are at that moment.

        Args:
            workspace_id: whose.
            change: makes the new ones; asked again when somebody else was faster.
            base: hash (``settings_hash``) of the rules that the change was made from; None: of any.

        Raises:
            ValidationError: they are wrong.
            StaleSettingsError: the rules are not those of ``base``.
        """

        def changed(workspace: Workspace) -> Workspace:
            return with_retention(workspace, change(check_base(retention_of(workspace), base)))

        return retention_of(await change_workspace(self._workspaces, workspace_id, changed))

    async def outlook(self, workspace_id: Id | None = None) -> list[Outlook]:
        """What a sweep would erase now; nothing is changed."""
        counted: dict[tuple[str, str], list[int]] = {}
        async for due in self._due(workspace_id):
            many = await self._store.count_aged(due.workspace.id, due.mark.template_id, due.since, due.until)
            counted.setdefault((due.workspace.name, due.name), [0, 0])[due.mark.step - 1] += many
        return [Outlook(*key, *counts) for key, counts in sorted(counted.items())]

    async def sweep(self, rest: Rest, workspace_id: Id | None = None) -> Swept:
        """Erases all that is due. ``rest`` is called after each transaction with the seconds that it took.

        Raises:
            UnavailableError: the store cannot write; what was done stays done.
        """
        swept = Swept()
        if workspace_id is None:
            swept.partitions = await self._drop()
        async for due in self._due(workspace_id):
            await self._catch_up(due, swept, rest)
        for workspace in await self._wanted(workspace_id):
            await self._put_off(workspace, swept, rest)
            await self._uploads(workspace, swept, rest)
        return swept

    async def _wanted(self, workspace_id: Id | None) -> list[Workspace]:
        """Workspaces with rules that erase anything."""
        return [
            workspace
            for workspace in await self._workspaces.workspaces()
            if workspace_id in (None, workspace.id)
            and any(rule.content_days is not None for rule in retention_of(workspace).rules)
        ]

    async def _due(self, workspace_id: Id | None) -> AsyncIterator[Due]:
        now = self._clock.now()
        for workspace in await self._wanted(workspace_id):
            retention = retention_of(workspace)
            classes = await self._classes(workspace.id)
            marks = await self._store.retention_marks(workspace.id)
            for template_id, name in classes.items():
                for step, days in _steps(retention.of(name)):
                    mark = Mark(template_id, step)
                    since, until = marks.get(mark, _FIRST), lowest_at((now - days * DAY) // 1000)
                    if since < until:
                        shown = name if name in retention.classes else ""
                        yield Due(workspace, shown, mark, retention.of(name), since, until)

    async def _classes(self, workspace_id: Id) -> dict[Id | None, str]:
        """The class of each template, and of messages without one."""
        found = await self._store.retention_classes(workspace_id)
        return {None: "", **dict(found.items())}

    async def _catch_up(self, due: Due, swept: Swept, rest: Rest) -> None:
        """All bites of one step of one template."""
        since = due.since
        while since < due.until:
            began = self._clock.monotonic()
            some = await self._store.aged(due.workspace.id, due.mark.template_id, since, due.until, BITE)
            if some:
                late = (milliseconds_of(due.until) - milliseconds_of(some[0].id)) * 1000
                swept.behind = max(swept.behind, late)
            until = some[-1].id if len(some) == BITE else due.until
            bite = await self._bite(due.workspace.id, due.rule, due.mark, some)
            gone = await self._store.erase(due.workspace.id, bite._replace(since=since, until=until))
            if not gone.held:  # somebody else sweeps too
                return
            swept.messages, swept.events, since = swept.messages + gone.messages, swept.events + gone.events, until
            await rest((self._clock.monotonic() - began) / SECOND)

    async def _bite(self, workspace_id: Id, rule: Rule, mark: Mark, some: Sequence[Aged]) -> Bite:
        """What is to be done with some messages."""
        ended = [one for one in some if not one.pending]
        later = [one.id for one in some if one.pending]
        bite = Bite(mark, _FIRST, _FIRST, later=later, ended=[one.id for one in ended])
        if mark.step is Step.EVENTS:
            return bite._replace(eventless=[one.id for one in ended])
        hashed = self._pseudonyms if rule.addresses == "hash" else None
        now = self._clock.now()
        facts = await self._store.facts_of([one.id for one in ended])
        return bite._replace(
            left=[left_of(one, workspace_id, hashed, now, WHY) for one in ended if not is_erased(one)],
            facts=less_of(facts, self._pseudonyms),
            words=list(words_in(facts, workspace_id, self._words)),
        )

    async def _put_off(self, workspace: Workspace, swept: Swept, rest: Rest) -> None:
        """Messages that have ended since they were passed over, and that are old enough by the rules as they are now."""
        retention, now = retention_of(workspace), self._clock.now()
        classes = await self._classes(workspace.id)
        after = (_FIRST, 0)
        while some := await self._store.put_off(workspace.id, after, BITE):
            for mark, message in some:
                began, rule = self._clock.monotonic(), retention.of(classes.get(mark.template_id, ""))
                days = dict(_steps(rule)).get(mark.step)
                if days is not None and message.id < lowest_at((now - days * DAY) // 1000):
                    gone = await self._store.erase(workspace.id, await self._bite(workspace.id, rule, mark, [message]))
                    swept.messages, swept.events = swept.messages + gone.messages, swept.events + gone.events
                    await rest((self._clock.monotonic() - began) / SECOND)
            after = (some[-1][1].id, int(some[-1][0].step))

    async def _uploads(self, workspace: Workspace, swept: Swept, rest: Rest) -> None:
        """Files that nothing needs any more: no message that still has its content can name them."""
        days = [rule.content_days for rule in retention_of(workspace).rules]
        known = [one for one in days if one is not None]
        if len(known) < len(days):
            return
        before = self._clock.now() - max(known) * DAY
        while gone := await self._store.forget_uploads(workspace.id, before, BITE):
            swept.uploads += gone
            await rest(0.0)

    async def _drop(self) -> int:
        """Whole partitions of events, if every workspace lets all of its events go."""
        longest = 0
        for workspace in await self._workspaces.workspaces():
            for rule in retention_of(workspace).rules:
                if rule.event_days is None:
                    return 0
                longest = max(longest, rule.event_days)
        return await self._store.drop_events_before(self._clock.now() - longest * DAY) if longest else 0


def words_in(facts: Sequence[Told], workspace_id: Id, words: Words) -> Iterator[tuple[int, Id]]:
    """The words that messages were found by, as their facts say."""
    for fact in facts:
        if fact.data:
            for number in words.of(workspace_id, msgspec.json.decode(fact.data)):
                yield number, fact.message_id


def _steps(rule: Rule) -> Iterator[tuple[Step, int]]:
    if rule.content_days is not None:
        yield Step.CONTENT, rule.content_days
    if rule.event_days is not None:
        yield Step.EVENTS, rule.event_days
