"""Alerts and service levels through the door."""

import asyncio

import pytest
from httpx import AsyncClient
from tests.unit.http.fakes import Stage

from posthouse.core.alerts.model import Alert, Kind
from posthouse.core.alerts.service import TESTS
from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import MINUTE

NUMBERS = {"observed": 1, "expected": 41.5, "hours": 2, "weeks": 5}


def alert(stage: Stage, subject: str = "invoice", **changes: object) -> Alert:
    """One in the store."""
    fields = {"kind": Kind.SILENCE, "opened_at": 1_796_000_000_000_000, "numbers": NUMBERS, "told": True, **changes}
    made = Alert(id=stage.new_id(), workspace_id=stage.workspace_id, subject=subject, **fields)
    stage.alerts.rows.append(made)
    return made


async def test_alerts_are_told_in_four_languages(client: AsyncClient, stage: Stage) -> None:
    """With numbers and plurals of the language, the numbers for machines beside them, and a link."""
    found = ids.show(ids.ALERT, alert(stage).id)
    said = {}
    for language in ("en", "fr", "es", "ru"):
        said[language] = (await client.get(f"/v1/alerts/{found}?language={language}")).json()
    assert said["en"]["title"] == "invoice: nothing is sent any more"
    assert said["en"]["text"] == "1 message in the last 2 hours; about 41.5 are usual at this time (seen over 5 weeks)."
    assert "1 message en 2 heures" in said["fr"]["text"]
    assert "41,5" in said["fr"]["text"]
    assert "1 mensaje en 2 horas" in said["es"]["text"]
    assert "Отправлено 1 сообщение за 2 часа" in said["ru"]["text"]
    assert "5 недель" in said["ru"]["text"]
    assert said["ru"]["numbers"] == NUMBERS
    assert said["en"]["link"] == f"https://post.example/v1/alerts/{found}"
    by_header = await client.get(f"/v1/alerts/{found}", headers={"accept-language": "fr-CA, en;q=0.5"})
    assert by_header.json() == said["fr"]


async def test_alerts_are_listed_by_page(client: AsyncClient, stage: Stage) -> None:
    """Newest first; open ones and those that are over apart; of a kind."""
    kept = [alert(stage, f"t{number}") for number in range(3)]
    over = alert(stage, "relay", kind=Kind.PROVIDER, numbers={"seconds": 90}, recovered_at=1_796_000_090_000_000)
    page = (await client.get("/v1/alerts?limit=2")).json()
    assert [one["subject"] for one in page["items"]] == ["relay", "t2"]
    rest = (await client.get(f"/v1/alerts?cursor={page['next']}")).json()
    assert ([one["subject"] for one in rest["items"]], rest["next"]) == (["t1", "t0"], None)
    assert len((await client.get("/v1/alerts?state=open")).json()["items"]) == 3
    (one,) = (await client.get("/v1/alerts?kind=provider&state=recovered")).json()["items"]
    assert (one["id"], one["state"]) == (ids.show(ids.ALERT, over.id), "recovered")
    seen = await client.post(f"/v1/alerts/{ids.show(ids.ALERT, kept[0].id)}/acknowledge", json={"note": "on it"})
    assert (seen.json()["acknowledged_by"], seen.json()["note"], seen.json()["state"]) == ("live", "on it", "open")
    missing = await client.get(f"/v1/alerts/{ids.show(ids.ALERT, stage.new_id())}")
    assert (missing.status_code, missing.json()["type"]) == (404, "/problems/unknown-alert")


