"""A store on SQLite with a workspace, a template, two keys; a follower and the service that answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from posthouse.core.analytics.follower import Follower
from posthouse.core.analytics.service import AnalyticsService
from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.moments import read_moment
from posthouse.core.messages.model import Event, EventType, Status
from posthouse.core.tracking.model import Verdict
from posthouse.core.workspaces.model import ApiKey, Workspace
from posthouse.core.workspaces.service import WorkspaceService
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_rollups import GROUPS, follow
from posthouse.testing.store_tracking import add, hit
from posthouse.testing.stores import Kit

NOW = "2026-11-27T10:30:00Z"


class Scene:
    """Makes messages at a time, and asks."""

    def __init__(self, store: SqliteStore, zone: str) -> None:
        self.clock = FakeClock(read_moment(NOW))
        self.kit = Kit(self.clock)
        self.store = store
        self.zone = zone
        self.follower = Follower(store, store, store, GROUPS, self.clock)
        self.service = AnalyticsService(
            store,
            store,
            store,
            WorkspaceService(store=store, new_id=self.kit.ids, clock=self.clock),
            domains=GROUPS.words,
            clock=self.clock,
        )
        self.shop, self.till = self.kit.ids(), self.kit.ids()

    async def furnish(self) -> None:
        kit, now = self.kit, self.clock.now()
        await self.store.add_workspace(Workspace(kit.workspace, "shop", now, time_zone=self.zone))
        for key, name in ((self.shop, "shop"), (self.till, "till")):
            row = ApiKey(key, kit.workspace, name, live=True, scopes=(), hint="", created_at=now)
            await self.store.add_key(row, name.encode())
        template = kit.template(version=2)
        self.release = kit.release(template)
        await self.store.publish(template, [self.release])

    async def message(self, at: str, *, status: Status = Status.SENT, took: int = SECOND, **changes: Any) -> bytes:
        """One message accepted at a time and handed over a while later."""
        kit = self.kit
        self.at(at)
        new = kit.new(release_id=self.release.id, **{"key_id": self.shop, **changes})
        await self.store.accept([new])
        self.clock.advance(took)
        (claimed,) = await kit.claim(self.store, lane=new.lane)
        await self.store.record([kit.settle(claimed, status)])
        return new.id

    async def hit(self, message: bytes, at: str, verdict: Verdict, kind: EventType = EventType.OPENED) -> None:
        """One open or click."""
        self.at(at)
        await add(self.store, [hit(self.kit, message, f"{at}{verdict}", verdict, kind)])

    async def event(self, message: bytes, kind: EventType) -> None:
        """A fact now."""
        await self.store.append([Event(message, self.kit.workspace, kind, self.clock.now())])

    async def counted(self, now: str = NOW) -> None:
        """All that happened is in the roll-ups, and it is some time."""
        await follow(self.follower)
        self.at(now)

    def at(self, moment: str) -> None:
        """It is some time."""
        self.clock.step(read_moment(moment) - self.clock.now())


@asynccontextmanager
async def scene(folder: Path, zone: str = "UTC") -> AsyncIterator[Scene]:
    """A scene on a new store."""
    store = SqliteStore(folder / "data", clock=FakeClock())
    await store.open()
    try:
        made = Scene(store, zone)
        await made.furnish()
        yield made
    finally:
        await store.close()
