"""Two workspaces of one installation, asked through the API: nothing of one is seen, used or changed from the other."""

import pytest
from tests.integration.kit import HELLO, Api, Tenant

Pair = tuple[Tenant, Tenant]


@pytest.fixture
async def pair(api: Api) -> Pair:
    """A shop and a bank, each with a domain, a provider and a template of the same key."""
    shop, bank = await api.workspace("shop"), await api.workspace("bank")
    await shop.furnish("shop.example")
    await bank.furnish("bank.example")
    return shop, bank


async def test_keys_know_their_workspace_only(pair: Pair) -> None:
    """Neither listed nor revoked from next door."""
    shop, bank = pair
    made = await bank.ask("POST", "/v1/keys", {"name": "till"}, 201)
    assert made["id"] not in [key["id"] for key in (await shop.ask("GET", "/v1/keys"))["items"]]
    await shop.ask("POST", f"/v1/keys/{made['id']}/revoke", status=404)
    assert [key["revoked_at"] for key in (await bank.ask("GET", "/v1/keys"))["items"]] == [None, None, None]
    assert [(await tenant.ask("GET", "/v1/workspace"))["name"] for tenant in pair] == ["shop", "bank"]


async def test_templates_of_one_key_are_two(pair: Pair) -> None:
    """Pushing, publishing and versions of one leave the other alone; what is only next door is not even named."""
    shop, bank = pair
    for word in ("one", "two"):
        files = HELLO | {"email.en.html": f"<p>{word} {{{{ name }}}}</p>"}
        await bank.ask("POST", "/v1/templates", {"files": files, "publish": True})
    secret = {name.replace("hello", "loan"): text.replace("hello", "loan") for name, text in HELLO.items()}
    await bank.ask("POST", "/v1/templates", {"files": secret, "publish": True})
    assert [one["key"] for one in (await shop.ask("GET", "/v1/templates"))["items"]] == ["hello"]
    assert (await shop.ask("GET", "/v1/templates/hello"))["version"] == 1
    assert len((await shop.ask("GET", "/v1/templates/hello/versions"))["items"]) == 1
    assert len((await bank.ask("GET", "/v1/templates/hello/versions"))["items"]) == 3
    assert "from shop" in (await shop.ask("POST", "/v1/templates/hello/render", {}))["text"]
    await shop.ask("GET", "/v1/templates/hello/versions/3", status=404)
    for path in ("loan", "loan/versions", "loan/versions/1"):
        await shop.ask("GET", f"/v1/templates/{path}", status=404)
    await shop.ask("POST", "/v1/templates/loan/publish", status=404)
    refused = await shop.send(404, template="loen")
    assert "loan" not in refused["detail"]


async def test_messages_are_found_by_their_own_only(pair: Pair) -> None:
    """Not by identifier, not by any filter; not cancelled and not sent again."""
    shop, bank = pair
    sent = await bank.send(tags=["vip"], correlation="A-1")
    for path in ("", "/timeline", "/content"):
        await bank.ask("GET", f"/v1/messages/{sent['id']}{path}")
        await shop.ask("GET", f"/v1/messages/{sent['id']}{path}", status=404)
    for verb in ("cancel", "resend"):
        await shop.ask("POST", f"/v1/messages/{sent['id']}/{verb}", status=404)
    for query in ("", "recipient=ann@person.example", "tag=vip", "correlation=A-1", "template=hello", "status=queued"):
        assert (await shop.ask("GET", f"/v1/messages?mode=all&{query}"))["items"] == []
        assert len((await bank.ask("GET", f"/v1/messages?mode=all&{query}"))["items"]) == 1
    assert (await bank.ask("GET", f"/v1/messages/{sent['id']}"))["status"] == "queued"


async def test_keys_of_requests_never_meet(pair: Pair) -> None:
    """The same idempotency key, and the same ``supersedes``, mean something else next door."""
    shop, bank = pair
    first = await shop.send(idempotency_key="order-1", supersedes="cart-1")
    other = await bank.send(idempotency_key="order-1", supersedes="cart-1", to="bob@person.example")
    assert first["id"] != other["id"]
    assert (await shop.ask("GET", f"/v1/messages/{first['id']}"))["status"] == "queued"
    again = await shop.live.post(
        "/v1/messages",
        json={
            "template": "hello",
            "to": "ann@person.example",
            "variables": {"name": "Ann"},
            "supersedes": "cart-1",
            "idempotency_key": "order-1",
        },
    )
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (first["id"], "true")


