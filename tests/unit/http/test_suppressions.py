"""The suppression list over HTTP."""

from httpx import AsyncClient
from tests.unit.http.fakes import Stage

ANN = "ann@customer.example"


async def add(client: AsyncClient, address: str = ANN, **more: object) -> dict[str, object]:
    answer = await client.post("/v1/suppressions", json={"address": address, **more})
    assert answer.status_code == 201, answer.text
    made: dict[str, object] = answer.json()
    return made


async def test_added_seen_and_taken_away(client: AsyncClient, stage: Stage) -> None:
    """Who did it stands beside it; after a removal the audit still tells."""
    made = await add(client, "Ann@Customer.EXAMPLE", note="on the phone")
    assert (made["address"], made["category"], made["reason"]) == (ANN, "all", "manual")
    assert made["evidence"] == "on the phone"
    assert str(made["by"]).startswith("key_")
    assert (await client.get(f"/v1/suppressions/{made['id']}")).json() == made
    looked_up = (await client.get("/v1/suppressions/lookup", params={"address": "ANN@customer.example"})).json()
    assert looked_up["suppressions"] == [made]
    assert (await client.delete(f"/v1/suppressions/{made['id']}")).status_code == 204
    gone = await client.get(f"/v1/suppressions/{made['id']}")
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/unknown-suppression")
    looked_up = (await client.get("/v1/suppressions/lookup", params={"address": ANN})).json()
    assert looked_up["suppressions"] == []
    assert [line["action"] for line in looked_up["history"]] == ["removed", "added"]


async def test_who_unsubscribed_still_gets_receipts(client: AsyncClient) -> None:
    """Unless somebody says otherwise, in a request as in a table."""
    assert (await add(client, reason="unsubscribe"))["category"] == "commercial"
    assert (await add(client, reason="unsubscribe", category="all"))["category"] == "all"
    table = "address,reason\nben@customer.example,unsubscribe\ncarl@customer.example,complaint\n"
    await client.post("/v1/suppressions/import", content=table.encode(), headers={"content-type": "text/csv"})
    made = {
        item["address"]: item["category"] for item in (await client.get("/v1/suppressions?limit=2")).json()["items"]
    }
    assert made == {"ben@customer.example": "commercial", "carl@customer.example": "all"}


async def test_again_changes_nothing(client: AsyncClient) -> None:
    """The answer is the entry that holds."""
    first = await add(client)
    assert await add(client, note="again") == first
    shorter = await add(client, expires_at="2099-01-01T00:00:00Z")
    assert shorter == first


async def test_filters_and_pages(client: AsyncClient) -> None:
    """Each filter narrows; pages follow each other."""
    for number in range(3):
        await add(client, f"p{number}@customer.example")
    sms = await add(client, "+33600000000", channel="sms", category="commercial", reason="unsubscribe")
    for query in ("channel=sms", "category=commercial", "reason=unsubscribe"):
        assert (await client.get(f"/v1/suppressions?{query}")).json()["items"] == [sms]
    assert len((await client.get("/v1/suppressions?address=P1@customer.example")).json()["items"]) == 1
    first = (await client.get("/v1/suppressions?limit=3")).json()
    rest = (await client.get("/v1/suppressions", params={"limit": 3, "cursor": first["next"]})).json()
    assert [item["address"] for item in first["items"] + rest["items"]] == [
        "+33600000000", "p2@customer.example", "p1@customer.example", "p0@customer.example",
    ]  # fmt: skip
    assert rest["next"] is None


