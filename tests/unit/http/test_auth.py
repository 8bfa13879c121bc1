"""Who may come in, and from where; how often."""

import httpx
import pytest
from httpx import AsyncClient
from tests.unit.http.fakes import Stage

from posthouse.core.kernel.clock import SECOND
from posthouse.http.auth import client_address
from posthouse.http.services import HttpSettings

ONE = {"to": "ann@shop.example", "template": "welcome"}


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def client_of(stage: Stage, address: str = "127.0.0.1") -> AsyncClient:
    transport = httpx.ASGITransport(app=stage.app, client=(address, 1234))
    return AsyncClient(transport=transport, base_url="http://posthouse.test")


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/keys", "/v1/messages/msg_x"])
@pytest.mark.parametrize(
    "value", [None, "", "Bearer", "Bearer ", "Basic abc", "Bearer ph_live_" + "a" * 43, "Bearer \xff"]
)
async def test_without_a_good_key_everything_is_401(stage: Stage, path: str, value: str | None) -> None:
    """With the challenge that HTTP asks for, and without a hint at what exists."""
    headers = [] if value is None else [(b"authorization", value.encode("latin-1"))]
    async with client_of(stage) as client:
        for method in ("GET", "POST") if path == "/v1/messages" else ("GET",):
            answer = await client.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthorized")
            assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_missing_scope_is_403_and_named(stage: Stage) -> None:
    """The challenge and the words both name it."""
    reader = await stage.key("messages:read")
    async with client_of(stage) as client:
        answer = await client.post("/v1/messages", json=ONE, headers=bearer(reader))
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/missing-scope")
        assert "messages:write" in answer.json()["detail"]
        assert 'scope="messages:write"' in answer.headers["www-authenticate"]
        assert (await client.get("/v1/messages", headers=bearer(reader))).status_code == 200
        assert (await client.get("/v1/keys", headers=bearer(reader))).status_code == 403
        all_keys = (await client.get("/v1/keys", headers=bearer(stage.live_key))).json()["items"]
        admin = await stage.key("admin:*")
        for key in all_keys:
            answer = await client.post(f"/v1/keys/{key['id']}/revoke", headers=bearer(admin))
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-too-wide")
        assert (await client.get("/v1/workspace", headers=bearer(reader))).status_code == 200