async def test_domains_serve_their_own_only(pair: Pair) -> None:
    """Nobody writes in the name of next door; a domain may be there twice, with keys of its own."""
    shop, bank = pair
    assert [one["name"] for one in (await shop.ask("GET", "/v1/domains"))["items"]] == ["shop.example"]
    refused = await shop.send(422, **{"from": "ceo@bank.example"})
    assert refused["errors"][0]["pointer"] == "/from"
    await bank.send(**{"from": "ceo@bank.example"})
    await shop.ask("GET", "/v1/domains/bank.example", status=404)
    await shop.ask("DELETE", "/v1/domains/bank.example", status=404)
    mine = await shop.ask("POST", "/v1/domains", {"name": "bank.example", "verified": True}, 201)
    theirs = await bank.ask("GET", "/v1/domains/bank.example")
    assert mine["records"] != theirs["records"]
    await shop.ask("DELETE", "/v1/domains/bank.example", status=204)
    await bank.ask("GET", "/v1/domains/bank.example")


async def test_uploads_are_their_own_only(pair: Pair) -> None:
    """The identifier of a file that is kept next door attaches nothing, and does not tell that it is there."""
    shop, bank = pair
    headers = {"content-type": "application/pdf"}
    kept = (await bank.live.post("/v1/uploads?name=a.pdf", content=b"%PDF-1", headers=headers)).json()["id"]
    file = {"name": "a.pdf", "type": "application/pdf", "upload": kept}
    await bank.send(attachments=[file])
    known = await shop.send(422, attachments=[file])
    unknown = await shop.send(422, attachments=[{**file, "upload": f"upl_{'0' * 64}-6"}])
    assert known["errors"] == unknown["errors"]
    assert known["errors"][0]["code"] == "unknown-upload"


async def test_providers_and_routes_are_their_own_only(pair: Pair) -> None:
    """The same name means two of them; a route can name its own only."""
    shop, bank = pair
    relay = {"name": "relay", "kind": "smtp", "settings": {"host": "127.0.0.1", "port": 25, "tls": "none"}}
    await bank.ask("POST", "/v1/providers", relay, 201)
    assert [one["name"] for one in (await shop.ask("GET", "/v1/providers"))["items"]] == ["box"]
    await shop.ask("GET", "/v1/providers/relay", status=404)
    await shop.ask("PATCH", "/v1/providers/relay", {"enabled": False}, 404)
    await shop.ask("DELETE", "/v1/providers/relay", status=404)
    await shop.ask("PUT", "/v1/routes/email", {"steps": [{"provider": "relay"}]}, 422)
    await bank.ask("PUT", "/v1/routes/email", {"steps": [{"provider": "relay"}]})
    assert (await shop.ask("GET", "/v1/routes"))["items"] == []


async def test_what_is_sent_goes_the_way_of_its_own(api: Api, pair: Pair) -> None:
    """Each mail speaks with the template, sender and provider of its workspace, and lies in its sandbox alone."""
    shop, bank = pair
    sent = {tenant.name: (await tenant.send())["id"] for tenant in pair}
    await api.dispatch()
    for tenant, other in ((shop, bank), (bank, shop)):
        box = (await tenant.ask("GET", "/v1/sandbox"))["items"]
        assert [item["id"] for item in box] == [sent[tenant.name]]
        source = (await tenant.ask("GET", f"/v1/sandbox/{sent[tenant.name]}"))["source"]
        assert f"from {tenant.name}" in source
        assert f"noreply@{tenant.name}.example" in source
        assert f"d={tenant.name}.example" in source
        await other.ask("GET", f"/v1/sandbox/{sent[tenant.name]}", status=404)
        assert (await tenant.ask("GET", f"/v1/messages/{sent[tenant.name]}"))["status"] == "delivered"


async def test_held_messages_are_let_go_by_their_own_only(api: Api, pair: Pair) -> None:
    """Releasing everything means everything of one workspace."""
    shop, bank = pair
    for tenant in pair:
        await tenant.send()
    now = api.house.clock.now()
    await api.house.store.hold_before(now, now)
    held = (await bank.ask("GET", "/v1/messages"))["items"][0]
    assert (await shop.ask("POST", "/v1/held/release", {"messages": [held["id"]]}))["released"] == 0
    assert (await shop.ask("POST", "/v1/held/release", {"all": True}))["released"] == 1
    assert (await bank.ask("GET", f"/v1/messages/{held['id']}"))["status"] == "held"
