"""The API on a real server and a real store: SQLite in a folder, uvicorn on loopback."""

import asyncio
import dataclasses
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from posthouse.bootstrap import House, migrate, open_house
from posthouse.config import create_master_key, load
from posthouse.core.messages.following import Hub
from posthouse.http.app import create_app
from posthouse.http.schemas.events import frame
from posthouse.http.services import HttpSettings
from posthouse.runtime.metrics import Metrics, Slots
from posthouse.runtime.serving import services_of

TEMPLATE = {
    "order/template.toml": 'name = "Order"\nsubject = "Order {{ number }}"\nfrom = "shop@shop.example"\n',
    "order/email.en.html": "<p>Thank you, {{ name }}.</p>",
    "order/sample.json": '{"number": "A-1", "name": "Ann"}',
}
MESSAGE = {"template": "order", "to": "ann@shop.example", "variables": {"number": "A-7", "name": "Ann"}}


@asynccontextmanager
async def running(house: House, **settings: Any) -> AsyncIterator[tuple[str, uvicorn.Server]]:
    """A server over a house; its address."""

    metrics = Metrics(Slots(house.settings.metrics_dir, "api-0"))
    live = Hub(house.store, frame)
    services = dataclasses.replace(services_of(house, metrics, live), settings=HttpSettings(**settings))
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(services), log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", server
    finally:
        live.close()
        server.should_exit = True
        await serving
        metrics.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = load(data=tmp_path, environ={}).settings
    create_master_key(settings.key_file)
    await migrate(settings)
    async with open_house(settings, role="api") as opened:
        yield opened


@pytest.fixture
async def key(house: House) -> str:
    workspace = await house.workspaces.create("shop")
    await house.domains.add(workspace.id, "shop.example", verified=True)
    return (await house.keys.create(workspace.id, "first", live=True, scopes=["*"])).secret


def client_of(address: str, key: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=address, headers={"authorization": f"Bearer {key}"}, trust_env=False)


async def test_from_template_to_timeline(house: House, key: str) -> None:
    """Push, send, replay, find, look at, cancel: on the real rooms and the real store."""
    async with running(house) as (address, _), client_of(address, key) as client:
        pushed = await client.post("/v1/templates", json={"files": TEMPLATE, "publish": True})
        assert pushed.status_code == 200, pushed.text
        sent = await client.post(
            "/v1/messages", json={**MESSAGE, "correlation": "A-7"}, headers={"idempotency-key": "k1"}
        )
        assert sent.status_code == 202, sent.text
        again = await client.post(
            "/v1/messages", json={**MESSAGE, "correlation": "A-7"}, headers={"idempotency-key": "k1"}
        )
        assert (again.headers["idempotent-replayed"], again.content) == ("true", sent.content)
        other = await client.post("/v1/messages", json=MESSAGE, headers={"idempotency-key": "k1"})
        assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
        message = sent.json()["id"]
        found = (await client.get("/v1/messages?correlation=A-7")).json()
        assert [item["id"] for item in found["items"]] == [message]
        content = (await client.get(f"/v1/messages/{message}/content")).json()
        assert (content["subject"], "Thank you, Ann." in content["html"]) == ("Order A-7", True)
        assert (await client.post(f"/v1/messages/{message}/cancel")).json()["status"] == "cancelled"
        timeline = (await client.get(f"/v1/messages/{message}/timeline")).json()
        assert [event["type"] for event in timeline["events"]] == ["message.accepted", "message.cancelled"]


async def test_bad_variables_and_unknown_templates_are_named(house: House, key: str) -> None:
    """The problem says which variable, and which template was probably meant."""
    async with running(house) as (address, _), client_of(address, key) as client:
        await client.post("/v1/templates", json={"files": TEMPLATE, "publish": True})
        bad = await client.post("/v1/messages", json={**MESSAGE, "variables": {"name": "Ann"}})
        assert bad.status_code == 422
        assert "number" in bad.text
        bad = await client.post("/v1/messages", json={**MESSAGE, "template": "ordr"})
        assert bad.json()["type"] == "/problems/unknown-template"
        assert "order" in bad.json()["detail"]


async def test_every_item_of_a_large_batch_is_kept(house: House, key: str) -> None:
    """A thousand messages in one request, all of them there afterwards."""
    async with running(house) as (address, _), client_of(address, key) as client:
        await client.post("/v1/templates", json={"files": TEMPLATE, "publish": True})
        answer = await client.post("/v1/messages/batch", json=[MESSAGE] * 1000, timeout=30)
        results = answer.json()["results"]
        assert {result["status"] for result in results} == {202}
        seen, cursor = set(), ""
        while cursor is not None:
            page = (await client.get(f"/v1/messages?limit=200{cursor and f'&cursor={cursor}'}")).json()
            seen |= {item["id"] for item in page["items"]}
            cursor = page["next"]
        assert seen == {result["message"]["id"] for result in results}


async def test_a_revoked_key_is_refused_a_moment_later(house: House, key: str) -> None:
    """Revoked by another process's service: refused here within a tenth of a second and a little."""
    async with (
        open_house(house.settings, role="cli", shard=1) as other,
        running(house) as (address, _),
        client_of(address, key) as client,
    ):
        me = (await client.get("/v1/workspace")).json()
        assert me["name"] == "shop"
        workspace = (await other.workspaces.list())[0]
        (found,) = await other.keys.list(workspace.id)
        await other.keys.revoke(workspace.id, found.id)
        await asyncio.sleep(0.15)
        assert (await client.get("/v1/workspace")).status_code == 401


async def test_last_use_is_written_when_the_server_stops(house: House, key: str) -> None:
    """Nothing on the hot path, and nothing lost at the end."""
    async with running(house) as (address, _), client_of(address, key) as client:
        await client.get("/v1/workspace")
    workspace = (await house.workspaces.list())[0]
    (found,) = await house.keys.list(workspace.id)
    assert found.last_used_at is not None


async def test_a_stop_answers_what_is_under_way(house: House, key: str) -> None:
    """A request whose body is still coming when the server is told to stop gets its answer."""
    async with running(house) as (address, server):
        port = int(address.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 2\r\n\r\n"
        writer.write(head.encode() + b"{")
        await writer.drain()
        await asyncio.sleep(0.1)
        server.should_exit = True
        await asyncio.sleep(0.2)
        writer.write(b"}")
        assert (await reader.readline()).split()[1] == b"422"
        writer.close()


async def test_a_slow_body_is_408_and_a_large_one_413(house: House, key: str) -> None:
    """On a real socket: the wait is bounded, and a length over the limit is refused before the body is sent."""
    async with running(house, body_seconds=0.3, max_body=1000) as (address, _):
        port = int(address.rpartition(":")[2])
        for length, expected in ((10, b"408"), (1001, b"413")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = f"POST /v1/messages HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: {length}\r\n\r\n"
            writer.write(head.encode())
            assert (await asyncio.wait_for(reader.readline(), 5)).split()[1] == expected
            writer.close()
