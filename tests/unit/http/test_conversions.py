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
    row = {"template": None, "slot": None, "url": None, "currency": "EUR", "orders": 1, "amount": "49.90", "by_browser": "0.00",
           "cancelled": 0, "taken_back": "0.00"}  # fmt: skip
    assert (await client.get("/v1/conversions/revenue?by=link")).json()["items"] == [row]
    test_key = {"Authorization": f"Bearer {stage.test_key}"}
    for path in ("/v1/conversions?mode=live", "/v1/conversions/revenue"):
        assert (await client.get(path, headers=test_key)).json()["items"] == []


async def test_refunds(stage: HttpStage, client: httpx.AsyncClient) -> None:
    """What is left takes the place of the amount, however often it is said; the first report again is no conflict; test keys change no live order."""
    order = {"order": "A-1", "amount": "49.90", "currency": "EUR"}
    assert (await client.post("/v1/conversions", json={**order, "corrects": True})).json()[
        "type"
    ] == "/problems/unknown-order"
    await client.post("/v1/conversions", json=order)
    left = {**order, "amount": "20", "corrects": True}
    answer = await client.post("/v1/conversions", json=left)
    told = answer.json()
    assert (answer.status_code, told["amount"], told["ordered"], told["cancelled"]) == (201, "20.00", "49.90", False)
    again = await client.post("/v1/conversions", json=left)
    assert (again.status_code, again.json()["repeated"], again.json()["amount"]) == (200, True, "20.00")
    first = await client.post("/v1/conversions", json=order)
    assert (first.status_code, first.json()["amount"]) == (200, "20.00")
    assert (await client.post("/v1/conversions", json={**order, "amount": "30"})).status_code == 409
    test_key = {"Authorization": f"Bearer {stage.test_key}"}
    cancelled = {**order, "amount": "0", "corrects": True}
    assert (await client.post("/v1/conversions", json=cancelled, headers=test_key)).status_code == 404
    assert (await client.post("/v1/conversions", json=cancelled)).json()["cancelled"]
    for change, pointer in (
        ({"currency": "USD"}, "/currency"),
        ({"email": "a@b.example"}, "/corrects"),
        ({"amount": "-1"}, "/amount"),
    ):
        wrong = await client.post("/v1/conversions", json={**cancelled, **change})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, pointer), wrong.text


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
