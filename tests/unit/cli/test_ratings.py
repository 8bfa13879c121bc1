"""``posthouse stats ratings`` and ``comments``."""

import asyncio
from pathlib import Path

from tests.unit.cli.conftest import Run

from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import SystemClock
from posthouse.core.messages.model import Event, EventType
from posthouse.stores.sqlite.store import SqliteStore


async def rate(data: Path, word: str, score: int, comment: str) -> None:
    store = SqliteStore(data, clock=SystemClock())
    await store.open()
    message = ids.read(ids.MESSAGE, word)
    known = await store.tracked([message])
    said = {"rating": "delivery", "score": score, "lowest": 1, "highest": 5, "comment": comment}
    now = SystemClock().now()
    await store.add_hits([Event(message, known[message].workspace_id, EventType.RATED, now, "a", said)], known)
    await store.close()


def test_csat_and_comments(run: Run, house: Path) -> None:
    """As a table with a margin, as words, as documents; what is wrong is said."""
    assert "nobody answered" in run("stats", "ratings", "--data", house).err
    sent = run("send", "hello", "--to", "ann@gmail.com", "--var", "name=Ann", "--data", house, "--json").json
    asyncio.run(rate(house, sent["id"], 4, "on time"))
    shown = run("stats", "ratings", "--template", "hello", "--data", house).out.splitlines()
    assert shown[1].split() == ["hello", "delivery", "1", "CSAT", "100.0", "%", "±", "42.9"]
    (item,) = run("stats", "ratings", "--by", "week", "--data", house, "--json").json["items"]
    assert (item["total"]["answers"], len(item["series"])) == (1, 1)
    assert run("stats", "comments", "--data", house).out.splitlines()[1].split()[2:] == [
        "hello",
        "delivery",
        "4",
        "of",
        "5",
        "en",
        "on",
        "time",
    ]
    assert run("stats", "comments", "--locale", "fr", "--data", house, "--json").json["items"] == []
    assert run("stats", "comments", "--locale", "en", "--data", house, "--json").json["items"][0]["locale"] == "en"
    sheet = run("stats", "comments", "--csv", "--data", house).out.splitlines()
    assert (sheet[0].split(",")[:3], ",4,5,en,on time," in sheet[1]) == (["at", "template", "rating"], True)
    other = run("send", "hello", "--to", "bob@gmail.com", "--var", "name=Bob", "--data", house, "--json").json
    asyncio.run(rate(house, other["id"], 2, ""))
    assert len(run("stats", "comments", "--all", "--data", house, "--json").json["items"]) == 2
    page = run("stats", "comments", "--all", "--limit", 1, "--data", house)
    assert "there are more: --cursor" in page.err
    cursor = page.err.split("--cursor ")[1].strip()
    assert "on time" in run("stats", "comments", "--all", "--cursor", cursor, "--data", house).out
    assert run("stats", "comments", "--min-score", 5, "--data", house, "--json").json["items"] == []
    wrong = run("stats", "ratings", "--by", "year", "--data", house)
    assert (wrong.code, "day, week, month" in wrong.err) == (2, True)


def test_the_address_of_the_page(run: Run, house: Path) -> None:
    """For so many days; no more than ninety."""
    made = run("stats", "comments-page", "--days", "3", "--data", house, "--json").json
    assert "/ratings/" in made["url"]
    assert run("stats", "comments-page", "--days", "91", "--data", house).code == 2
