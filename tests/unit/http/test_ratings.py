"""Answers to ratings through the API."""

import httpx
from tests.unit.http.fakes import Stage

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
