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


async def push(client: AsyncClient, html: str, **more: Any) -> Any:
    files = {"welcome/template.toml": 'subject = "Hello"', "welcome/email.en.html": html}
    return await client.post("/v1/templates", json={"files": files, **more})


async def test_the_life_of_a_template(client: AsyncClient) -> None:
    """Back to a version, copied, compared, taken home, put away."""
    await push(client, "<p>One</p>", publish=True)
    moved = (await client.post("/v1/templates/welcome/rollback", json={"version": 1})).json()
    assert moved["outdated"] == [{"kind": "block", "key": "footer", "version": 3}]
    assert (await client.post("/v1/templates/welcome/rollback", json={"version": 9})).status_code == 404
    copied = await client.post("/v1/templates/welcome/duplicate", json={"key": "hello"})
    assert (copied.status_code, copied.json()["template"]["key"]) == (201, "hello")
    differs = (await client.get("/v1/templates/welcome/diff", params={"before": "1", "after": "draft"})).json()
    assert differs["source"] == [{"file": "email.en.html", "diff": "-a\n+b\n"}]
    assert (await client.get("/v1/templates/welcome/diff", params={"before": "new"})).status_code == 422
    home = (await client.get("/v1/templates/welcome/files")).json()
    assert home["files"]["email.en.html"] == "<p>One</p>"
    again = await client.post(
        "/v1/templates", json={"files": {f"welcome/{name}": text for name, text in home["files"].items()}}
    )
    assert again.json()["items"][0]["changed"] is False
    assert (await client.post("/v1/templates/welcome/archive")).json()["archived"] is True
    assert (await client.post("/v1/templates/welcome/unarchive")).json()["archived"] is False


async def test_a_push_made_from_an_older_draft(client: AsyncClient) -> None:
    """``base`` protects the draft; a key in it that is not pushed is a slip; a dry run keeps nothing."""
    first = (await push(client, "<p>One</p>", base={"welcome": ""})).json()["items"][0]["template"]["draft_hash"]
    assert (await client.get("/v1/templates/welcome")).headers["etag"] == f'"{first}"'
    refused = await push(client, "<p>Two</p>", base={"welcome": "other"})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/stale-draft")
    refused = await push(client, "<p>Two</p>", base={"wellcome": first})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/base/wellcome")
    assert (await push(client, "<p>Two</p>", base={"welcome": first}, dry_run=True)).json()["items"][0]["changed"]
    assert (await client.get("/v1/templates/welcome")).json()["draft_hash"] == first
    changed = await push(client, "<p>Two</p>", base={"welcome": first})
    assert changed.json()["items"][0]["template"]["changed_by"].startswith("key_")


async def test_all_that_is_wrong_with_a_tree_is_told(client: AsyncClient) -> None:
    """Each under its template, and nothing is kept of the others either."""
    files = {"a/email.en.html": "<p>", "a/what.txt": "", "b/template.toml": "x", "c/email.en.html": "<p>C</p>"}
    refused = await client.post("/v1/templates", json={"files": files})
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/template-problems")
    assert [one["pointer"] for one in refused.json()["errors"]] == [
        "/a/what.txt",
        "/b/template.toml",
        "/b/email.en.mjml",
    ]
    assert (await client.get("/v1/templates")).json()["items"] == []


async def test_a_draft_is_looked_over_and_tested(client: AsyncClient) -> None:
    """Findings with the words of their rules, cases with what does not hold; both without publishing."""
    await push(client, "<p>One</p>")
    told = (await client.get("/v1/templates/welcome/lint")).json()
    (finding,) = told["items"]
    assert told["unasked"] == 1
    assert (finding["rule"], finding["severity"], finding["file"], finding["line"]) == (
        "link-dead",
        "warning",
        "email.en.html",
        3,
    )
    assert finding["explanation"]
    assert finding["fix"]
    online = (await client.get("/v1/templates/welcome/lint?online=true")).json()
    assert ([one["rule"] for one in online["items"]], online["unasked"]) == (["link-dead", "image-missing"], 0)
    cases = (await client.get("/v1/templates/welcome/tests")).json()["items"]
    assert [(one["name"], one["passed"], len(one["failures"])) for one in cases] == [
        ("usual", True, 0),
        ("vip", False, 1),
    ]
    for what in ("lint", "tests"):
        assert (await client.get(f"/v1/templates/nothing/{what}")).status_code == 404


async def test_where_a_block_is_used(client: AsyncClient) -> None:
    """Drafts count too."""
    await save(client)
    document = '{"version": 1, "subject": {"en": "Hi"}, "blocks": [{"type": "shared", "id": "a", "key": "footer", "version": 2}]}'
    await client.post("/v1/templates", json={"files": {"hello/email.json": document}})
    found = (await client.get("/v1/blocks/footer/uses")).json()["items"]
    assert found == [{"key": "hello", "name": "Hello", "live": False, "draft": True, "pinned": [2]}]


@pytest.mark.parametrize("path", ["/v1/publications/pub_x", "/v1/publications/pub_01jd8v4e4hf9wr3k0000000000"])
async def test_no_such_publication(client: AsyncClient, path: str) -> None:
    """Malformed or unknown: 404."""
    assert (await client.get(path)).status_code == 404
