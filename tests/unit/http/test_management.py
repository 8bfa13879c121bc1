"""Looking after messages, templates, domains, providers, routes, keys, sandbox and health."""

import httpx
import pytest
from httpx import AsyncClient
from tests.unit.http.fakes import Stage

from posthouse.http.services import Health

ONE = {"to": "ann@shop.example", "template": "welcome", "variables": {"name": "Ann"}}


async def send(client: AsyncClient, **more: object) -> str:
    return (await client.post("/v1/messages", json={**ONE, **more})).json()["id"]


async def test_a_message_can_be_seen_from_all_sides(client: AsyncClient) -> None:
    """Detail, timeline and content."""
    message = await send(client, tags=["a"], correlation="A-1")
    found = (await client.get(f"/v1/messages/{message}")).json()
    assert (found["to"]["email"], found["variables"], found["correlation"]) == (
        "ann@shop.example",
        {"name": "Ann"},
        "A-1",
    )
    assert found["created_at"].endswith("Z")
    assert found["from"] is None
    timeline = (await client.get(f"/v1/messages/{message}/timeline")).json()
    assert timeline["events"][0]["type"] == "message.accepted"
    for query, header, begins in (
        ("", "ru, en;q=0.5", "Posthouse принял"),
        ("?language=fr", "ru", "Posthouse a accepté"),
    ):
        answer = await client.get(f"/v1/messages/{message}/timeline{query}", headers={"Accept-Language": header})
        assert answer.json()["events"][0]["sentence"].startswith(begins)
    answer = await client.get(f"/v1/messages/{message}/timeline?language=de")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "language")
    content = (await client.get(f"/v1/messages/{message}/content")).json()
    assert content["headers"] == [["Subject", "Hello"]]


async def test_cancel_once_resend_always(client: AsyncClient) -> None:
    """A second cancel is too late; a resend is a new message."""
    message = await send(client)
    assert (await client.post(f"/v1/messages/{message}/cancel")).json()["status"] == "cancelled"
    answer = await client.post(f"/v1/messages/{message}/cancel")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-late")
    answer = await client.post(f"/v1/messages/{message}/resend")
    assert answer.status_code == 202
    assert answer.json()["id"] != message


async def test_pages_follow_each_other(client: AsyncClient) -> None:
    """Every message once, newest first, the last page without `next`."""
    sent = [await send(client) for _ in range(5)]
    seen, query = [], "?limit=2"
    while True:
        page = (await client.get(f"/v1/messages{query}")).json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query = f"?limit=2&cursor={page['next']}"
    assert seen == sent[::-1]


