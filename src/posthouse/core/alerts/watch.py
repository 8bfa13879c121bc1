"""Looks at everything once a minute, in one process of the house, and keeps what has changed together with what is to be told of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from posthouse.core.alerts import things
from posthouse.core.alerts.judging import Scene, judge
from posthouse.core.alerts.loading import Loaded, Roll, counted_until
from posthouse.core.alerts.measuring import LevelService
from posthouse.core.alerts.model import (
    FROM_HISTORY,
    Alert,
    AlertSettings,
    Kind,
    Notice,
    Phase,
    Signal,
    Target,
    TargetKind,
)
from posthouse.core.alerts.ports import AlertStore, CircuitStore, LevelStore
from posthouse.core.alerts.things import Certificate
from posthouse.core.alerts.turning import Calm, Turn, turn
from posthouse.core.analytics import calendar
from posthouse.core.delivery.model import LaneDepth, ProviderRow
from posthouse.core.kernel.cache import GenerationCache
from posthouse.core.kernel.clock import HOUR, MINUTE, Clock
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.templates.model import Template
from posthouse.core.webhooks.model import Endpoint, Line
from posthouse.core.workspaces.model import Domain, Verification, Workspace
from posthouse.core.workspaces.ports import DnsFinding

LEASE: Final = 3 * MINUTE
BEHIND: Final = 10 * MINUTE
"""While the roll-ups are further behind, nothing is said of them."""
SAID_WITHIN: Final = MINUTE
"""Dispatch processes say every ten seconds which providers they leave alone."""
MOST_AT_ONCE: Final = 3
"""Alerts that begin in one minute; more are told to people together."""
LOOK_EVERY: Final = HOUR
LOOK_AGAIN: Final = 10 * MINUTE
LEVELS_EVERY: Final = 5 * MINUTE
_FAST: Final = (Kind.PROVIDER, Kind.QUEUE, Kind.WEBHOOK, Kind.REVIEW, Kind.KEY, Kind.CERTIFICATE)


class WatchStore(AlertStore, CircuitStore, LevelStore, Roll, Protocol):
    """What is looked at."""

    async def generation(self) -> int:
        """See WorkspaceStore."""
        ...

    async def workspaces(self) -> Sequence[Workspace]:
        """See WorkspaceStore."""
        ...

    async def domains(self, workspace_id: Id) -> Sequence[Domain]:
        """See WorkspaceStore."""
        ...

    async def templates(self, workspace_id: Id) -> Sequence[Template]:
        """See TemplateStore."""
        ...

    async def providers(self, workspace_id: Id) -> Sequence[ProviderRow]:
        """See DeliveryStore."""
        ...

    async def depth(self, now: int) -> list[LaneDepth]:
        """See QueueStore."""
        ...

    async def endpoints(self, workspace_id: Id | None) -> list[tuple[Endpoint, Line]]:
        """See WebhookStore."""
        ...


class Means(NamedTuple):
    """What is looked with."""

    store: WatchStore
    levels: LevelService
    look: Callable[[Domain], Awaitable[Sequence[DnsFinding]]]
    certificates: Callable[[], Sequence[Certificate]]
    clock: Clock
    new_id: IdSource


class _Names(NamedTuple):
    """Of one workspace."""

    templates: Mapping[str, str]
    """Keys, by hexadecimal identifier; not those that are archived."""
    reviews: Mapping[str, str]
    providers: Mapping[Id, str]
    domains: Sequence[Domain]


class _House(NamedTuple):
    """What is the same for all workspaces in one minute."""

    edition: int
    counted: int
    now: int
    settings: Mapping[Id, AlertSettings]
    open: Sequence[Alert]
    depths: Sequence[LaneDepth]
    lines: Sequence[tuple[Endpoint, Line]]
    first: Id
    """The workspace that is told about the house's own things: the oldest."""


