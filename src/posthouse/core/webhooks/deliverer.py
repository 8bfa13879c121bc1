"""Delivers to all endpoints of the house, each on a line of its own: one that hangs holds up nobody else.

Several processes may run one: each line is held under a lease, by whoever took it first.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.waiting import either
from posthouse.core.webhooks.line import EndpointLine, LineLostError, Means
from posthouse.core.webhooks.model import Endpoint

LOOK: Final = 1.0
"""Seconds between two looks at the settings and at what is due again."""
LEASE: Final = 15 * SECOND
RENEW: Final = 5 * SECOND
GRACE: Final = 10.0
"""Seconds that a stop waits for answers under way; what has none by then is told again."""


class Deliverer:
    """Runs until stopped.

    Args:
        means: what deliveries are made with.
        token: proves whose the lines are; random, 63 bits.
        trouble: told of what is tried again.
    """

    def __init__(self, means: Means, token: int, trouble: Callable[[str, Exception], None]) -> None:
        self._means = means
        self._token = token
        self._trouble = trouble
        self._lines: dict[Id, tuple[EndpointLine, asyncio.Task[None]]] = {}
        self._woken: dict[Id, asyncio.Event] = {}
        self._generation = -1
        self._renewed_at = -RENEW
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ends :meth:`run`, after what is under way."""
        self._stopping.set()

    async def run(self) -> None:
        """Delivers."""
        waking = asyncio.create_task(self._wake_forever())
        try:
            while not self._stopping.is_set():
                try:
                    await self._look()
                except PosthouseError as error:
                    self._trouble("webhooks_look", error)
                await either(self._stopping, LOOK)
        finally:
            waking.cancel()
            await asyncio.gather(waking, return_exceptions=True)
            await self._finish()

    async def _look(self) -> None:
        """Follows changes of settings, keeps the lines that are ours, and takes those that are free."""
        store, now = self._means.store, self._means.clock.now()
        monotonic = self._means.clock.monotonic()
        generation = await self._means.generation()
        if generation == self._generation and monotonic - self._renewed_at < RENEW:
            return
        held = {
            endpoint.id
            for endpoint, line in await store.endpoints(None)
            if line.paused is None and await store.hold_line(endpoint.id, self._token, now, now + LEASE)
        }
        for gone in self._lines.keys() - held:
            self._drop(gone)
        for endpoint, line in await store.endpoints(None):  # again: another holder may have moved on meanwhile
            if endpoint.id not in held:
                continue
            if endpoint.id in self._lines and not self._lines[endpoint.id][1].done():
                self._lines[endpoint.id][0].endpoint = endpoint
            else:
                self._begin(endpoint, EndpointLine(self._means, endpoint, line, self._token))
        self._generation, self._renewed_at = generation, monotonic

    def _begin(self, endpoint: Endpoint, line: EndpointLine) -> None:
        woken = self._woken[endpoint.id] = asyncio.Event()
        task = asyncio.create_task(self._tell(line, woken), name=f"webhook-{endpoint.name}")
        self._lines[endpoint.id] = (line, task)

    def _drop(self, endpoint_id: Id) -> None:
        found = self._lines.pop(endpoint_id, None)
        self._woken.pop(endpoint_id, None)
        if found is not None:
            found[1].cancel()

    async def _tell(self, line: EndpointLine, woken: asyncio.Event) -> None:
        while not self._stopping.is_set():
            woken.clear()
            try:
                more = await line.turn()
            except LineLostError:
                return
            except PosthouseError as error:
                self._trouble("webhooks_turn", error)
                await either(self._stopping, LOOK)
                continue
            if not more:
                await either(woken, LOOK)

    async def _wake_forever(self) -> None:
        while True:
            if not self._lines:
                await asyncio.sleep(LOOK / 4)
                continue
            await self._means.events.stream_wake(LOOK)
            for woken in self._woken.values():
                woken.set()

    async def _finish(self) -> None:
        for woken in self._woken.values():
            woken.set()
        tasks = [task for _, task in self._lines.values()]
        if tasks:
            await asyncio.wait(tasks, timeout=GRACE)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(PosthouseError):
            await self._means.store.let_line_go(self._token)
