"""Retention, and the removal of persons, over HTTP."""

import httpx
from tests.unit.http.fakes import Stage


async def test_nothing_is_erased_until_it_is_said(client: httpx.AsyncClient) -> None:
    """What is left out is kept for good; what is put is what is read."""
    kept = {"content_days": None, "event_days": None, "addresses": "hash"}
    assert (await client.get("/v1/retention")).json() == {"default": kept, "classes": {}}
    rules = {"default": {"content_days": 90, "event_days": 400}, "classes": {"security": {"content_days": 7}}}
    answer = (await client.put("/v1/retention", json=rules)).json()
    assert answer == {
        "default": {"content_days": 90, "event_days": 400, "addresses": "hash"},
        "classes": {"security": {"content_days": 7, "event_days": None, "addresses": "hash"}},
    }
    assert (await client.get("/v1/retention")).json() == answer


async def test_rules_that_somebody_else_changed_are_not_overwritten(client: httpx.AsyncClient) -> None:
    """With the ``ETag`` of what was read; without it the last word counts, and other settings are never touched."""
    seen = (await client.get("/v1/retention")).headers["etag"]
    await client.patch("/v1/tracking", json={"opens": True})
    first = await client.put("/v1/retention", json={"default": {"content_days": 90}}, headers={"if-match": seen})
    assert (first.status_code, first.headers["etag"] != seen) == (200, True)
    late = await client.put("/v1/retention", json={"default": {"content_days": 7}}, headers={"if-match": seen})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/stale-settings")
    assert (await client.get("/v1/retention")).json()["default"]["content_days"] == 90
    assert (await client.get("/v1/retention")).headers["etag"] == first.headers["etag"]
    seen = (await client.get("/v1/tracking")).headers["etag"]
    await client.patch("/v1/tracking", json={"clicks": True})
    late = await client.patch("/v1/tracking", json={"opens": False}, headers={"if-match": seen})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/stale-settings")


async def test_bad_rules_are_told_with_their_places(client: httpx.AsyncClient) -> None:
    """Nothing of them is kept."""
    for rules, pointers in (
        ({"default": {"content_days": 0}}, ["/default/content_days"]),
        ({"default": {"content_days": 90, "event_days": 30}}, ["/default/event_days"]),
        ({"default": {"event_days": 30}}, ["/default/event_days"]),
        ({"classes": {"a": {"content_days": 3, "event_days": 6}, " ": {}}}, ["/classes/a/event_days", "/classes/ "]),
        ({"default": {"addresses": "keep"}}, ["/default/addresses"]),
        ({"defaults": {}}, ["/defaults"]),
    ):
        answer = await client.put("/v1/retention", json=rules)
        assert answer.status_code == 422
        assert [problem["pointer"] for problem in answer.json()["errors"]] == pointers
    assert (await client.get("/v1/retention")).json()["classes"] == {}


async def test_a_person_is_removed_by_a_key_of_its_own(stage: Stage, client: httpx.AsyncClient) -> None:
    """202 and a receipt to be read; neither tells whom it is about. No other scope does it, nor a test key."""
    begun = await client.post("/v1/contacts/erase", json={"email": "Ann@SHOP.example", "phone": "+33612345678"})
    assert begun.status_code == 202
    receipt = begun.json()
    assert (receipt["state"], receipt["erased"], receipt["ended_at"]) == ("messages", {}, None)
    assert len(receipt["pseudonyms"]) == 3
    assert (await client.get(f"/v1/contacts/erasures/{receipt['id']}")).json() == receipt
    assert "ann" not in begun.text.lower().replace("erased:", "")
    for scopes, live in ((["contacts:*", "admin:*", "messages:*"], True), (["*"], False)):
        headers = {"authorization": f"Bearer {await stage.key(*scopes, live=live)}"}
        refused = await client.post("/v1/contacts/erase", json={"email": "ann@shop.example"}, headers=headers)
        assert refused.status_code == 403


async def test_whom_to_remove_must_be_somebody(client: httpx.AsyncClient) -> None:
    """Every bad field is told."""
    for person, pointers in (
        ({}, ["/email"]),
        ({"email": "ann", "phone": "12"}, ["/email", "/phone"]),
        ({"mail": "ann@shop.example"}, ["/mail"]),
    ):
        answer = await client.post("/v1/contacts/erase", json=person)
        assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, pointers)
    assert (await client.get("/v1/contacts/erasures/era_01jdb3z5v8e9tr4w6k2m7n0qxy")).status_code == 404