class AlertWatch:
    """Judges minute by minute.

    Args:
        means: store, clock…
        token: proves that the right to judge is ours.
    """

    def __init__(self, means: Means, token: int) -> None:
        self._means = means
        self._token = token
        self._names: GenerationCache[Id, _Names] = GenerationCache(means.store.generation, means.clock)
        self._loaded: dict[Id, Loaded] = {}
        self._calm = Calm()
        self._domains = _DomainLooks(means)
        self._levels: dict[Id, tuple[int, list[Signal]]] = {}

    async def minute(self) -> bool:
        """Judges once; whether it is ours to judge.

        Raises:
            UnavailableError: the store cannot be asked; nothing is lost, the next minute judges again.
        """
        store, now = self._means.store, self._means.clock.now()
        if not await store.hold_alerts(self._token, now, now + LEASE):
            self._loaded.clear()
            return False
        workspaces = await store.workspaces()
        if not workspaces:
            return True
        edition, counted = await counted_until(store, now)
        house = _House(
            edition=edition,
            counted=counted,
            now=now,
            settings=await store.all_alert_settings(),
            open=await store.open_alerts(),
            depths=await store.depth(now),
            lines=await store.endpoints(None),
            first=workspaces[0].id,
        )
        for workspace in workspaces:
            if not await self._judge(workspace, house):
                return False
        return True

    async def _judge(self, workspace: Workspace, house: _House) -> bool:
        settings = house.settings.get(workspace.id) or AlertSettings()
        open_ = [alert for alert in house.open if alert.workspace_id == workspace.id]
        names = await self._names.get(workspace.id, self._read_names)
        judged = set(_FAST)
        signals = await self._fast(workspace, house, settings, names)
        if house.now - house.counted <= BEHIND:
            judged |= {*FROM_HISTORY}
            signals += await self._from_history(workspace, house, settings, names, open_)
            signals += await self._of_levels(workspace.id, settings, names)
        looked = await self._domains.signals(workspace.id, names.domains, settings)
        if looked is not None:
            judged.add(Kind.DOMAIN)
        wanted = [one for one in [*signals, *(looked or ())] if settings.rule(one.kind).enabled]
        changed = turn(
            workspace.id,
            settings,
            wanted,
            open_,
            judged=judged,
            calm=self._calm,
            now=house.now,
            new_id=self._means.new_id,
        )
        return await self._keep(settings, changed)

    async def _keep(self, settings: AlertSettings, changed: Turn) -> bool:
        alerts = [*changed.opened, *changed.recovered, *changed.unmuted]
        if not alerts:
            return True
        opened = [alert for alert in (*changed.opened, *changed.unmuted) if alert.told]
        recovered = [alert for alert in changed.recovered if alert.told]
        notices = [
            notice
            for phase, told in ((Phase.OPENED, opened), (Phase.RECOVERED, recovered))
            for target in settings.targets
            for notice in self._notices(target, phase, told)
        ]
        return await self._means.store.keep_alerts(self._token, alerts, notices)

    def _notices(self, target: Target, phase: Phase, told: Sequence[Alert]) -> list[Notice]:
        """One for each alert; where people would be told many at once, one for all of them. Machines are told each."""
        now, new_id = self._means.clock.now(), self._means.new_id
        mine = [alert for alert in told if not target.kinds or alert.kind in target.kinds]
        if len(mine) > MOST_AT_ONCE and target.kind is not TargetKind.WEBHOOK:
            first, *others = mine
            return [
                Notice(new_id(), first.workspace_id, first, phase, target.name, now, next_at=now, others=tuple(others))
            ]
        return [Notice(new_id(), alert.workspace_id, alert, phase, target.name, now, next_at=now) for alert in mine]

    async def _fast(self, workspace: Workspace, house: _House, settings: AlertSettings, names: _Names) -> list[Signal]:
        now = house.now
        circuits = await self._means.store.circuits(now - SAID_WITHIN) if names.providers else []
        lines = [line for line in house.lines if line[0].workspace_id == workspace.id]
        today = calendar.day_of(workspace.time_zone, now)
        signals = [
            *things.providers(settings, names.providers, circuits, now),
            *things.webhooks(settings, lines, now),
            *things.keys(settings, names.domains, now),
            *things.reviews(settings, names.reviews, today),
        ]
        if workspace.id == house.first:
            signals += things.queue(settings, house.depths, now)
            signals += things.certificates(settings, self._means.certificates(), now)
        return signals

    async def _from_history(
        self, workspace: Workspace, house: _House, settings: AlertSettings, names: _Names, open_: Sequence[Alert]
    ) -> list[Signal]:
        loaded = self._loaded.get(workspace.id)
        if loaded is None or loaded.zone != workspace.time_zone:
            loaded = self._loaded[workspace.id] = Loaded(self._means.store, workspace.id, workspace.time_zone)
        traffic = await loaded.refresh(house.edition, house.counted)
        causes = {(alert.kind, alert.subject) for alert in open_}
        scene = Scene(traffic, settings, names.templates, house.counted, causes)
        return await asyncio.to_thread(judge, scene)  # a thousand templates take a tenth of a second

    async def _of_levels(self, workspace_id: Id, settings: AlertSettings, names: _Names) -> list[Signal]:
        now = self._means.clock.monotonic()
        known = self._levels.get(workspace_id)
        if known is None or now >= known[0]:
            found = await self._means.levels.of(workspace_id)
            measured = await self._means.levels.measured(workspace_id, found)
            signals = list(things.levels(settings, list(zip(found, measured, strict=True)), names.templates))
            known = self._levels[workspace_id] = now + LEVELS_EVERY, signals
        return known[1]

    async def _read_names(self, workspace_id: Id) -> _Names:
        store = self._means.store
        templates, providers, domains = await asyncio.gather(
            store.templates(workspace_id), store.providers(workspace_id), store.domains(workspace_id)
        )
        present = [template for template in templates if not template.archived]
        return _Names(
            {template.id.hex(): template.key for template in present},
            {
                template.key: template.draft.review_on
                for template in present
                if template.draft and template.draft.review_on
            },
            {row.id: row.name for row in providers if row.enabled},
            domains,
        )


