"""Webhook endpoints through the door."""

import pytest
from httpx import AsyncClient
from tests.unit.http.fakes import Stage

from posthouse.core.messages.model import Channel, Event, EventType
from posthouse.core.messages.stream import Told, show_cursor

ONE = {"name": "shop", "url": "https://shop.example/hook", "types": ["message.bounced"]}


async def test_the_secret_is_shown_once(client: AsyncClient) -> None:
    """When the endpoint is made and when it is rotated; never in a list or a detail."""
    made = await client.post("/v1/webhooks", json=ONE)
    assert made.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert made.json()["endpoint"]["state"] == "active"
    for path in ("/v1/webhooks", "/v1/webhooks/shop"):
        assert "whsec_" not in (await client.get(path)).text
    rotated = (await client.post("/v1/webhooks/shop/rotate", json={"overlap_seconds": 60})).json()
    assert rotated["secret"] != made.json()["secret"]
    assert rotated["endpoint"]["old_secret_until"] is not None


async def test_an_endpoint_can_be_changed_paused_tested_and_removed(client: AsyncClient) -> None:
    """Each by its own door; what is left out stays."""
    await client.post("/v1/webhooks", json=ONE)
    changed = (await client.patch("/v1/webhooks/shop", json={"templates": ["welcome"]})).json()
    assert (changed["templates"], changed["types"]) == (["welcome"], ["message.bounced"])
    paused = (await client.post("/v1/webhooks/shop/pause")).json()
    assert (paused["state"], paused["paused_because"]) == ("paused", "manual")
    assert (await client.post("/v1/webhooks/shop/resume")).json()["state"] == "active"
    tested = (await client.post("/v1/webhooks/shop/test")).json()
    assert (tested["result"], tested["status"], tested["type"]) == ("delivered", 204, "webhook.test")
    log = (await client.get("/v1/webhooks/shop/attempts?limit=1")).json()
    assert log["items"] == [tested]
    assert (await client.get(f"/v1/webhooks/shop/attempts?cursor={log['next']}")).json()["items"] == []
    assert (await client.delete("/v1/webhooks/shop")).status_code == 204
    assert (await client.get("/v1/webhooks/shop")).json()["type"] == "/problems/unknown-endpoint"


async def test_events_can_be_told_again(client: AsyncClient, stage: Stage) -> None:
    """One by its id, or those of a range that match."""
    await client.post("/v1/webhooks", json=ONE)
    for kind in (EventType.SENT, EventType.BOUNCED, EventType.BOUNCED):
        event = Event(stage.new_id(), stage.workspace_id, kind, 0)
        stage.stream.add(Told(event, True, Channel.EMAIL, None, None, ()))
    answer = await client.post("/v1/webhooks/shop/replay", json={"event": show_cursor(1)})
    assert (answer.status_code, answer.json()) == (202, {"events": 1, "next": None})
    answer = await client.post("/v1/webhooks/shop/replay", json={"after": show_cursor(0)})
    assert answer.json() == {"events": 2, "next": None}
    assert stage.endpoints.again == [1, 2, 3]


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("", {**ONE, "url": "https://10.0.0.1/"}, "/url"),
        ("", {**ONE, "url": "http://shop.example/"}, "/url"),
        ("", {**ONE, "types": ["message.bouncd"]}, "/types/0"),
        ("", {**ONE, "secret": "mine"}, "/secret"),
        ("/shop/replay", {}, "/event"),
        ("/shop/replay", {"event": "evt_00000000000001", "after": "evt_00000000000001"}, "/event"),
        ("/shop/replay", {"event": "evt_zzzzzzzzzzzzzz"}, "/event"),
        ("/shop/rotate", {"overlap_seconds": -1}, "/overlap_seconds"),
    ],
)
async def test_bad_requests_have_a_pointer(client: AsyncClient, path: str, body: dict, pointer: str) -> None:
    """And nothing is changed."""
    await client.post("/v1/webhooks", json=ONE)
    answer = await client.post(f"/v1/webhooks{path}", json={**body, "name": "other"} if not path else body)
    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])


async def test_names_are_unique(client: AsyncClient) -> None:
    """409 with its own problem."""
    await client.post("/v1/webhooks", json=ONE)
    answer = await client.post("/v1/webhooks", json=ONE)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/endpoint-exists")


async def test_who_may_do_what(client: AsyncClient, stage: Stage) -> None:
    """Looking needs admin:read, changing admin:write; a test key makes and sees endpoints for test messages only."""
    await client.post("/v1/webhooks", json=ONE)
    reader = {"authorization": f"Bearer {await stage.key('admin:read')}"}
    assert (await client.get("/v1/webhooks", headers=reader)).status_code == 200
    assert (await client.post("/v1/webhooks", json=ONE, headers=reader)).status_code == 403
    test = {"authorization": f"Bearer {stage.test_key}"}
    assert (await client.get("/v1/webhooks", headers=test)).json()["items"] == []
    for answer in (
        await client.get("/v1/webhooks/shop", headers=test),
        await client.post("/v1/webhooks/shop/test", headers=test),
        await client.delete("/v1/webhooks/shop", headers=test),
    ):
        assert answer.status_code == 404
    made = await client.post("/v1/webhooks", json={**ONE, "name": "tests"}, headers=test)
    assert made.json()["endpoint"]["mode"] == "test"
