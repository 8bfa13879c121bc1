"""The real API over a real store, asked without a socket; and a dispatcher for what it accepted."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

from posthouse.bootstrap import House, dispatcher_of, migrate, open_house
from posthouse.config import Settings, create_master_key
from posthouse.core.messages.following import Hub
from posthouse.core.workspaces.scopes import EVERYTHING
from posthouse.http.app import create_app
from posthouse.http.schemas.events import frame
from posthouse.http.shell import Shell
from posthouse.runtime.metrics import Metrics, Slots
from posthouse.runtime.serving import services_of
from posthouse.runtime.watching import DispatchWatch
from posthouse.stores.blackbox import BlackBoxFile

HELLO = {
    "template.toml": 'key = "hello"\nname = "Hello"\nsubject = "Hello {{ name }}"\n',
    "email.en.html": "<p>Hello {{ name }}</p>",
    "sample.json": '{"name": "Ann"}',
}


class Api:
    """A house with its API."""

    def __init__(self, house: House, app: Shell, metrics: Metrics) -> None:
        self.house = house
        self.app = app
        self.metrics = metrics

    def client(self, key: str) -> httpx.AsyncClient:
        """Asks with a key."""
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        headers = {"authorization": f"Bearer {key}"}
        return httpx.AsyncClient(transport=transport, base_url="http://posthouse.test", headers=headers)

    async def workspace(self, name: str) -> "Tenant":
        """A new workspace with a live and a test key that may do everything."""
        workspace = await self.house.workspaces.create(name)
        live = await self.house.keys.create(workspace.id, "live", live=True, scopes=[EVERYTHING])
        test = await self.house.keys.create(workspace.id, "test", live=False, scopes=[EVERYTHING])
        return Tenant(name, workspace.id, self.client(live.secret), self.client(test.secret))

    async def dispatch(self) -> None:
        """Sends all that is due."""
        folder = self.house.settings.run_dir
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"dispatch-{self.house.clock.monotonic()}.box"
        box = BlackBoxFile(path, 1_000, self.house.store_id)
        dispatcher, fleet = dispatcher_of(self.house, box, DispatchWatch(self.metrics, self.house.clock))
        running = asyncio.ensure_future(dispatcher.run())
        try:
            async with asyncio.timeout(20):
                while any(depth.ready for depth in await self.house.store.depth(self.house.clock.now())):
                    await asyncio.sleep(0.02)
        finally:
            dispatcher.stop()
            await running
            await fleet.close()
            box.close()
            path.unlink(missing_ok=True)


class Tenant(msgspec.Struct):
    """A workspace and its keys."""

    name: str
    id: bytes
    live: httpx.AsyncClient
    test: httpx.AsyncClient

    async def furnish(self, domain: str) -> None:
        """A domain, a sandbox to deliver and the template ``hello``."""
        await self.ask("POST", "/v1/domains", {"name": domain, "verified": True}, 201)
        await self.ask("POST", "/v1/providers", {"name": "box", "kind": "sandbox"}, 201)
        files = HELLO | {"email.en.html": f"<p>Hello {{{{ name }}}} from {self.name}</p>"}
        await self.ask("POST", "/v1/templates", {"files": files, "publish": True}, 200)

    async def ask(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        """The answer's document; its status must be the one that is expected."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.live.request(method, path, json=body, headers=named)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def send(self, status: int = 202, **fields: Any) -> Any:
        """One message."""
        body = {"template": "hello", "to": "ann@person.example", "variables": {"name": "Ann"}} | fields
        return await self.ask("POST", "/v1/messages", body, status)


@asynccontextmanager
async def open_api(folder: Path, database: str = "", **sections: Any) -> AsyncIterator[Api]:
    """A fresh installation and its API.

    Args:
        folder: the data folder, empty.
        database: URL of an empty database; '' for SQLite.
        sections: settings that are not the default's.
    """
    settings = msgspec.convert({"data": str(folder), "database": database, **sections}, Settings)
    create_master_key(settings.key_file)
    await migrate(settings)
    metrics = Metrics(Slots(settings.metrics_dir, "api-0"))
    async with open_house(settings, role="api") as house:
        services = services_of(house, metrics, Hub(house.store, frame))
        brief = msgspec.structs.replace(services.settings, heartbeat_seconds=0.05, stream_seconds=0.1)
        yield Api(house, create_app(dataclasses.replace(services, settings=brief)), metrics)
    metrics.close()
