"""The one door out: claim, build, send, judge, record.

One dispatcher is one process's share of the work. It claims ahead into an inbox, a fixed number of workers take from it (the most
urgent lane first), and a recorder writes down what came of it, a group at a time. No store connection is held while a provider is spoken to.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from posthouse.core.delivery.blackbox import BlackBox
from posthouse.core.delivery.delivery import Delivery
from posthouse.core.delivery.inbox import Inbox
from posthouse.core.delivery.judge import in_doubt_before, put_back
from posthouse.core.delivery.leases import Leases
from posthouse.core.delivery.model import Claimed, Settlement
from posthouse.core.delivery.ports import QueueStore
from posthouse.core.delivery.recorder import Recorder
from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.kernel.waiting import either
from posthouse.core.messages.model import Lane
from posthouse.core.messages.ports import MessageStore

LONGEST_NAP: Final = 1.0
"""Seconds after which the queue is looked at even if nobody rang: leases of the dead run out silently."""
DOOR_SECONDS: Final = 60.0
HANDS_FULL: Final = 32
"""Messages in hand from which a dispatcher no longer runs to the door at each ring: every claim is a commit, whatever it brings."""
PACE: Final = 0.01
"""Seconds between two claims of one with its hands full. One with free hands never waits."""


class DispatchSettings(msgspec.Struct, frozen=True):
    """How much at a time. ``lease`` in microseconds, ``grace`` in seconds."""

    prefetch: int = 200
    concurrency: int = 128
    critical_slots: int = 16
    lease: int = 20 * SECOND
    grace: float = 20.0


class Watch(Protocol):
    """Hooks for metrics and logs; none may raise or wait."""

    def claimed(self, messages: Sequence[Claimed]) -> None:
        """These were claimed."""

    def recorded(self, settlements: Sequence[Settlement], took_effect: Sequence[bool], seconds: float) -> None:
        """These were recorded by one commit that took so long; a False is one whose lease was gone."""

    def trouble(self, what: str, error: Exception) -> None:
        """Something failed and is tried again."""


class Dispatcher:
    """Runs until told to stop.

    Args:
        queue: what is due.
        messages: for the record of doubts.
        delivery: makes one attempt.
        leases: what is held.
        box: survives our death.
        clock: the time of the house.
        tokens: gives fencing tokens of 63 bits, never the same twice.
        settings: how much at a time.
        watch: hooks.
    """

    def __init__(
        self,
        queue: QueueStore,
        messages: MessageStore,
        delivery: Delivery,
        *,
        leases: Leases,
        box: BlackBox,
        clock: Clock,
        tokens: Callable[[], int],
        settings: DispatchSettings,
        watch: Watch,
    ) -> None:
        self._queue = queue
        self._messages = messages
        self._delivery = delivery
        self._leases = leases
        self._box = box
        self._clock = clock
        self._tokens = tokens
        self._settings = settings
        self._watch = watch
        self._inbox = Inbox(self._taken)
        self._recorder = Recorder(queue, self._recorded, lambda error: watch.trouble("record", error))
        self._stir = asyncio.Event()
        self._more = False
        self._stopping = False

    async def run(self) -> None:
        """Claims and sends until :meth:`stop`; returns when all that was begun is recorded."""
        recording = asyncio.ensure_future(self._recorder.run())
        renewing = asyncio.ensure_future(self._renew())
        listening = asyncio.ensure_future(self._listen())
        workers = [
            asyncio.ensure_future(self._work(reserved=index < self._settings.critical_slots))
            for index in range(self._settings.concurrency)
        ]
        try:
            await self._fetch()
        finally:
            listening.cancel()
            for message in self._inbox.close():
                self._recorder.put(put_back(message, self._clock.now()))
            await asyncio.wait(workers, timeout=self._settings.grace)
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self._recorder.close()
            await asyncio.wait([recording], timeout=self._settings.grace)
            for task in (recording, renewing):
                task.cancel()
            await asyncio.gather(recording, renewing, listening, return_exceptions=True)

    def stop(self) -> None:
        """Asks for a graceful end: finish what was begun, give back the rest."""
        self._stopping = True
        self._stir.set()

    async def _fetch(self) -> None:
        while not self._stopping:
            self._stir.clear()
            if self._recorder.store_away:  # else we would claim, and send again, what we know to be sent
                await either(self._stir, LONGEST_NAP / 4)
                continue
            try:
                claimed_at = self._clock.monotonic()
                self._more = await self._claim()
                nap = 0.0 if self._more and self._has_room() else await self._nap()
            except PosthouseError as error:
                self._watch.trouble("claim", error)
                nap = LONGEST_NAP / 4
            if nap and not self._stopping:
                await either(self._stir, nap)
                await self._keep_pace(claimed_at)

    async def _keep_pace(self, claimed_at: int) -> None:
        if len(self._leases) >= HANDS_FULL:
            await asyncio.sleep(PACE - (self._clock.monotonic() - claimed_at) / SECOND)

    async def _listen(self) -> None:
        """Stirs whenever somebody rings at the store's door."""
        while True:
            try:
                if await self._queue.wake(DOOR_SECONDS):
                    self._stir.set()
            except Exception as error:  # noqa: BLE001 - a deaf dispatcher would only look once a second
                self._watch.trouble("wake", error)
                await asyncio.sleep(LONGEST_NAP)

    def _taken(self) -> None:
        """A worker took a message: when half is gone and there is more, the next claim may begin."""
        if self._more and self._has_room():
            self._stir.set()

    def _has_room(self) -> bool:
        return self._inbox.size(Lane.NORMAL) + self._inbox.size(Lane.BULK) <= self._settings.prefetch // 2

    async def _nap(self) -> float:
        """Seconds until there is something to do at the latest."""
        if self._more:
            return LONGEST_NAP
        if len(self._leases) >= HANDS_FULL:  # there will be another claim before the answer matters
            return PACE * 5
        now = self._clock.now()
        due = await self._queue.next_due(now)
        return LONGEST_NAP if due is None else min(LONGEST_NAP, max(0.001, (due - now) / SECOND))

    async def _claim(self) -> bool:
        """Claims what there is room for; True when there may be more of it."""
        lanes = self._room()
        enough = not self._has_room()  # then some lane was not asked for, and may well have more
        asked_at = self._clock.monotonic()
        now = self._clock.now()
        lease = self._tokens()
        claimed = await self._queue.claim(lanes, now=now, until=now + self._settings.lease, lease=lease)
        if not claimed:
            return enough
        doubts = [message for message in claimed if message.in_doubt]
        if doubts:
            await self._messages.append([in_doubt_before(message, now) for message in doubts])
        self._delivery.claimed()
        self._leases.take(claimed, asked_at)
        self._box.claimed(claimed)
        self._inbox.put(claimed)
        self._watch.claimed(claimed)
        found = Counter([message.lane for message in claimed])
        return enough or any(found[lane] >= room for lane, room in lanes)

    def _room(self) -> list[tuple[Lane, int]]:
        """Critical always has room of its own; the other lanes share the rest, the more urgent first.

        They are filled up only when half of it is free: a claim of a few messages costs nearly as much as one of many.
        """
        prefetch = self._settings.prefetch
        critical = max(0, prefetch // 4 - self._inbox.size(Lane.CRITICAL))
        normal = self._inbox.size(Lane.NORMAL)
        both = normal + self._inbox.size(Lane.BULK)
        rooms = [
            (Lane.CRITICAL, critical),
            (Lane.NORMAL, prefetch - normal if normal <= prefetch // 2 else 0),
            (Lane.BULK, prefetch - both if both <= prefetch // 2 else 0),
        ]
        return [(lane, room) for lane, room in rooms if room]

    async def _work(self, *, reserved: bool) -> None:
        while (message := await self._inbox.take(reserved=reserved)) is not None:
            await self._recorder.room()
            try:
                settlement = await self._delivery.deliver(message)
            except Exception as error:  # noqa: BLE001 - a defect must not end the worker nor lose the message
                self._watch.trouble("deliver", error)
                settlement = self._delivery.defect(message, error)
            if settlement is None:  # not ours as far as we know; if nobody took it meanwhile, it must not stay with us
                settlement = put_back(message, self._clock.now())
            self._box.settled(settlement)
            self._recorder.put(settlement)

    def _recorded(self, settlements: Sequence[Settlement], took_effect: Sequence[bool], seconds: float) -> None:
        for settlement in settlements:
            self._leases.drop(settlement.message_id, settlement.lease)
        self._box.done(settlements)
        self._watch.recorded(settlements, took_effect, seconds)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._settings.lease / SECOND / 3)
            held = self._leases.all()
            if not held:
                continue
            asked_at = self._clock.monotonic()
            try:
                lost = await self._queue.extend(held, self._clock.now() + self._settings.lease)
            except Exception as error:  # noqa: BLE001 - without renewals everything long would be sent twice
                self._watch.trouble("renew", error)
                continue
            self._leases.renewed(held, lost, asked_at)
