"""Group commit of settlements: what came to an end while a commit ran is recorded by the next one."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from posthouse.core.delivery.model import Settlement
from posthouse.core.delivery.ports import QueueStore
from posthouse.core.kernel.errors import PosthouseError

GROUP: Final = 512
FULL: Final = 2_000
LINGER: Final = 0.04
"""Seconds that a busy recorder waits for company: a commit costs about the same for one settlement as for twenty. Nobody waits
for it but the timeline, and the black box knows meanwhile."""
FIRST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 2.0

OnRecorded = Callable[[Sequence[Settlement], Sequence[bool], float], None]
OnTrouble = Callable[[Exception], None]


class Sleep(Protocol):
    """Waits so many seconds."""

    async def __call__(self, seconds: float, /) -> None:
        """Waits."""
        ...


class Recorder:
    """Keeps settlements until the store has them, however long the store is away.

    Args:
        store: where they are recorded.
        on_recorded: told after each commit: what was recorded, what took effect, the seconds it took.
        on_trouble: told of each failed commit; it is tried again.
        sleep: waits.
    """

    def __init__(
        self, store: QueueStore, on_recorded: OnRecorded, on_trouble: OnTrouble, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._store = store
        self._on_recorded = on_recorded
        self._on_trouble = on_trouble
        self._sleep = sleep
        self._waiting: list[Settlement] = []
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closing = False
        self._busy = False
        self.store_away = False
        """Whether the last try found the store away: what is known is not written down yet."""

    def put(self, settlement: Settlement) -> None:
        """Adds one; it is recorded with the next commit."""
        self._waiting.append(settlement)
        self._arrived.set()
        if len(self._waiting) >= FULL:
            self._room.clear()

    async def room(self) -> None:
        """Waits while too much is unrecorded: nothing more should be sent that could not be written down."""
        await self._room.wait()

    async def run(self) -> None:
        """Records until closed and empty."""
        while True:
            await self._arrived.wait()
            while self._waiting:
                if self._busy and not self._closing and len(self._waiting) < GROUP:
                    await self._sleep(LINGER)
                self._busy = len(self._waiting) > 1
                await self._record(GROUP)
            self._arrived.clear()
            if self._closing:
                return

    async def _record(self, group: int) -> None:
        """Records the first of those that wait. After a defect one goes alone, and behind the others if it is the cause."""
        wait = FIRST_WAIT
        while True:
            batch = self._waiting[:group]
            begun = time.perf_counter()
            try:
                took_effect = await self._store.record(batch)
                break
            except Exception as error:  # noqa: BLE001 - whatever it is: sending goes on, so recording must
                self._on_trouble(error)
                self.store_away = isinstance(error, PosthouseError)
                await self._sleep(wait)
                wait = min(LONGEST_WAIT, wait * 2)
                if not self.store_away:
                    group = 1
                    self._waiting.append(self._waiting.pop(0))
        seconds = time.perf_counter() - begun
        self.store_away = False
        del self._waiting[: len(batch)]
        if len(self._waiting) < FULL:
            self._room.set()
        self._on_recorded(batch, took_effect, seconds)

    def close(self) -> None:
        """Lets :meth:`run` end when everything is recorded."""
        self._closing = True
        self._arrived.set()
