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
    assert "4 of 5" in run("stats", "comments", "--data", house).out
    assert run("stats", "comments", "--min-score", 5, "--data", house, "--json").json["items"] == []
    wrong = run("stats", "ratings", "--by", "year", "--data", house)
    assert (wrong.code, "day, week, month" in wrong.err) == (2, True)