async def test_a_revoked_key_is_refused_a_tenth_of_a_second_later(stage: Stage) -> None:
    """Everywhere, hot doors included."""
    async with client_of(stage) as client:
        assert (await client.post("/v1/messages", json=ONE, headers=bearer(stage.test_key))).status_code == 202
        keys = (await client.get("/v1/keys", headers=bearer(stage.live_key))).json()["items"]
        test_key = next(key for key in keys if key["mode"] == "test")
        answer = await client.post(f"/v1/keys/{test_key['id']}/revoke", headers=bearer(stage.live_key))
        assert answer.json()["revoked_at"] is not None
        stage.clock.advance(SECOND // 10)
        assert (await client.post("/v1/messages", json=ONE, headers=bearer(stage.test_key))).status_code == 401


async def test_a_key_may_be_bound_to_networks(stage: Stage) -> None:
    """Only from there; X-Forwarded-For of strangers counts for nothing."""
    key = await stage.key("*", networks=["203.0.113.0/24", "2001:db8::/32"])
    for address, status in (
        ("203.0.113.9", 202),
        ("2001:db8::1", 202),
        ("::ffff:203.0.113.9", 202),
        ("203.0.114.1", 403),
    ):
        async with client_of(stage, address) as client:
            headers = {**bearer(key), "x-forwarded-for": "203.0.113.1"}
            answer = await client.post("/v1/messages", json=ONE, headers=headers)
            assert answer.status_code == status, address


async def test_a_trusted_proxy_names_the_client() -> None:
    """Read from the right, as far as hops are trusted."""
    stage = await Stage(HttpSettings(trusted_proxies=("10.0.0.0/8",))).open()
    key = await stage.key("*", networks=["203.0.113.0/24"])
    for forwarded, status in (
        ("203.0.113.7", 202),
        ("198.51.100.1, 203.0.113.7", 202),
        ("203.0.113.7, 198.51.100.1", 403),
        ("203.0.113.7, 10.1.1.1", 202),
        ("nonsense", 403),
        ("", 403),
    ):
        async with client_of(stage, "10.0.0.1") as client:
            answer = await client.post("/v1/messages", json=ONE, headers={**bearer(key), "x-forwarded-for": forwarded})
            assert answer.status_code == status, forwarded


def test_a_unix_socket_has_no_address() -> None:
    """Then a key that is bound to networks cannot be used."""
    assert client_address({"client": None}, {}, ()) is None


async def test_a_test_key_sees_and_makes_only_test_messages(stage: Stage) -> None:
    """It neither finds, reads, cancels nor resends a live one."""
    async with client_of(stage) as client:
        live = (await client.post("/v1/messages", json=ONE, headers=bearer(stage.live_key))).json()
        test = (await client.post("/v1/messages", json=ONE, headers=bearer(stage.test_key))).json()
        assert (live["mode"], test["mode"]) == ("live", "test")
        for mode in ("", "?mode=live", "?mode=all"):
            page = (await client.get(f"/v1/messages{mode}", headers=bearer(stage.test_key))).json()
            assert [item["id"] for item in page["items"]] == [test["id"]]
        for method, tail in (
            ("GET", ""),
            ("GET", "/timeline"),
            ("GET", "/content"),
            ("POST", "/cancel"),
            ("POST", "/resend"),
        ):
            path = f"/v1/messages/{live['id']}{tail}"
            assert (await client.request(method, path, headers=bearer(stage.test_key))).status_code == 404
        both = (await client.get("/v1/messages?mode=all", headers=bearer(stage.live_key))).json()
        assert len(both["items"]) == 2


async def test_workspaces_do_not_see_each_other(stage: Stage) -> None:
    """A message of another workspace does not exist."""
    other = await stage.services.workspaces.create("other")
    stranger = (await stage.keys.create(other.id, "stranger", live=True, scopes=["*"])).secret
    async with client_of(stage) as client:
        mine = (await client.post("/v1/messages", json=ONE, headers=bearer(stage.live_key))).json()["id"]
        assert (await client.get(f"/v1/messages/{mine}", headers=bearer(stranger))).status_code == 404
        assert (await client.get("/v1/messages", headers=bearer(stranger))).json()["items"] == []


async def test_the_rate_limit_counts_messages_by_key() -> None:
    """429 with the wait; other keys are not touched; tokens come back with time."""
    stage = await Stage(HttpSettings(rate=2, burst=3)).open()
    async with client_of(stage) as client:
        answers = [await client.post("/v1/messages", json=ONE, headers=bearer(stage.live_key)) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        assert answers[0].headers["ratelimit-policy"] == '"key";q=3;w=2'
        assert answers[0].headers["ratelimit"] == '"key";r=2;t=1'
        assert answers[3].headers["ratelimit"].startswith('"key";r=0')
        assert answers[3].headers["retry-after"] == "1"
        assert (await client.post("/v1/messages", json=ONE, headers=bearer(stage.test_key))).status_code == 202
        stage.clock.advance(SECOND // 2)
        assert (await client.post("/v1/messages", json=ONE, headers=bearer(stage.live_key))).status_code == 202
        answer = await client.get("/v1/messages", headers=bearer(stage.live_key))
        assert answer.status_code == 429


async def test_a_batch_counts_its_items_and_never_starves() -> None:
    """A batch over the burst is served from a full bucket, and paid back afterwards."""
    stage = await Stage(HttpSettings(rate=1, burst=2)).open()
    async with client_of(stage) as client:
        answer = await client.post("/v1/messages/batch", json=[ONE] * 5, headers=bearer(stage.live_key))
        assert answer.status_code == 200
        answer = await client.post("/v1/messages", json=ONE, headers=bearer(stage.live_key))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "4")
        stage.clock.advance(4 * SECOND)
        assert (await client.post("/v1/messages", json=ONE, headers=bearer(stage.live_key))).status_code == 202


async def test_the_access_log_knows_nothing_personal(stage: Stage) -> None:
    """Route patterns instead of paths, no query, no address, and the key's id."""
    async with client_of(stage) as client:
        message = (await client.post("/v1/messages", json=ONE, headers=bearer(stage.live_key))).json()["id"]
        await client.get(f"/v1/messages/{message}?x=1", headers=bearer(stage.live_key))
        await client.get("/v1/messages?recipient=ann@shop.example", headers=bearer(stage.live_key))
        await client.get("/ann@shop.example")
    assert [(record.method, record.route, record.status) for record in stage.access] == [
        ("POST", "/v1/messages", 202),
        ("GET", "/v1/messages/{message_id}", 422),
        ("GET", "/v1/messages", 200),
        ("GET", "(none)", 404),
    ]
    assert "ann" not in repr(stage.access)
    assert stage.access[0].key_id is not None