async def test_filters_reach_the_search(client: AsyncClient, stage: Stage) -> None:
    """Each under its own name; an unescaped plus in a time is understood."""
    query = (
        "?recipient=a@b.example&template=t&status=delivered&tag=x&correlation=c"
        "&since=2026-11-22T10:00:00+01:00&until=2026-11-22T09:30:00Z"
    )
    assert (await client.get(f"/v1/messages{query}")).status_code == 200
    asked = stage.messages.queries[-1]
    assert (asked.recipient, asked.template_key, asked.tag, asked.correlation) == ("a@b.example", "t", "x", "c")
    assert asked.status.word == "delivered"
    assert asked.until - asked.since == 30 * 60 * 1_000_000


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("recipent=x", "/recipent"),
        ("status=sending!", "/status"),
        ("since=yesterday", "/since"),
        ("until=2026-11-22T09:00:00", "/until"),
        ("cursor=zzz", "/cursor"),
        ("limit=0", "/limit"),
        ("limit=201", "/limit"),
        ("limit=many", "/limit"),
        ("mode=dead", "/mode"),
    ],
)
async def test_a_bad_query_is_named(client: AsyncClient, query: str, pointer: str) -> None:
    """A misspelt filter must not answer another question."""
    answer = await client.get(f"/v1/messages?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == pointer


async def test_a_query_like_none_that_there_is_lists_them(client: AsyncClient) -> None:
    """With a near name that is told; else all of them."""
    told = [(await client.get(f"/v1/messages?{query}=x")).json()["errors"][0]["detail"] for query in ("limt", "zz")]
    assert told[0].endswith("; did you mean 'limit'?")
    assert "; there are: " in told[1]
    assert "recipient" in told[1]


async def test_uploads_keep_the_bytes(client: AsyncClient, stage: Stage) -> None:
    """The body is the file; its name is in the query, its type in the header."""
    answer = await client.post("/v1/uploads?name=a.pdf", content=b"%PDF", headers={"content-type": "application/pdf"})
    assert (answer.status_code, answer.json()["type"], answer.json()["size"]) == (201, "application/pdf", 4)
    assert stage.messages.uploads[answer.json()["id"]] == b"%PDF"
    assert (await client.post("/v1/uploads", content=b"x")).status_code == 422


async def test_the_workspace_says_who_one_is(client: AsyncClient) -> None:
    """A good first request."""
    found = (await client.get("/v1/workspace")).json()
    assert (found["name"], found["mode"], found["scopes"]) == ("shop", "live", ["*"])


async def test_keys_are_shown_once(client: AsyncClient) -> None:
    """The secret works, and is in no list."""
    answer = await client.post("/v1/keys", json={"name": "till", "mode": "test", "scopes": ["messages:write"]})
    assert answer.status_code == 201
    secret = answer.json()["secret"]
    assert secret.startswith("ph_test_")
    listed = await client.get("/v1/keys")
    assert secret not in listed.text
    assert listed.json()["items"][-1]["hint"] == f"ph_test_…{secret[-4:]}"
    sent = await client.post("/v1/messages", json=ONE, headers={"authorization": f"bearer {secret}"})
    assert sent.json()["mode"] == "test"
    assert (await client.post("/v1/keys", json={"name": "x", "mode": "dead"})).json()["errors"][0]["pointer"] == "/mode"
    assert (await client.post("/v1/keys/key_zzz/revoke")).status_code == 404


async def test_domains_live_and_die(client: AsyncClient, stage: Stage) -> None:
    """Added with records, checked, removed."""
    answer = await client.post("/v1/domains", json={"name": "shop.example"})
    assert answer.status_code == 201
    assert answer.json()["records"][0]["type"] == "TXT"
    assert "private" not in answer.text
    assert (await client.post("/v1/domains", json={"name": "shop.example"})).status_code == 409
    assert (await client.post("/v1/domains/shop.example/check")).json()["usable"] is False
    stage.dns.published = True
    checked = (await client.post("/v1/domains/shop.example/check")).json()
    assert (checked["verification"], checked["findings"][0]["ok"]) == ("dns", True)
    assert len((await client.get("/v1/domains")).json()["items"]) == 1
    answer = await client.delete("/v1/domains/shop.example")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get("/v1/domains/shop.example")).json()["type"] == "/problems/unknown-domain"


async def test_providers_keep_their_secrets(client: AsyncClient, stage: Stage) -> None:
    """Sealed in the store, absent from every answer; wrong settings are named."""
    bad = await client.post("/v1/providers", json={"name": "relay", "kind": "smtp"})
    assert bad.json()["errors"][0]["pointer"] == "/settings/host"
    body = {"name": "relay", "kind": "smtp", "settings": {"host": "h"}, "secret": {"password": "hush"}}
    answer = await client.post("/v1/providers", json=body)
    assert (answer.status_code, answer.json()["has_secret"]) == (201, True)
    assert "hush" not in answer.text
    assert stage.store.provider_rows[0].secret.startswith(b"sealed:provider:")
    assert (await client.post("/v1/providers", json=body)).json()["type"] == "/problems/provider-exists"
    moved = await client.patch("/v1/providers/relay", json={"settings": {"host": "other"}})
    assert (moved.status_code, moved.json()["errors"][0]["pointer"]) == (422, "/secret")
    body = {"enabled": False, "settings": {"host": "h", "helo": "we.example"}}
    changed = await client.patch("/v1/providers/relay", json=body)
    assert (changed.json()["enabled"], changed.json()["has_secret"]) == (False, True)
    assert (await client.patch("/v1/providers/relay", json={"secret": {}})).json()["has_secret"] is False
    assert (await client.delete("/v1/providers/relay")).status_code == 204
    assert (await client.get("/v1/providers/relay")).status_code == 404


