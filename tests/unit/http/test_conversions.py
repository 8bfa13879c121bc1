"""Orders through the doors: the API's, and the browser's."""

import httpx
from tests.unit.http.fakes import Stage as HttpStage


async def test_the_api_counts_lists_and_adds_up(stage: HttpStage, client: httpx.AsyncClient) -> None:
    """201 once, 200 again, 409 with another amount; test keys see their own only; sums by currency."""
    order = {"order": "A-1", "amount": "49.9", "currency": "EUR", "email": "ann@shop.example"}
    answer = await client.post("/v1/conversions", json=order)
    assert (answer.status_code, answer.json()["amount"], answer.json()["credit"]) == (201, "49.90", None)
    again = await client.post("/v1/conversions", json=order)
    assert (again.status_code, again.json()["repeated"], again.json()["id"]) == (200, True, answer.json()["id"])
    other = await client.post("/v1/conversions", json={**order, "amount": "50"})
    assert (other.status_code, other.json()["type"]) == (409, "/problems/order-counted")
    assert (await client.get("/v1/conversions?order=A-1")).json()["items"][0]["order"] == "A-1"
    row = {"template": None, "url": None, "currency": "EUR", "orders": 1, "amount": "49.90", "by_browser": "0.00"}
    assert (await client.get("/v1/conversions/revenue?by=link")).json()["items"] == [row]
    test_key = {"Authorization": f"Bearer {stage.test_key}"}
    for path in ("/v1/conversions?mode=live", "/v1/conversions/revenue"):
        assert (await client.get(path, headers=test_key)).json()["items"] == []


async def test_bad_reports_name_the_field(client: httpx.AsyncClient) -> None:
    """Amount, currency, address and time, each with what to write."""
    order = {"order": "A-1", "amount": "49.90", "currency": "EUR"}
    for change, pointer in (
        ({"amount": "49,90"}, "/amount"),
        ({"currency": "euro"}, "/currency"),
        ({"email": "ann"}, "/email"),
        ({"at": "yesterday"}, "/at"),
        ({"at": "0001-01-01T00:00:00+23:59"}, "/at"),
        ({"at": "9999-12-31T23:59:59Z"}, "/at"),
        ({"click": "abc"}, "/click"),
    ):
        answer = await client.post("/v1/conversions", json={**order, **change})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer), answer.text


async def test_who_may_not_read_messages_learns_nothing_of_them(stage: HttpStage, client: httpx.AsyncClient) -> None:
    """Neither who clicked nor what an order came to; and no order's number moves a terminal's cursor."""
    order = {"order": "A-1", "amount": "49.90", "currency": "EUR"}
    assert (await client.post("/v1/conversions", json=order)).status_code == 201
    made = await stage.keys.create(stage.workspace_id, "shop", live=True, scopes=["messages:write"])
    writer = {"Authorization": f"Bearer {made.secret}"}
    refused = await client.post("/v1/conversions", json={**order, "amount": "1"}, headers=writer)
    assert (refused.status_code, "49.90" in refused.text) == (409, False)
    assert "49.90" in (await client.post("/v1/conversions", json={**order, "amount": "1"})).text
    for number in ("A\x1b[31m", "A\u202e", "A\x9b31m"):
        assert (await client.post("/v1/conversions", json={**order, "order": number})).status_code == 422
