"""A room of tracking over a real store in a file, one sent message in it, and a door to knock at."""

import contextlib
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import msgspec
from tests.unit.http.fakes import Stage as HttpStage
from tests.unit.rendering.conftest import release_of

from posthouse.channels.email.addresses import EmailAddressRules
from posthouse.core.conversions.service import ConversionService
from posthouse.core.kernel.clock import HOUR
from posthouse.core.messages.model import Channel, Event, EventType, Status
from posthouse.core.templates.model import Category, Release, TemplateSource, VariantSource
from posthouse.core.tracking.bounds import Bounds
from posthouse.core.tracking.preferences import TrackingPreferences
from posthouse.core.tracking.recorder import HitRecorder
from posthouse.core.tracking.rules import Rules
from posthouse.core.tracking.service import TrackingService
from posthouse.core.tracking.tokens import Kind, Tokens
from posthouse.core.workspaces.model import Workspace
from posthouse.http.app import create_app
from posthouse.rendering.renderer import MinijinjaRenderer
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.stores import Kit

RULES = Rules(files("posthouse.core.tracking").joinpath("rules.toml").read_text())
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
HTML = """<html><body><p>Hello {{ name }}</p><a href="https://shop.example/sale?a=1&amp;b=é">sale</a>
{% for line in lines %}<a href="{{ line.url }}">{{ line.name }}</a>{% endfor %}
<a href="posthouse:rating/q1/1-5/4">4</a><a href="posthouse:unsubscribe">bye</a></body></html>"""
VARIABLES = {
    "name": "Ann <3",
    "lines": [{"name": "a", "url": "https://a.example/1"}, {"name": "b", "url": "https://b.example/2?x=1&y=2"}],
}


class FakeOptOuts:
    """Remembers who left."""

    def __init__(self) -> None:
        self.out: set[tuple[bytes, str]] = set()
        self.calls: list[str] = []

    async def unsubscribe(
        self,
        workspace_id: bytes,
        channel: Channel,
        address: str,
        *,
        message_id: bytes | None = None,
        evidence: str = "",
    ) -> None:
        self.calls.append(evidence)
        self.out.add((workspace_id, address))

    async def resubscribe(
        self, workspace_id: bytes, channel: Channel, address: str, *, message_id: bytes | None = None
    ) -> bool:
        was = (workspace_id, address) in self.out
        self.out.discard((workspace_id, address))
        return was

    async def is_out(self, workspace_id: bytes, channel: Channel, address: str) -> bool:
        return (workspace_id, address) in self.out


class ReleaseShelf:
    """Releases by identifier."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Release] = {}

    async def by_id(self, release_id: bytes) -> Release | None:
        return self.kept.get(release_id)


class Stage:
    """Everything wired; ``message`` was sent an hour ago."""

    def __init__(self, store: SqliteStore, clock: FakeClock, network_limit: int = 20_000) -> None:
        self.store = store
        self.clock = clock
        self.kit = Kit(clock)
        self.tokens = Tokens(lambda purpose: purpose.encode().ljust(32, b"k"))
        self.shelf = ReleaseShelf()
        self.opt_outs = FakeOptOuts()
        self.told: list[tuple[str, str]] = []
        self.preferences = TrackingPreferences(store, self.tokens, clock)
        bounds = Bounds(clock, network_limit)
        self.recorder = HitRecorder(
            store, RULES, clock, lambda kind, verdict: self.told.append((kind, verdict)), bounds
        )
        self.service = TrackingService(
            self.tokens,
            self.recorder,
            store,
            releases=self.shelf,
            printer=MinijinjaRenderer(),
            opt_outs=self.opt_outs,
            settings=self.preferences,
            clock=clock,
        )
        self.conversions = ConversionService(
            store,
            store,
            self.tokens,
            settings=self.preferences,
            releases=self.shelf,
            templates=store,
            normal=EmailAddressRules().normal_email,
            new_id=self.kit.ids,
            clock=clock,
        )
        http = HttpStage(clock=clock)
        self.access = http.access
        self.defects = http.defects
        self.app = create_app(_with(http.services, self.service, self.conversions))
        self.message = b""

    async def open(self) -> "Stage":
        """Makes the workspace and the message."""
        await self.store.add_workspace(Workspace(self.kit.workspace, "shop", self.clock.now()))
        self.message = await self.send(self.release())
        return self

    def release(self, html: str = HTML, category: Category = Category.COMMERCIAL, **more: Any) -> Release:
        """A release on the shelf."""
        made = release_of(TemplateSource("sale", "Sale", (VariantSource("email", "fr", "Hi", html=html, text="x"),)))
        made = msgspec.structs.replace(made, id=self.kit.ids(), category=category, own_links=True, **more)
        self.shelf.kept[made.id] = made
        return made

    async def send(self, release: Release | None, variables: dict[str, Any] = VARIABLES, **more: Any) -> bytes:
        """A message that was sent an hour ago."""
        new = self.kit.new(
            release_id=release.id if release else None, variables=msgspec.json.encode(variables), locale="fr", **more
        )
        await self.store.accept([new])
        claimed = await self.kit.claim(self.store)
        await self.store.record([self.kit.settle(one, Status.SENT) for one in claimed])
        self.clock.advance(HOUR)
        return new.id

    def path(self, kind: Kind, number: int = 0, occurrence: int = 0, message: bytes | None = None) -> str:
        """The path of an address in the mail."""
        return kind.path + self.tokens.make(message or self.message, kind, number, occurrence)

    async def events(self, kind: EventType, message: bytes | None = None) -> list[Event]:
        """What was recorded."""
        found = await self.store.events_of(self.kit.workspace, message or self.message)
        return [event for event in found if event.type is kind]


def _with(services: Any, tracking: TrackingService, conversions: ConversionService) -> Any:
    import dataclasses

    return dataclasses.replace(services, tracking=tracking, conversions=conversions)


@contextlib.asynccontextmanager
async def staged(folder: Path, network_limit: int = 20_000) -> AsyncIterator[Stage]:
    """A stage with its store open."""
    clock = FakeClock()
    store = SqliteStore(folder / "data", clock=clock)
    await store.open()
    try:
        yield await Stage(store, clock, network_limit).open()
    finally:
        await store.close()


def client_of(stage: Stage, agent: str = BROWSER, address: str = "203.0.113.9") -> httpx.AsyncClient:
    """A browser that follows nothing by itself."""
    transport = httpx.ASGITransport(app=stage.app, raise_app_exceptions=False, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://links.shop.example", headers={"user-agent": agent})