async def test_routes_name_providers(client: AsyncClient) -> None:
    """Steps in order; unknown providers and channels are refused; no steps is the default."""
    for name in ("a", "b"):
        await client.post("/v1/providers", json={"name": name, "kind": "mx"})
    steps = [{"provider": "b", "position": 1}, {"provider": "a", "weight": 3}]
    answer = await client.put("/v1/routes/email", json={"steps": steps})
    assert [step["provider"] for step in answer.json()["steps"]] == ["a", "b"]
    assert (await client.get("/v1/routes/email")).json() == answer.json()
    assert len((await client.get("/v1/routes")).json()["items"]) == 1
    bad = await client.put("/v1/routes/email", json={"steps": [{"provider": "c"}]})
    assert bad.json()["errors"][0]["pointer"] == "/steps/0/provider"
    assert (await client.put("/v1/routes/sms", json={"steps": [{"provider": "a"}]})).status_code == 422
    assert (await client.put("/v1/routes/pigeon", json={"steps": []})).status_code == 404
    await client.put("/v1/routes/email", json={"steps": []})
    assert (await client.get("/v1/routes/email")).json()["steps"] == []


async def test_templates_are_pushed_as_files(client: AsyncClient) -> None:
    """A folder as JSON becomes a template; problems name the file."""
    files = {
        "welcome/template.toml": 'name = "Welcome"\nsubject = "Welcome, {{ name }}"\n',
        "welcome/email.en.html": {"base64": "PHA+SGk8L3A+"},
        "welcome/sample.json": '{"name": "Ann"}',
    }
    answer = await client.post("/v1/templates", json={"files": files, "publish": True})
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"][0]["template"]["version"] == 1
    found = (await client.get("/v1/templates/welcome")).json()
    assert (found["variants"][0]["html"], found["sample"]) == ("<p>Hi</p>", {"name": "Ann"})
    assert (await client.post("/v1/templates/welcome/publish")).json()["template"]["version"] == 2
    assert len((await client.get("/v1/templates")).json()["items"]) == 1
    rendered = await client.post("/v1/templates/welcome/render", json={"variables": {"name": "Bob"}})
    assert "Bob" in rendered.json()["text"]
    assert rendered.json()["locale"] == "en"
    assert (await client.get("/v1/templates/welcome")).json()["lane"] == "normal"
    tests = await client.post("/v1/templates/welcome/test-send", json={"to": ["ann@example.net", "bob@example.net"]})
    assert tests.status_code == 202
    assert [(one["to"], one["id"][:4], one["problem"]) for one in tests.json()["results"]] == [
        ("ann@example.net", "msg_", ""),
        ("bob@example.net", "msg_", ""),
    ]
    assert (await client.get("/v1/templates/none")).json()["type"] == "/problems/unknown-template"
    bad = await client.post("/v1/templates", json={"files": {"welcome/template.toml": "= ="}})
    assert (bad.status_code, bad.json()["type"]) == (422, "/problems/template-problems")
    bad = await client.post("/v1/templates", json={"files": {"a/b": {"base64": "?"}}})
    assert bad.json()["errors"][0]["pointer"] == "/files/a~1b/base64"


async def test_the_sandbox_shows_what_would_have_left(client: AsyncClient, stage: Stage) -> None:
    """Listed without, shown with their source."""
    for _ in range(3):
        await stage.sandbox.keep_sandbox(
            stage.new_id(), stage.workspace_id, stage.clock.now(), "a@b", ["c@d"], b"Subject: x"
        )
    page = (await client.get("/v1/sandbox?limit=2")).json()
    assert len(page["items"]) == 2
    rest = (await client.get(f"/v1/sandbox?cursor={page['next']}")).json()
    assert (len(rest["items"]), rest["next"]) == (1, None)
    assert (await client.get(f"/v1/sandbox/{rest['items'][0]['id']}")).json()["source"] == "Subject: x"
    assert (await client.get(f"/v1/sandbox/{await send(client)}")).status_code == 404


