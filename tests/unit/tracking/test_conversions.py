"""The browser's door for orders, and the script that knocks at it."""

import asyncio

import httpx
from tests.unit.tracking.stage import Stage

from posthouse.core.conversions.model import MOST_BY_BROWSERS
from posthouse.core.kernel.clock import DAY
from posthouse.core.tracking.tokens import Kind

ORDER = {"order": "A-1", "amount": "49.90", "currency": "EUR"}


async def test_a_browser_reports_and_learns_nothing(stage: Stage, client: httpx.AsyncClient) -> None:
    """204 whatever it was; what can be read and names a click is counted, other things are not."""
    path = stage.path(Kind.CONVERSION)
    for send in (
        {"json": ORDER},
        {"json": {**ORDER, "amount": "1"}},
        {"json": {**ORDER, "order": "A-2", "amount": "-1"}},
        {"content": b"\xff{"},
        {"content": b'{"x":' + b"[" * 16_000},
        {"json": {**ORDER, "order": "A\x00"}},
    ):
        answer = await client.post(path, **send)  # type: ignore[arg-type]
        assert (answer.status_code, answer.content) == (204, b"")
    strange = "/k/" + stage.tokens.make(stage.message, Kind.CLICK)
    assert (await client.post(strange, json={**ORDER, "order": "A-3"})).status_code == 204
    found = (await stage.conversions.page(stage.kit.workspace, live=True)).items
    assert [(one.order, one.amount, one.source) for one in found] == [("A-1", 49_900_000, "browser")]
    assert (await client.get(path)).status_code == 404
    assert stage.defects == []


async def test_the_script_is_small_and_served_to_every_site(client: httpx.AsyncClient) -> None:
    """Under 2 KB, with a type that browsers run and leave to load from elsewhere."""
    answer = await client.get("/k/posthouse.js")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age" in answer.headers["cache-control"]
    assert len(answer.content) < 2_000


async def test_browsers_are_believed_so_far_and_no_farther(stage: Stage, client: httpx.AsyncClient) -> None:
    """At once too; and a click from before the window is no click."""
    path = stage.path(Kind.CONVERSION)
    reports = [client.post(path, json={**ORDER, "order": f"A-{n}"}) for n in range(3 * MOST_BY_BROWSERS)]
    await asyncio.gather(*reports)
    kept = (await stage.conversions.page(stage.kit.workspace, live=True, limit=200)).items
    assert len(kept) == MOST_BY_BROWSERS
    stage.clock.advance(400 * DAY)
    fresh = "/k/" + stage.tokens.make(stage.message, Kind.CONVERSION)
    assert (await client.post(fresh, json={**ORDER, "order": "late"})).status_code == 204
    assert len((await stage.conversions.page(stage.kit.workspace, live=True, limit=200)).items) == MOST_BY_BROWSERS
