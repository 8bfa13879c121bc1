"""Records hits in groups: what comes while a commit runs shares the next one.

A hit is judged by what is known when it comes: the message, and what the same network did with it a moment ago (as far as this
process saw it). ``posthouse tracking recount`` judges again with everything in view.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

import msgspec

from posthouse.core.kernel.clock import HOUR, Clock
from posthouse.core.kernel.errors import PosthouseError, UnavailableError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event, EventType
from posthouse.core.tracking.model import MAX_AGENT, Facts, Tracked, Verdict, data_of
from posthouse.core.tracking.ports import TrackingStore
from posthouse.core.tracking.rules import Rules, around_of

GROUP: Final = 256
WAITING: Final = 20_000
LINGER: Final = 0.004
COMPANY: Final = 4
REMEMBERED: Final = 10_000
"""Messages whose last hits a process remembers."""
MOST_AN_HOUR: Final = 100
"""Hits of one message that a process writes down in an hour; what comes beyond is answered, and counted by the metric only."""
_LAST: Final = 20


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


class _Recent(msgspec.Struct):
    """What one message had lately."""

    hour: int
    count: int = 0
    clicks: deque[tuple[int, Facts]] = msgspec.field(default_factory=lambda: deque(maxlen=_LAST))


OnHit = Callable[[str, str], None]
"""Told of each hit: ``opened`` or ``clicked``, and the verdict (``dropped`` beyond the limit, ``lost`` when the store was away)."""


class HitRecorder:
    """Finds the message of each hit, judges and keeps it.

    Args:
        store: where messages and events are.
        rules: who is who.
        clock: the time.
        on_hit: told of each hit.
    """

    def __init__(self, store: TrackingStore, rules: Rules, clock: Clock, on_hit: OnHit | None = None) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._on_hit = on_hit
        self._waiting: deque[tuple[Hit, asyncio.Future[Tracked | None]]] = deque()
        self._running: asyncio.Task[None] | None = None
        self._busy = False
        self._recent: OrderedDict[Id, _Recent] = OrderedDict()
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
        recent = self._remember(hit.message_id, now)
        recent.count += 1
        if recent.count > MOST_AN_HOUR:
            if self._on_hit is not None:
                self._on_hit(hit.kind.name.lower(), "dropped")
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
        around = around_of(now, facts, recent.clicks, self._rules.timing)
        judged = self._rules.judge(hit.kind, facts, around)
        if hit.kind is EventType.CLICKED:
            recent.clicks.append((now, facts))
        self._salt = (self._salt + 1) % 1_000
        key = f"{now:x}-{hash((hit.network, hit.agent)) & 0xFFFFFF:06x}{self._salt:03d}"
        return Event(hit.message_id, message.workspace_id, hit.kind, now, key, data_of(facts, judged))

    def _remember(self, message_id: Id, now: int) -> _Recent:
        recent = self._recent.get(message_id)
        hour = now // HOUR
        if recent is None:
            recent = self._recent[message_id] = _Recent(hour)
            if len(self._recent) > REMEMBERED:
                self._recent.popitem(last=False)
        else:
            self._recent.move_to_end(message_id)
            if recent.hour != hour:
                recent.hour, recent.count = hour, 0
        return recent

    def _tell(self, events: list[Event], instead: str) -> None:
        if self._on_hit is not None:
            for event in events:
                self._on_hit(event.type.name.lower(), instead or str(event.data.get("verdict", Verdict.UNKNOWN.word)))