class _DomainLooks:
    """Asks the DNS about domains that were proved by it: once an hour, sooner where something is wrong."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._next: dict[Id, int] = {}
        self._answered: set[Id] = set()
        self._bad: dict[Id, tuple[int, Signal]] = {}
        """How many looks in a row were bad, and what the last one says."""

    async def signals(
        self, workspace_id: Id, domains: Sequence[Domain], settings: AlertSettings
    ) -> list[Signal] | None:
        """What is wrong with the domains of a workspace; None: the DNS has not answered about all of them yet."""
        if not settings.rule(Kind.DOMAIN).enabled:
            return []
        proved = [one for one in domains if one.workspace_id == workspace_id and one.verification is Verification.DNS]
        now = self._means.clock.monotonic()
        for one in proved:
            if now >= self._next.get(one.id, 0):
                await self._look(one, settings)
                self._next[one.id] = now + (LOOK_EVERY if one.id in self._answered - self._bad.keys() else LOOK_AGAIN)
        if any(one.id not in self._answered for one in proved):
            return None
        return [self._bad[one.id][1] for one in proved if one.id in self._bad]

    async def _look(self, domain: Domain, settings: AlertSettings) -> None:
        findings = await self._means.look(domain)
        if all(not one.known for one in findings):
            return  # the resolver is in trouble: that says nothing about the domain
        self._answered.add(domain.id)
        looks = self._bad[domain.id][0] + 1 if domain.id in self._bad else 1
        signal = things.domain(settings, domain, findings, looks)
        if signal is None:
            self._bad.pop(domain.id, None)
        else:
            self._bad[domain.id] = looks, signal
