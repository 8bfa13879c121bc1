"""Keeps the roll-ups: reads the settled events in order and adds each turn in the transaction that moves the cursor.

Whoever dies between two turns leaves nothing half done, and whoever works beside another one loses the race for the cursor and
begins again: so counters are equal to a recount whatever happens. Accepting and recording messages know nothing of it.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import msgspec

from posthouse.core.analytics import calendar
from posthouse.core.analytics.domains import DomainGroups
from posthouse.core.analytics.folding import fold, needs_before
from posthouse.core.analytics.model import Combo, Fact, Kind, Position, Step, number_of
from posthouse.core.analytics.ports import RollupStore
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import ConflictError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.stream import StreamStore
from posthouse.core.workspaces.model import Workspace

TURN: Final = 1_000
"""Events a transaction: up to some fourteen milliseconds of work in which nobody else writes on SQLite."""
MOST: Final = {Kind.FINE: 1_000, Kind.TAGS: 200, Kind.STEPS: 200}
"""Combinations of each kind that one template version, channel, lane, mode and source may have; later ones are counted together."""
OTHER: Final = "(other)"

Pause = Callable[[float], Awaitable[None]]


class Workspaces(Protocol):
    """Where time zones are."""

    async def workspaces(self) -> Sequence[Workspace]:
        """All of them."""
        ...


class Recomputed(msgspec.Struct, frozen=True):
    """What a recount came to."""

    events: int
    edition: int


class Follower:
    """Folds events into the roll-ups.

    Args:
        store: where they are kept.
        events: the stream.
        workspaces: for their time zones.
        groups: recipient domains.
        clock: the time.
        most: events a turn.
    """

    def __init__(
        self,
        store: RollupStore,
        events: StreamStore,
        workspaces: Workspaces,
        groups: DomainGroups,
        clock: Clock,
        most: int = TURN,
    ) -> None:
        self._store = store
        self._events = events
        self._workspaces = workspaces
        self._groups = groups
        self._clock = clock
        self._most = most
        self._zones: dict[int, dict[Id, str]] = {}
        self._combos = _Combos()

    async def turn(self, edition: int | None = None) -> bool:
        """Adds the next events; whether there are more already.

        Args:
            edition: which tables, None for those that answer.

        Raises:
            UnavailableError: the store cannot be asked; nothing of this turn was kept.
        """
        position = await self._store.rollup_position(edition)
        end = await self._events.stream_end()
        if end <= position.seq:
            return False
        until = min(end, position.seq + self._most)
        facts = await self._store.rollup_facts(position.seq, until)
        step = await self._step(position, facts)
        kept = await self._store.keep_rollup(position.edition, position.seq, until, step)
        if not kept:  # somebody else follows too: what we know of the tables may be old
            self._zones.clear()
            self._combos = _Combos()
            return True
        self._zones[position.edition].update(step.zones)
        self._combos.keep(step.combos)
        return until < end

    async def _step(self, position: Position, facts: Sequence[Fact]) -> Step:
        met = {fact.workspace_id for fact in facts}
        known, new = await self._known_zones(position.edition, met)
        for workspace in met:
            if workspace not in self._combos.known:
                self._combos.add(workspace, await self._store.rollup_known(workspace))
        touched = {fact.message_id for fact in facts if needs_before(fact)}
        before = await self._store.rollup_before(position.edition, touched, position.seq) if touched else {}
        zones = known | new
        bounds = self._combos.turn()
        step = fold(
            facts,
            before,
            day_of=lambda workspace, instant: calendar.day_of(zones[workspace], instant),
            groups=self._groups,
            bound=bounds.bound,
        )
        step.zones = new
        step.combos = {number: combo for number, combo in step.combos.items() if number not in self._combos.kept}
        return step

    async def _known_zones(self, edition: int, met: set[Id]) -> tuple[dict[Id, str], dict[Id, str]]:
        """The zones of workspaces that were met before, and of those that are met now."""
        if edition not in self._zones:
            self._zones = {edition: dict(await self._store.rollup_zones(edition))}
        known = self._zones[edition]
        missing = met - known.keys()
        if not missing:
            return known, {}
        told = {workspace.id: workspace.time_zone for workspace in await self._workspaces.workspaces()}
        return known, {workspace: told.get(workspace, "UTC") for workspace in missing}

    async def recompute(self, progress: Callable[[int], None], pause: Pause) -> Recomputed:
        """Counts everything again beside the tables that answer, and lets the new ones answer when they have caught up.

        Args:
            progress: told how many events were folded, after each turn.
            pause: called between turns with how many seconds the last one took, so that others come to write.

        Raises:
            ConflictError: another recount began meanwhile.
        """
        edition = await self._store.begin_edition()
        folded = 0
        while True:
            begun = self._clock.monotonic()
            more = await self.turn(edition)
            position = await self._store.rollup_position(edition)
            if position.seq < folded:
                raise ConflictError("another recount of the statistics began meanwhile; this one was given up")
            progress(position.seq - folded)
            folded = position.seq
            if not more and await self._store.answer_from(edition):
                break
            await pause((self._clock.monotonic() - begun) / 1_000_000)
        while await self._store.purge_editions([edition]):
            await pause(0.0)
        return Recomputed(folded, edition)


class _Combos:
    """Which combinations there are, so that their number stays bounded and none is written twice."""

    def __init__(self) -> None:
        self.known: set[Id] = set()
        """Workspaces."""
        self.kept: set[int] = set()
        self._many: Counter[tuple[int, int]] = Counter()

    def add(self, workspace: Id, found: Sequence[tuple[int, int, int]]) -> None:
        self.known.add(workspace)
        for number, scope, kind in found:
            self._note(number, scope, kind)

    def keep(self, combos: dict[int, Combo]) -> None:
        """These are in the store now."""
        for number, combo in combos.items():
            self._note(number, number_of(combo.scope), combo.kind)

    def turn(self) -> "_Bounds":
        return _Bounds(self.kept, self._many)

    def _note(self, number: int, scope: int, kind: int) -> None:
        if number not in self.kept:
            self.kept.add(number)
            self._many[scope, kind] += 1


class _Bounds:
    """Admits new combinations during one turn, as long as there are not too many."""

    def __init__(self, kept: set[int], many: Counter[tuple[int, int]]) -> None:
        self._kept = kept
        self._many = many
        self._admitted: set[int] = set()
        self._more: Counter[tuple[int, int]] = Counter()

    def bound(self, combo: Combo) -> Combo:
        number = number_of(combo)
        if number in self._kept or number in self._admitted:
            return combo
        key = number_of(combo.scope), combo.kind
        if self._many[key] + self._more[key] >= MOST[Kind(combo.kind)]:
            return _other(combo)
        self._admitted.add(number)
        self._more[key] += 1
        return combo


def _other(combo: Combo) -> Combo:
    if combo.kind != Kind.FINE:
        return combo._replace(tag=OTHER)
    return combo._replace(locale=OTHER, provider="", domain=OTHER)