async def test_held_messages_are_released_by_name_or_all(client: AsyncClient, stage: Stage) -> None:
    """One must say which."""
    message = await send(client)
    assert (await client.post("/v1/held/release", json={"messages": [message]})).json() == {"released": 1}
    assert (await client.post("/v1/held/release", json={"all": True})).status_code == 200
    assert stage.held.released[1] is None
    assert (await client.post("/v1/held/release", json={})).status_code == 422
    assert (await client.post("/v1/held/release", json={"all": True, "messages": [message]})).status_code == 422


async def test_health_and_figures_need_no_key(stage: Stage) -> None:
    """Ready turns to 503 with the reason; alive stays."""
    async with AsyncClient(transport=httpx.ASGITransport(app=stage.app), base_url="http://posthouse.test") as client:
        assert (await client.get("/readyz")).json() == {"status": "ok", "checks": {"store": "ok"}}
        stage.health = Health(ready=False, checks={"store": "disk full"})
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()["checks"]) == (503, {"store": "disk full"})
        assert (await client.get("/healthz")).status_code == 200
        assert "posthouse_up" in (await client.get("/metrics")).text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/v1/messages/", 404),
        ("PUT", "/v1/messages", 405),
        ("GET", "/v1/messages/batch", 405),
        ("DELETE", "/v1/messages/msg_x", 405),
        ("POST", "/openapi.json", 405),
        ("BREW", "/v1/messages", 405),
        ("OPTIONS", "/v1/messages", 204),
        ("OPTIONS", "/nowhere", 404),
        ("HEAD", "/v1/messages", 200),
        ("HEAD", "/docs", 200),
        ("GET", "/v1/messages?a=%00", 400),
        ("GET", "/v1/templates/%00", 400),
        ("GET", "/v1/templates/%ff", 404),
    ],
)
async def test_paths_and_methods(client: AsyncClient, method: str, path: str, status: int) -> None:
    """Problems everywhere, Allow where it helps, no body where there must be none."""
    answer = await client.request(method, path)
    assert answer.status_code == status
    if status >= 400 and method != "HEAD":
        assert answer.headers["content-type"] == "application/problem+json"
    if status in (204, 405):
        assert "OPTIONS" in answer.headers["allow"]
    if method == "HEAD":
        assert answer.content == b""
        assert int(answer.headers["content-length"]) > 0


async def test_versions_follow_each_other(client: AsyncClient) -> None:
    """Newest first, page by page; each can be seen; a number that is none is named."""
    for words in ("One", "Two", "Three"):
        files = {"template.toml": f'name = "{words}"\nkey = "welcome"\n', "email.en.html": f"<p>{words}</p>"}
        assert (await client.post("/v1/templates", json={"files": files, "publish": True})).status_code == 200
    first = (await client.get("/v1/templates/welcome/versions?limit=2")).json()
    assert [(item["version"], item["live"]) for item in first["items"]] == [(3, True), (2, False)]
    rest = (await client.get(f"/v1/templates/welcome/versions?limit=2&cursor={first['next']}")).json()
    assert ([item["version"] for item in rest["items"]], rest["next"]) == ([1], None)
    found = (await client.get("/v1/templates/welcome/versions/2")).json()
    assert (found["version"], found["live"], found["variants"][0]["variables"]) == (2, False, ["name"])
    assert (await client.get("/v1/templates/welcome/versions/4")).status_code == 404
    assert (await client.get("/v1/templates/nothing/versions")).status_code == 404
    for word in ("0", "newest", str(2**31), "9" * 5_000):
        answer = await client.get(f"/v1/templates/welcome/versions/{word}")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/version")


async def test_a_test_key_releases_nothing(client: AsyncClient, stage: Stage) -> None:
    """What is held was live mail when the back-up was made."""
    answer = await client.post(
        "/v1/held/release", json={"all": True}, headers={"authorization": f"Bearer {stage.test_key}"}
    )
    assert answer.status_code == 403
    assert stage.held.released == []
