"""Uploaded files over HTTP: where they are used, and removed when they are not."""

from httpx import AsyncClient
from tests.unit.http.fakes import Stage

from posthouse.core.messages.files import FileUse
from posthouse.core.messages.uploads import upload_id


async def test_files_and_their_uses(stage: Stage, client: AsyncClient) -> None:
    """Listed by pages, shown one by one, removed unless somebody uses them: then the refusal names everybody."""
    words = {data: upload_id(stage.files.add(data), len(data)) for data in (b"terms", b"old terms")}
    used = stage.files.add(b"terms")
    stage.files.uses[used] = [FileUse("order", "Terms.pdf", draft=True, live=True, versions=(3, 2))]
    stage.files.waiting[used] = 2
    first = (await client.get("/v1/uploads", params={"limit": 1})).json()
    second = (await client.get("/v1/uploads", params={"cursor": first["next"]})).json()
    assert {one["id"] for one in first["items"] + second["items"]} == set(words.values())
    assert second["next"] is None
    shown = (await client.get(f"/v1/uploads/{words[b'terms']}")).json()
    assert shown["waiting"] == 2
    assert shown["uses"] == [
        {"template": "order", "name": "Terms.pdf", "draft": True, "live": True, "versions": [3, 2], "inline": False}
    ]
    refused = await client.delete(f"/v1/uploads/{words[b'terms']}")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/file-in-use")
    assert [one["detail"] for one in refused.json()["errors"]] == [
        "the draft, version 3 (live) and version 2 of 'order' attaches it as 'Terms.pdf'",
        "2 messages to be sent with it",
    ]
    assert (await client.delete(f"/v1/uploads/{words[b'old terms']}")).status_code == 204
    for word in (words[b"old terms"], words[b"terms"] + "0", "upl_1"):
        assert (await client.get(f"/v1/uploads/{word}")).status_code == 404
