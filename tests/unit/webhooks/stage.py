"""A real store in a folder, a receiver on loopback, and a deliverer between them."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from posthouse.channels.webhooks.poster import HttpPoster
from posthouse.core.kernel.clock import SystemClock
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.messages.model import Status
from posthouse.core.webhooks.deliverer import Deliverer
from posthouse.core.webhooks.line import Means
from posthouse.core.webhooks.model import Attempt, Endpoint, Pause
from posthouse.core.webhooks.requests import Requests
from posthouse.core.webhooks.service import WebhookService
from posthouse.stores.sealed import MasterKeyBox
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.stores import Kit

_TOKENS = itertools.count(1)


class Notes:
    """Remembers what the hooks were told."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.latencies: list[float] = []
        self.pauses: list[Pause] = []
        self.troubles: list[str] = []

    def attempted(self, endpoint: Endpoint, attempt: Attempt, seconds: float | None) -> None:
        self.attempts.append(attempt)
        if seconds is not None:
            self.latencies.append(seconds)

    def paused(self, endpoint: Endpoint, why: Pause) -> None:
        self.pauses.append(why)

    def trouble(self, what: str, error: Exception) -> None:
        self.troubles.append(what)


class MovableClock(SystemClock):
    """The machine's clock, set forward by hand."""

    def __init__(self) -> None:
        self.ahead = 0

    def now(self) -> int:
        return super().now() + self.ahead


class Stage:
    """Everything of one test."""

    def __init__(self, store: Any, seconds: float = 5.0) -> None:
        self.clock = MovableClock()
        self.store = store
        self.kit = Kit(self.clock)  # type: ignore[arg-type]
        self.box = MasterKeyBox(b"k" * 32)
        self.poster = HttpPoster(seconds, ["127.0.0.0/8"])
        self.notes = Notes()
        self.service = WebhookService(
            store,
            store,
            self.poster,
            self.box,
            clock=self.clock,
            new_id=Uuid7Source(self.clock.now),
            entropy=os.urandom,
        )

    async def add(self, url: str, name: str = "shop", **more: Any) -> str:
        """An endpoint; its secret."""
        return (await self.service.add(self.kit.workspace, name=name, url=url, live=True, **more)).secret

    async def line(self, name: str = "shop") -> Any:
        return (await self.service.get(self.kit.workspace, name))[1]

    async def send(self, count: int = 1, status: Status = Status.SENT) -> None:
        """Messages that were accepted and sent: two events each."""
        await self.store.accept([self.kit.new() for _ in range(count)])
        while claimed := await self.kit.claim(self.store, 200):
            await self.store.record([self.kit.settle(one, status) for one in claimed])

    @asynccontextmanager
    async def delivering(self, store: Any = None) -> AsyncIterator[Deliverer]:
        """A deliverer at work."""
        store = store or self.store
        means = Means(
            store=store,
            generation=store.generation,
            events=store,
            requests=Requests(self.poster, self.box, self.clock),
            clock=self.clock,
            new_id=Uuid7Source(self.clock.now),
            random=lambda: 0.5,
            watch=self.notes,
        )
        deliverer = Deliverer(means, next(_TOKENS), self.notes.trouble)
        running = asyncio.create_task(deliverer.run())
        try:
            yield deliverer
        finally:
            deliverer.stop()
            await running


@asynccontextmanager
async def on_stage(folder: Path, seconds: float = 5.0) -> AsyncIterator[Stage]:
    """A stage over a new store."""
    clock = SystemClock()
    store = SqliteStore(folder, clock=clock)
    await store.open()
    stage = Stage(store, seconds)
    try:
        yield stage
    finally:
        await stage.poster.close()
        await store.close()


async def until(wanted: Any, seconds: float = 20.0) -> None:
    """Waits until something is true."""
    async with asyncio.timeout(seconds):
        while not await wanted():
            await asyncio.sleep(0.02)
