"""Retention over HTTP."""

import httpx


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
