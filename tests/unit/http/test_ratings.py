"""Answers to ratings through the API."""

import html
import re

import httpx
from tests.unit.http.fakes import Stage

from posthouse.core.kernel.clock import DAY
from posthouse.core.templates.model import TemplateSource
from posthouse.core.tracking.ratings import RatingAnswer


def given(stage: Stage, number: int, score: int, comment: str | None, *, live: bool = True) -> RatingAnswer:
    at = stage.clock.now() - 1_000 + number
    return RatingAnswer(bytes([number] * 16), "nps", stage.workspace_id, None, live, at, score, 0, 10, comment)


async def test_numbers_and_words(stage: Stage, client: httpx.AsyncClient) -> None:
    """NPS by month; answers page by page; test keys see test messages only; numbers need another scope than words."""
    stage.ratings.kept = [given(stage, 1, 10, "é"), given(stage, 2, 3, None), given(stage, 3, 0, "test", live=False)]
    answer = await client.get("/v1/ratings/summary")
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["items"]
    assert (row["measure"], row["total"]["value"], row["total"]["scores"]) == ("nps", 0.0, {"3": 1, "10": 1})
    assert len(row["series"]) == 1
    page = (await client.get("/v1/ratings?limit=1")).json()
    assert [(one["score"], one["comment"]) for one in page["items"]] == [(3, None)]
    rest = (await client.get("/v1/ratings", params={"limit": 1, "cursor": page["next"]})).json()
    assert ([one["comment"] for one in rest["items"]], rest["next"]) == (["é"], None)
    stage.ratings.kept[0] = given(stage, 1, 10, '=HYPERLINK("http://evil.example")')
    for sheet in (
        await client.get("/v1/ratings?format=csv"),
        await client.get("/v1/ratings", headers={"accept": "text/csv"}),
    ):
        assert sheet.headers["content-type"].startswith("text/csv")
        names, _, last = sheet.text.splitlines()
        assert names == "at,template,rating,score,highest,locale,comment,message"
        assert ",'=HYPERLINK" in last.replace('"', ""), "no formula to whoever opens it"
    test_key = {"authorization": f"Bearer {stage.test_key}"}
    seen = (await client.get("/v1/ratings?mode=live", headers=test_key)).json()["items"]
    assert [one["comment"] for one in seen] == ["test"]
    numbers_only = {"authorization": f"Bearer {await stage.key('analytics:read')}"}
    assert (await client.get("/v1/ratings/summary", headers=numbers_only)).status_code == 200
    assert (await client.get("/v1/ratings", headers=numbers_only)).status_code == 403


async def test_bad_questions_name_the_field(client: httpx.AsyncClient) -> None:
    """Cursor, period, template."""
    for query, status, pointer in (
        ("/v1/ratings?cursor=x", 422, "/cursor"),
        ("/v1/ratings?since=yesterday", 422, "/since"),
        ("/v1/ratings/summary?since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z", 422, "/since"),
    ):
        answer = await client.get(query)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (status, pointer), answer.text
    assert (await client.get("/v1/ratings?template=none")).status_code == 404
    for since, until in (("9999-12-01", "9999-12-31"), ("0001-01-01", "0001-01-02")):
        path = f"/v1/ratings/summary?since={since}T00:00:00Z&until={until}T23:59:59Z"
        assert (await client.get(path)).status_code == 422  # beyond what is counted, the period is empty


async def test_the_page(stage: Stage, client: httpx.AsyncClient) -> None:
    """Without a key, in the reader's language, escaped, page by page; for its workspace and mode, and until its day."""
    many = [given(stage, number, number % 11, f"<b>{number}</b>") for number in range(1, 31)]
    stage.ratings.kept = [*many, given(stage, 31, 0, "of a test", live=False)]
    made = await client.post("/v1/ratings/page", json={"days": 2})
    assert made.status_code == 201
    path = made.json()["url"].removeprefix("https://post.example")
    nobody = {"authorization": "", "accept-language": "ru"}
    page = await client.get(path, headers=nobody)
    assert (page.status_code, 'lang="ru"' in page.text, "NPS" in page.text) == (200, True, True)
    assert ("&lt;b&gt;30&lt;/b&gt;" in page.text, "<b>30" in page.text, "of a test" in page.text) == (
        True,
        False,
        False,
    )
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    (older,) = re.findall(r'href="([^"]*cursor=[^"]*)"', page.text)
    assert "&lt;b&gt;5&lt;/b&gt;" in (await client.get(path + html.unescape(older), headers=nobody)).text
    for odd in ("?max=x", "?template=%3Cscript%3E", "?cursor=x", "?lang=de"):
        odder = await client.get(path + odd, headers=nobody)
        assert (odder.status_code, "<script" in odder.text) == (200, False)
    test_key = {"authorization": f"Bearer {stage.test_key}"}
    testing = (await client.post("/v1/ratings/page", json={}, headers=test_key)).json()["url"]
    seen = await client.get(testing.removeprefix("https://post.example"), headers=nobody)
    assert ("of a test" in seen.text, "30&lt;" in seen.text) == (True, False)
    for wrong in (path[:-1] + ("a" if path[-1] != "a" else "b"), path.upper(), "/ratings/x", "/ratings/" + "a" * 55):
        assert (await client.get(wrong, headers=nobody)).status_code == 404
    stage.clock.advance(2 * DAY)
    assert (await client.get(path, headers=nobody)).status_code == 404
    numbers_only = {"authorization": f"Bearer {await stage.key('analytics:read')}"}
    assert (await client.post("/v1/ratings/page", json={}, headers=numbers_only)).status_code == 403
    assert (await client.post("/v1/ratings/page", json={"days": 91})).status_code == 422


async def test_the_page_keeps_what_was_chosen(stage: Stage, client: httpx.AsyncClient) -> None:
    """In other languages too; the page that follows is another question. Months and days are in one piece each."""
    stage.ratings.kept = [given(stage, number, number % 11, "fine") for number in range(1, 31)]
    made = await client.post("/v1/ratings/page", json={})
    path = made.json()["url"].removeprefix("https://post.example")
    key = "survey"
    await stage.templates.push(stage.workspace_id, TemplateSource(key, "Survey", ()))
    page = await client.get(f"{path}?template={key}&max=6&lang=ru")
    others = [html.unescape(one) for one in re.findall(r'href="([^"]*)" lang="\w\w" hreflang', page.text)]
    assert others == [f"?lang={tag}&template={key}&max=6" for tag in ("en", "fr", "es")]
    assert 'value="6"' in (await client.get(path + others[0])).text
    days = re.findall(
        r"(?:<time datetime=\"[\d-]+\">)?\d{4}-\d\d(?:-\d\d)?(?:</time>)?", re.sub(r'="[^"]*"', "", page.text)
    )
    assert days
    assert all(day.startswith("<time") or day.endswith("</time>") for day in days)
