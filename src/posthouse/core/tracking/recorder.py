"""Records hits in groups: what comes while a commit runs shares the next one.

A hit is judged by what is known when it comes: the message, and what the same network did with it a moment ago (as far as this
process saw it). ``posthouse tracking recount`` judges again with everything in view.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

import msgspec

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import PosthouseError, UnavailableError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event, EventType
from posthouse.core.tracking.bounds import MOST_EVER, Bounds
from posthouse.core.tracking.model import MAX_AGENT, Facts, Tracked, Verdict, data_of
from posthouse.core.tracking.ports import TrackingStore
from posthouse.core.tracking.rules import Rules, around_of

GROUP: Final = 256
WAITING: Final = 20_000
LINGER: Final = 0.004
COMPANY: Final = 4
REMEMBERED: Final = 10_000
"""Messages whose last hits a process remembers."""
_LAST: Final = 20
_NAMES: Final = {kind: kind.name.lower() for kind in EventType}
_UNKNOWN: Final = Verdict.UNKNOWN.word


class Hit(msgspec.Struct):
    """One request for a message."""

    message_id: Id
    kind: EventType | None
    """OPENED or CLICKED; None: only the message is wanted."""
    agent: str = ""
    network: str = ""
    head: bool = False
    link: int | None = None
    occurrence: int = 0
    trap: bool = False


OnHit = Callable[[str, str], None]
"""Told of each hit: ``opened`` or ``clicked``, and the verdict (``dropped`` beyond the bounds, ``lost`` when the store was away)."""


class HitRecorder:
    """Finds the message of each hit, judges and keeps it.

    Args:
        store: where messages and events are.
        rules: who is who.
        clock: the time.
        on_hit: told of each hit.
        bounds: how much is written down; None: the usual.
    """

    def __init__(
        self,
        store: TrackingStore,
        rules: Rules,
        clock: Clock,
        on_hit: OnHit | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._on_hit = on_hit
        self._bounds = bounds or Bounds(clock)
        self._waiting: deque[tuple[Hit, asyncio.Future[Tracked | None]]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._busy = False
        self._clicks: OrderedDict[Id, deque[tuple[int, Facts]]] = OrderedDict()
        self._salt = 0

    async def take(self, hit: Hit) -> Tracked | None:
        """Keeps a hit; its message, None when there is none. A store that can be read but not written loses the hit, not the person.

        Raises:
            UnavailableError: the store cannot be read, or too much waits.
        """
        if len(self._waiting) >= WAITING:
            raise UnavailableError("more requests wait than fit in memory; try again in a second")
        future: asyncio.Future[Tracked | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((hit, future))
        if self._running is None:
            self._running = asyncio.ensure_future(self._run())
        return await future

    async def takes_change(self, message: Tracked, kind: EventType) -> bool:
        """Whether something more that a reader says on a page of ours is kept; what was said before stands in any case.

        Raises:
            UnavailableError: the store cannot be read.
        """
        found = await self._store.engagements_of(message.workspace_id, message.id)
        before = next((one.human + one.machine + one.unknown for one in found if one.type is kind), 0)
        taken = self._bounds.takes_change(message.id, kind, before)
        if not taken:
            self._dropped(kind)
        return taken

    async def _run(self) -> None:
        try:
            while self._waiting:
                if self._busy and len(self._waiting) < GROUP:
                    await asyncio.sleep(LINGER)
                group = [self._waiting.popleft() for _ in range(min(GROUP, len(self._waiting)))]
                self._busy = len(group) >= COMPANY
                await self._one_group(group)
        finally:
            self._running = None

    async def _one_group(self, group: list[tuple[Hit, asyncio.Future[Tracked | None]]]) -> None:
        try:
            found = await self._store.tracked(list({hit.message_id for hit, _ in group}))
        except Exception as error:  # noqa: BLE001 - handed to those who wait
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            return
        events = [event for hit, _ in group if (event := self._event(hit, found.get(hit.message_id))) is not None]
        if events:
            try:
                await self._look_up(events)
                await self._store.add_hits(events, found)
                self._tell(events, "")
            except PosthouseError:
                self._tell(events, "lost")
        for hit, future in group:
            if not future.done():
                future.set_result(found.get(hit.message_id))

    def _event(self, hit: Hit, message: Tracked | None) -> Event | None:
        if message is None or hit.kind is None:
            return None
        now = self._clock.now()
        known = self._rules.knows_network(hit.network)
        if not self._bounds.takes(hit.message_id, hit.kind, hit.network, known=known):
            self._dropped(hit.kind)
            return None
        facts = Facts(
            agent=hit.agent[:MAX_AGENT],
            network=hit.network,
            after=None if message.sent_at is None else (now - message.sent_at) // 1000,
            head=hit.head,
            link=hit.link,
            occurrence=hit.occurrence,
            trap=hit.trap,
        )
        recent = self._remember(hit.message_id)
        around = around_of(now, facts, recent, self._rules.timing)
        judged = self._rules.judge(hit.kind, facts, around)
        if hit.kind is EventType.CLICKED:
            recent.append((now, facts))
        self._salt = (self._salt + 1) % 1_000
        key = f"{now:x}-{hash((hit.network, hit.agent)) & 0xFFFFFF:06x}{self._salt:03d}"
        return Event(hit.message_id, message.workspace_id, hit.kind, now, key, data_of(facts, judged))

    async def _look_up(self, events: list[Event]) -> None:
        """A message that is asked for unusually often may have had enough already, in hours that nobody remembers."""
        for message_id in self._bounds.unusual():
            workspace_id = next(event.workspace_id for event in events if event.message_id == message_id)
            for one in await self._store.engagements_of(workspace_id, message_id):
                if one.human + one.machine + one.unknown >= MOST_EVER:
                    self._bounds.fill(message_id, one.type)

    def _remember(self, message_id: Id) -> deque[tuple[int, Facts]]:
        """The last clicks of a message."""
        recent = self._clicks.get(message_id)
        if recent is None:
            recent = self._clicks[message_id] = deque(maxlen=_LAST)
            if len(self._clicks) > REMEMBERED:
                self._clicks.popitem(last=False)
        else:
            self._clicks.move_to_end(message_id)
        return recent

    def _dropped(self, kind: EventType) -> None:
        if self._on_hit is not None:
            self._on_hit(_NAMES[kind], "dropped")

    def _tell(self, events: list[Event], instead: str) -> None:
        if self._on_hit is not None:
            for event in events:
                self._on_hit(_NAMES[event.type], instead or str(event.data.get("verdict", _UNKNOWN)))
