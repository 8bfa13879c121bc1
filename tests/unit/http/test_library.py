"""Blocks, themes and publications over HTTP."""

from typing import Any

import pytest
from httpx import AsyncClient

FOOTER: dict[str, Any] = {"name": "Footer", "blocks": [{"type": "text", "id": "t", "text": {"en": "Words"}}]}


async def save(client: AsyncClient, words: str = "Words", **headers: str) -> Any:
    body = {**FOOTER, "blocks": [{"type": "text", "id": "t", "text": {"en": words}}]}
    return await client.put("/v1/blocks/footer", json=body, headers=headers)


async def test_a_block_from_draft_to_undo(client: AsyncClient) -> None:
    """Kept, seen, shown by itself, published, published again, undone."""
    assert (await save(client)).json()["changed"] is True
    assert (await save(client)).json()["changed"] is False
    seen = (await client.get("/v1/blocks/footer")).json()
    assert (seen["version"], seen["behind"], seen["draft"]) == (0, True, FOOTER)
    shown = (await client.post("/v1/blocks/footer/render", json={})).json()
    assert "Words" in shown["items"][0]["html"]
    published = await client.post("/v1/blocks/footer/publish", json={})
    assert published.status_code == 202
    publication = published.json()["publication"]
    assert (publication["state"], publication["version"]) == ("done", 1)
    assert (await client.post("/v1/blocks/footer/publish", json={})).json() == {"publication": None}
    assert (await client.get("/v1/blocks/footer/versions")).json()["items"][0]["live"] is True
    assert (await client.get("/v1/blocks/footer/versions/1")).json()["source"] == FOOTER
    assert (await client.get("/v1/publications")).json()["items"][0]["id"] == publication["id"]
    undone = await client.post(f"/v1/publications/{publication['id']}/undo")
    assert undone.json()["state"] == "undone"
    assert (await client.get("/v1/blocks/footer")).json()["version"] == 0
    assert (await client.delete("/v1/blocks/footer")).status_code == 204
    assert (await client.get("/v1/blocks")).json() == {"items": []}


async def test_two_editors(client: AsyncClient) -> None:
    """With If-Match who comes second is told, and nothing is overwritten."""
    first = (await save(client)).headers["etag"]
    assert (await save(client, "Mine", **{"If-Match": first})).status_code == 200
    refused = await save(client, "Theirs", **{"If-Match": first})
    assert refused.status_code == 409
    assert "somebody else" in refused.json()["detail"]


async def test_what_is_wrong_is_told_at_its_place(client: AsyncClient) -> None:
    """A problem document with pointers into the body."""
    answer = await client.put("/v1/themes/brand", json={"name": "B", "tokens": {"width": 9}})
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/item-problems")
    assert answer.json()["errors"][0]["pointer"] == "/tokens/width"
    answer = await client.put("/v1/blocks/No", json=FOOTER)
    assert answer.status_code == 422
    answer = await client.get("/v1/blocks/foter")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-item")


async def test_impact_of_a_draft(client: AsyncClient) -> None:
    """Nobody follows it here; the page says so."""
    await save(client)
    answer = await client.get("/v1/blocks/footer/impact", params={"limit": 5})
    assert answer.json() == {"version": 0, "behind": True, "templates": [], "pinned": [], "items": [], "next": None}


@pytest.mark.parametrize("path", ["/v1/publications/pub_x", "/v1/publications/pub_01jd8v4e4hf9wr3k0000000000"])
async def test_no_such_publication(client: AsyncClient, path: str) -> None:
    """Malformed or unknown: 404."""
    assert (await client.get(path)).status_code == 404