async def test_rules_and_mutes(client: AsyncClient) -> None:
    """Defaults that are on; what is left out stays; mutes can be taken back."""
    rules = {one["kind"]: one for one in (await client.get("/v1/alerts/rules")).json()["rules"]}
    assert set(rules) == set(Kind)
    assert all(one["enabled"] and one["threshold"] == one["default"] for one in rules.values())
    await client.patch("/v1/alerts/rules/bounces", json={"threshold": 0.02})
    changed = (await client.patch("/v1/alerts/rules/bounces", json={"enabled": False})).json()
    (bounces,) = [one for one in changed["rules"] if one["kind"] == "bounces"]
    assert (bounces["enabled"], bounces["threshold"], bounces["default"]) == (False, 0.02, 0.05)
    wish = {"kind": "silence", "subject": "invoice", "until": "2099-01-01T00:00:00Z"}
    muted = (await client.post("/v1/alerts/mute", json=wish)).json()["mutes"]
    assert muted == [{**wish, "until": "2099-01-01T00:00:00.000Z"}]
    assert (await client.post("/v1/alerts/mute", json={})).json()["mutes"][1:] == [
        {"kind": None, "subject": None, "until": None}
    ]
    del wish["until"]
    assert len((await client.post("/v1/alerts/unmute", json=wish)).json()["mutes"]) == 1


async def test_the_page_of_an_alert(client: AsyncClient, stage: Stage) -> None:
    """Without a key, in the reader's language, escaped; how to acknowledge it, then that somebody did; nothing for other addresses."""
    alert(stage, "<i>invoice")
    (item,) = (await client.get("/v1/alerts")).json()["items"]
    path = item["page"].removeprefix("https://post.example")
    nobody = {"authorization": "", "accept-language": "ru"}
    page = await client.get(path, headers=nobody)
    assert (page.status_code, 'lang="ru"' in page.text) == (200, True)
    assert "&lt;i&gt;invoice" in page.text
    assert "posthouse alerts acknowledge alr_" in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    await client.post(f"/v1/alerts/{item['id']}/acknowledge", json={})
    page = await client.get(path + "?lang=en", headers=nobody)
    assert ("Acknowledged: " in page.text, "posthouse alerts" in page.text) == (True, False)
    for wrong in (path[:-1] + ("a" if path[-1] != "a" else "b"), "/alerts/x", f"/alerts/{item['id']}"):
        refused = await client.get(wrong, headers=nobody)
        assert (refused.status_code, "invoice" in refused.text) == (404, False)


async def test_targets(client: AsyncClient, stage: Stage) -> None:
    """A webhook's secret is shown once; a chat's URL is a secret itself; each can be tried."""
    made = await client.post(
        "/v1/alerts/targets", json={"name": "pager", "kind": "webhook", "address": "https://pager.example/in"}
    )
    assert (made.status_code, made.json()["secret"][:6]) == (201, "whsec_")
    chat = {"name": "deaf", "kind": "chat", "address": "https://chat.example/hooks/T0/secret", "kinds": ["queue"]}
    assert (await client.post("/v1/alerts/targets", json=chat)).json() == {
        "target": {**chat, "address": "https://chat.example/…", "language": "en"}, "secret": None,
    }  # fmt: skip
    ops = {"name": "ops", "kind": "email", "address": "Ops@Shop.Example", "language": "ru"}
    await client.post("/v1/alerts/targets", json=ops)
    shown = (await client.get("/v1/alerts/rules")).text
    assert "T0" not in shown
    assert "whsec" not in shown
    assert (await client.post("/v1/alerts/targets/ops/test")).json() == {"taken": True, "error": None}
    assert (await client.post("/v1/alerts/targets/deaf/test")).json() == {"taken": False, "error": "timeout: no answer"}
    assert [(one.name, notice.phase) for one, notice in stage.teller.told] == [("ops", "test"), ("deaf", "test")]
    again = await client.post("/v1/alerts/targets", json=ops)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/alert-target-exists")
    assert (await client.delete("/v1/alerts/targets/ops")).status_code == 204
    assert (await client.delete("/v1/alerts/targets/ops")).json()["type"] == "/problems/unknown-alert-target"


async def test_a_dry_run_is_answered(client: AsyncClient) -> None:
    """With the period that it looked at."""
    answer = (await client.post("/v1/alerts/dry-run", json={"days": 2, "rules": {"surge": 5, "latency": None}})).json()
    assert answer["items"] == []
    assert answer["since"] < answer["until"]


