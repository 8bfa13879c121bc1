"""Staged roll-outs over HTTP."""

from httpx import AsyncClient
from tests.unit.http.fakes import Stage

FILES = {"welcome/template.toml": 'name = "Welcome"\nsubject = "Hi"\n', "welcome/email.en.html": "<p>Hi</p>"}


async def test_a_roll_out_from_its_beginning_to_its_end(client: AsyncClient) -> None:
    """Begun when publishing, seen, raised, completed; a second one is taken back."""
    assert (await client.post("/v1/templates", json={"files": FILES, "publish": True})).status_code == 200
    path = "/v1/templates/welcome/rollout"
    assert (await client.get(path)).json() == {"version": 1, "rollout": None, "comparison": None}
    begun = await client.post("/v1/templates/welcome/publish", params={"percent": 10})
    assert begun.status_code == 200
    seen = (await client.get(path)).json()["rollout"]
    assert (seen["version"], seen["percent"]) == (2, 10)
    raised = (await client.put(path, json={"percent": 50})).json()
    assert (raised["version"], raised["rollout"]["version"], raised["rollout"]["percent"]) == (1, 2, 50)
    assert (await client.get("/v1/templates/welcome")).json()["rollout"]["percent"] == 50
    whole = (await client.post(f"{path}/complete")).json()
    assert (whole["version"], whole["rollout"]) == (2, None)
    await client.put(path, json={"percent": 5, "version": 1})
    assert (await client.delete(path)).json()["rollout"] is None


async def test_what_is_wrong_with_a_roll_out(client: AsyncClient) -> None:
    """A share beyond all, one of nothing, and none that runs: each with its place or what to do."""
    await client.post("/v1/templates", json={"files": FILES, "publish": True})
    path = "/v1/templates/welcome/rollout"
    for percent in (0, 101):
        refused = await client.put(path, json={"percent": percent})
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["pointer"] == "/percent"
    for answer in (
        await client.put(path, json={"percent": 5}),
        await client.delete(path),
        await client.post(f"{path}/complete"),
    ):
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (404, "no-rollout")


async def test_how_both_versions_do(client: AsyncClient, stage: Stage) -> None:
    """A roll-out is answered with a comparison, for those who may see statistics."""
    stage.sums.versions = (1, 2)
    assert (await client.post("/v1/templates", json={"files": FILES, "publish": True})).status_code == 200
    pushed = await client.post("/v1/templates", json={"files": FILES, "publish": True, "percent": 20})
    assert pushed.json()["items"][0]["template"]["rollout"]["percent"] == 20
    found = (await client.get("/v1/templates/welcome/rollout")).json()["comparison"]
    assert (found["live"]["version"], found["coming"]["version"], found["coming"]["sent"]) == (1, 2, 100)
    clicks = found["rates"][2]
    assert (clicks["name"], clicks["live"]["count"], clicks["live"]["of"]) == ("click_rate", 5, 100)
    assert (clicks["difference"], clicks["says"]) == (0.0, "no-difference")
    key = (await client.post("/v1/keys", json={"name": "reader", "scopes": ["templates:read"]})).json()["secret"]
    blind = await client.get("/v1/templates/welcome/rollout", headers={"authorization": f"Bearer {key}"})
    assert (blind.status_code, blind.json()["comparison"]) == (200, None)


async def test_a_share_of_a_draft(client: AsyncClient) -> None:
    """What is not published has no share of the messages."""
    refused = await client.post("/v1/templates", json={"files": FILES, "percent": 20})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/percent")
