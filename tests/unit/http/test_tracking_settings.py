"""Tracking as people manage it over HTTP."""

import httpx
import pytest
from tests.unit.http.fakes import Stage


async def test_settings(client: httpx.AsyncClient) -> None:
    """Nothing is tracked until it is wanted; what is left out of a change stays."""
    first = (await client.get("/v1/tracking")).json()
    assert first == {
        "opens": False, "clicks": False, "honeypot": False, "view_days": 30, "conversion_hosts": [], "attribution_days": 7, "rules": 1,
    }  # fmt: skip
    refused = await client.patch(
        "/v1/tracking", json={"conversion_hosts": ["shop.example", "https://x.example"], "attribution_days": 0}
    )
    assert [problem["pointer"] for problem in refused.json()["errors"]] == ["/attribution_days"]
    refused = await client.patch("/v1/tracking", json={"conversion_hosts": ["Shop.example", "https://x.example"]})
    assert [problem["pointer"] for problem in refused.json()["errors"]] == ["/conversion_hosts/1"]
    assert (await client.patch("/v1/tracking", json={"opens": True})).json()["opens"] is True
    changed = (await client.patch("/v1/tracking", json={"view_days": 7})).json()
    assert (changed["opens"], changed["view_days"]) == (True, 7)
    refused = await client.patch("/v1/tracking", json={"view_days": 0})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/view_days")


async def test_shares(client: httpx.AsyncClient) -> None:
    """People first, machines beside them."""
    answer = (await client.get("/v1/tracking/shares")).json()
    assert answer["items"] == [{"event": "opened", "human": 3, "unknown": 1, "machine": 4, "machine_share": 0.5}]
    assert (await client.get("/v1/tracking/shares?template=none")).status_code == 404
    assert (await client.get("/v1/tracking/shares?since=yesterday")).json()["errors"][0]["pointer"] == "/since"


@pytest.mark.parametrize(
    "url",
    ["ftp://links.shop.example", "https://links.shop.example/path", "links.shop.example", "https://a b", "https://x?y"],
)
async def test_a_tracking_host_is_scheme_and_host(client: httpx.AsyncClient, url: str) -> None:
    """Nothing more, so that nothing can be hidden in it."""
    await client.post("/v1/domains", json={"name": "shop.example", "verified": True})
    answer = await client.put("/v1/domains/shop.example/tracking", json={"url": url, "unchecked": True})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/url")


async def test_a_tracking_host_must_lead_here(stage: Stage, client: httpx.AsyncClient) -> None:
    """Unless somebody says that it does."""
    await client.post("/v1/domains", json={"name": "shop.example", "verified": True})
    path, url = "/v1/domains/shop.example/tracking", "https://links.shop.example"
    assert (await client.put(path, json={"url": url})).status_code == 422
    assert (await client.put(path, json={"url": "https://other.example"})).status_code == 422
    assert (await client.put(path, json={"url": url + "/", "unchecked": True})).json()["tracking_url"] == url
    assert (await client.put(path, json={"url": ""})).json()["tracking_url"] == ""
    assert (await client.put("/v1/domains/no.example/tracking", json={"url": ""})).status_code == 404