async def test_bad_input_is_told_with_its_place(client: AsyncClient) -> None:
    """Pointer and what to write instead."""
    for body, pointer in (
        ({"address": "ann"}, "/address"),
        ({"address": ANN, "category": "some"}, "/category"),
        ({"address": ANN, "reason": "whim"}, "/reason"),
        ({"address": ANN, "expires_at": "soon"}, "/expires_at"),
        ({"address": ANN, "expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({}, "/address"),
    ):
        answer = await client.post("/v1/suppressions", json=body)
        assert answer.status_code == 422, answer.text
        assert answer.json()["errors"][0]["pointer"] == pointer
    answer = await client.get("/v1/suppressions?reason=complain")
    assert answer.status_code == 422
    assert "did you mean 'complaint'" in answer.json()["errors"][0]["detail"]


async def test_a_table_goes_in_and_comes_out_again(client: AsyncClient) -> None:
    """Bad lines are told with their number and do not stop the good ones; an export is a good import that changes nothing."""
    table = (
        "\ufeffaddress,reason,category,expires_at,note\r\n"
        'ann@customer.example,complaint,,,"said, twice"\r\n'
        "\r\n"
        "ben,manual,,,\r\n"
        "carl@customer.example,whim,,,\r\n"
        "dora@customer.example,,commercial,2099-01-01T00:00:00Z,=HYPERLINK(1)\r\n"
        "eve@customer.example,,,2001-01-01T00:00:00Z,\r\n"
        "=1+1@customer.example,,,,\r\n"
    )
    headers = {"content-type": "text/csv; charset=utf-8"}
    done = (await client.post("/v1/suppressions/import", content=table.encode(), headers=headers)).json()
    assert (done["added"], done["unchanged"], done["refused"]) == (3, 0, 3)
    assert [problem["line"] for problem in done["problems"]] == [4, 5, 7]
    assert "none of hard_bounce" in done["problems"][1]["detail"]
    exported = await client.get("/v1/suppressions/export")
    assert exported.headers["content-type"].startswith("text/csv")
    assert "'=HYPERLINK(1)" in exported.text, "a spreadsheet must not run it"
    assert "\r\n'=1+1@customer.example," in exported.text, "addresses may begin like a formula too"
    again = await client.post("/v1/suppressions/import", content=exported.content, headers=headers)
    assert (again.json()["added"], again.json()["unchanged"], again.json()["refused"]) == (0, 3, 0)


async def test_what_is_no_table_is_refused(client: AsyncClient) -> None:
    """Not a table, not UTF-8, unknown columns, none at all: told in words, nothing taken in."""
    headers = {"content-type": "text/csv"}
    for body in (b"", b"mail\nann@customer.example\n", b"address,reson\n", b"address\n\xff\n"):
        answer = await client.post("/v1/suppressions/import", content=body, headers=headers)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "bad-table"), body
    assert (await client.post("/v1/suppressions/import", json={})).status_code == 415
    assert (await client.get("/v1/suppressions")).json()["items"] == []


async def test_scopes(client: AsyncClient, stage: Stage) -> None:
    """Who may send may not see the list; who may see it may not change it."""
    sender = {"authorization": f"Bearer {await stage.key('messages:*')}"}
    reader = {"authorization": f"Bearer {await stage.key('suppressions:read')}"}
    assert (await client.get("/v1/suppressions", headers=sender)).status_code == 403
    assert (await client.get("/v1/suppressions", headers=reader)).status_code == 200
    for method, path in (("POST", ""), ("POST", "/import"), ("DELETE", "/sup_01jdb3z5v8e9tr4w6k2m7n0qxy")):
        answer = await client.request(method, f"/v1/suppressions{path}", headers=reader, json={"address": ANN})
        assert answer.status_code == 403


async def test_a_test_key_neither_sees_nor_changes_it(client: AsyncClient, stage: Stage) -> None:
    """Its messages reach nobody: it can neither silence a customer nor bring one back, nor learn who is on the list, whatever its scopes."""
    made = await add(client)
    test = {"authorization": f"Bearer {await stage.key('suppressions:*', live=False)}"}
    for method, path in (
        ("POST", ""), ("POST", "/import"), ("DELETE", f"/{made['id']}"),
        ("GET", ""), ("GET", f"/{made['id']}"), ("GET", "/export"), ("GET", f"/lookup?address={ANN}"),
    ):  # fmt: skip
        answer = await client.request(method, f"/v1/suppressions{path}", headers=test, json={"address": ANN})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden"), path
    assert (await client.get("/v1/suppressions")).json()["items"] == [made]