async def test_a_workspace_has_one_dry_run_at_a_time(client: AsyncClient, stage: Stage) -> None:
    """Each keeps a processor busy for seconds: another is told to wait, and the next one after it is answered."""
    stage.sums.open.clear()
    several = [asyncio.create_task(client.post("/v1/alerts/dry-run", json={"days": 7})) for _ in range(3)]
    while sum(one.done() for one in several) < 2:
        await asyncio.sleep(0.005)
    stage.sums.open.set()
    answers = await asyncio.gather(*several)
    assert sorted(one.status_code for one in answers) == [200, 429, 429]
    (refused, _) = [one for one in answers if one.status_code == 429]
    assert (refused.json()["type"], refused.headers["retry-after"]) == ("/problems/too-often", "5")
    assert (await client.post("/v1/alerts/dry-run", json={"days": 1})).status_code == 200


async def test_tests_of_targets_are_bounded(client: AsyncClient, stage: Stage) -> None:
    """Each goes to somebody outside."""
    await client.post("/v1/alerts/targets", json={"name": "ops", "kind": "email", "address": "ops@shop.example"})
    codes = [(await client.post("/v1/alerts/targets/ops/test")).status_code for _ in range(TESTS + 1)]
    assert codes == [200] * TESTS + [429]
    stage.clock.advance(MINUTE)
    assert (await client.post("/v1/alerts/targets/ops/test")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("PATCH", "/v1/alerts/rules/silense", {}, "/kind"),
        ("PATCH", "/v1/alerts/rules/bounces", {"threshold": 5}, "/threshold"),
        ("POST", "/v1/alerts/mute", {"until": "tomorrow"}, "/until"),
        ("POST", "/v1/alerts/mute", {"until": "2001-01-01T00:00:00Z"}, "/until"),
        ("POST", "/v1/alerts/targets", {"name": "a", "kind": "pigeon", "address": "x"}, "/kind"),
        ("POST", "/v1/alerts/targets", {"name": "a", "kind": "chat", "address": "https://10.0.0.1/"}, "/address"),
        ("POST", "/v1/alerts/targets", {"name": "a", "kind": "email", "address": "ops"}, "/address"),
        ("POST", "/v1/alerts/targets", {"name": "A!", "kind": "email", "address": "a@b.example"}, "/name"),
        ("POST", "/v1/alerts/dry-run", {"rules": {"surge": 0}}, "/rules/surge"),
        ("GET", "/v1/alerts?cursor=x", None, "/cursor"),
    ],
)
async def test_what_is_wrong_is_said(
    client: AsyncClient, method: str, path: str, body: dict[str, object] | None, pointer: str
) -> None:
    """With its place and what to write."""
    answer = await client.request(method, path, json=body)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


async def test_who_may(client: AsyncClient, stage: Stage) -> None:
    """Reading and changing are scopes of their own; a dry run only reads."""
    reader = {"authorization": f"Bearer {await stage.key('alerts:read')}"}
    assert (await client.get("/v1/alerts/rules", headers=reader)).status_code == 200
    assert (await client.post("/v1/alerts/dry-run", json={"days": 1}, headers=reader)).status_code == 200
    assert (await client.patch("/v1/alerts/rules/surge", json={}, headers=reader)).status_code == 403
    other = {"authorization": f"Bearer {await stage.key('messages:*')}"}
    assert (await client.get("/v1/alerts", headers=other)).status_code == 403


async def test_service_levels(client: AsyncClient) -> None:
    """Set, measured, listed and removed; the answer says at which edge it is measured."""
    files = {"invoice/template.toml": 'name = "Invoice"\nsubject = "S"', "invoice/email.en.html": "<p>T</p>"}
    await client.post("/v1/templates", json={"files": files})
    path = "/v1/templates/invoice/service-level"
    assert (await client.get(path)).json()["type"] == "/problems/no-service-level"
    answer = (await client.put(path, json={"share": 0.95, "seconds": 5, "measure": "delivered"})).json()
    assert (answer["messages"], answer["late"], answer["kept"], answer["days"]) == (1, 0, 1.0, 28)
    assert 4.5 < answer["measured_seconds"] <= 5
    assert (await client.get("/v1/analytics/levels")).json()["items"] == [answer]
    wrong = await client.put(path, json={"share": 95, "seconds": 5})
    assert wrong.json()["errors"][0]["pointer"] == "/share"
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 404
    assert (await client.get("/v1/templates/none/service-level")).json()["type"] == "/problems/unknown-template"
