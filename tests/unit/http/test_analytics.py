"""Statistics through the door."""

import csv
import io

from httpx import AsyncClient
from tests.unit.http.fakes import Stage


async def test_every_question_is_answered(client: AsyncClient, stage: Stage) -> None:
    """Values by name of the metric, with the period and how complete it is."""
    series = (await client.get("/v1/analytics/timeseries?metrics=accepted,open_rate&since=2026-11-01")).json()
    assert (series["metrics"], series["granularity"], series["by"]) == (["accepted", "open_rate"], "day", [])
    assert series["series"][0]["points"][-1]["values"] == {"accepted": 200, "open_rate": 0.25}
    assert series["period"]["timezone"] == "UTC"
    assert series["period"]["lag_seconds"] == 0
    table = (await client.get("/v1/analytics/breakdown?by=source&metrics=sent&metrics=delivery_p95")).json()
    assert [item["dims"] for item in table["items"]] == [{"source": "shop"}]
    assert table["items"][0]["values"]["sent"] == 100
    assert abs(table["items"][0]["values"]["delivery_p95"] - 1_000) < 44
    compared = (await client.get("/v1/analytics/compare?metrics=accepted")).json()
    assert compared["total"] == {
        "dims": {}, "values": {"accepted": 200}, "previous": {"accepted": 200}, "change": {"accepted": 0.0},
    }  # fmt: skip
    funnel = (await client.get("/v1/analytics/funnel")).json()
    assert [(stage["name"], stage["messages"], stage["share"]) for stage in funnel["total"]["stages"]] == [
        ("accepted", 200, None), ("sent", 100, 0.5), ("delivered", 0, 0.0), ("opened", 25, 0.25), ("clicked", 5, 0.2),
        ("converted", 0, 0.0),
    ]  # fmt: skip
    assert funnel["total"]["stages"][3]["machines_only"] == 15


async def test_csv_by_header_or_parameter(client: AsyncClient) -> None:
    """One line of names, numbers as they are; what a spreadsheet would run as a formula is only a word."""
    for path, headers in (
        (
            "/v1/analytics/breakdown?by=tag&since=2027-01-15T00:00:00Z&metrics=accepted,open_rate",
            {"accept": "text/csv"},
        ),
        ("/v1/analytics/breakdown?by=tag&since=2027-01-15T00:00:00Z&metrics=accepted,open_rate&format=csv", {}),
    ):
        answer = await client.get(path, headers=headers)
        assert answer.headers["content-type"].startswith("text/csv")
        assert list(csv.reader(io.StringIO(answer.text))) == [
            ["tag", "accepted", "open_rate"],
            ["'=1+1", "200", "0.25"],
        ]
    for question, names in (
        ("timeseries?previous=true&metrics=sent", ["start", "sent", "previous_start", "previous_sent"]),
        ("compare?metrics=sent&by=lane", ["lane", "sent", "previous_sent", "change_of_sent"]),
        ("funnel?by=channel", ["channel", "stage", "messages", "share_of", "share", "machines_only"]),
    ):
        joint = await client.get(f"/v1/analytics/{question}&format=csv")
        assert next(csv.reader(io.StringIO(joint.text))) == names


async def test_filters_reach_the_roll_ups(client: AsyncClient, stage: Stage) -> None:
    """Each as columns of combinations; a test key sees test messages only, whatever it asks."""
    await client.get("/v1/analytics/breakdown?source=shop&locale=fr&locale=en&channel=email&mode=all&by=lane")
    query = stage.sums.asked[-1]
    assert dict(query.filters) == {"source": ("aa",), "locale": ("fr", "en"), "channel": (1,)}
    assert query.by == ("lane",)
    await client.get("/v1/analytics/breakdown?mode=all", headers={"authorization": f"Bearer {stage.test_key}"})
    assert dict(stage.sums.asked[-1].filters) == {"live": (0,)}


async def test_what_is_wrong_is_named(client: AsyncClient, stage: Stage) -> None:
    """Parameters, values and scopes, each with what to write instead."""
    for query, pointer, advice in (
        ("granularty=day", "/granularty", "did you mean 'granularity'"),
        ("metrics=accepted,opend", "/metrics/1", "did you mean 'opened'"),
        ("timezone=Europe/Pari", "/timezone", "did you mean 'Europe/Paris'"),
        ("template=none", "/template/0", "is no template"),
        ("limit=0", "/limit", ""),
    ):
        answer = await client.get(f"/v1/analytics/timeseries?{query}")
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        (error,) = answer.json()["errors"]
        assert error["pointer"] == pointer
        assert advice in error["detail"]
    reader = {"authorization": f"Bearer {await stage.key('analytics:read')}"}
    stranger = {"authorization": f"Bearer {await stage.key('messages:*')}"}
    for question in ("timeseries", "breakdown", "funnel", "compare"):
        assert (await client.get(f"/v1/analytics/{question}", headers=reader)).status_code == 200
        assert (await client.get(f"/v1/analytics/{question}", headers=stranger)).status_code == 403


async def test_a_question_is_bounded_whatever_it_repeats(client: AsyncClient) -> None:
    """A metric counts once however often it is named; thousands of words are one problem, and few unknown names are told."""
    many = ",".join(["accepted"] * 90)
    answer = await client.get(f"/v1/analytics/timeseries?granularity=hour&metrics={many}")
    assert (answer.status_code, answer.json()["metrics"]) == (200, ["accepted"])
    for query in ("metrics=" + ",".join(["x"] * 9_000), "by=" + ",".join(["template"] * 900)):
        refused = await client.get(f"/v1/analytics/timeseries?{query}")
        assert refused.status_code == 422
        assert [one["code"] for one in refused.json()["errors"]] == ["too-many"]
    unknown = await client.get("/v1/analytics/timeseries?" + "&".join(f"x{n}=1" for n in range(900)))
    assert (unknown.status_code, len(unknown.json()["errors"])) == (422, 20)


async def test_the_end_of_time_is_an_answer(client: AsyncClient) -> None:
    """And what is a zone on one machine only is none."""
    for path in ("timeseries", "compare", "funnel"):
        answer = await client.get(f"/v1/analytics/{path}?since=9997-12-01&until=9999-12-31T23:59:59Z")
        assert answer.status_code == 200, answer.text
    for zone in ("localtime", "posixrules", "right/UTC"):
        assert (await client.get(f"/v1/analytics/funnel?timezone={zone}")).status_code == 422
