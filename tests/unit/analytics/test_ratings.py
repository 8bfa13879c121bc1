"""NPS, CSAT and their margins; days of the zone; pages of comments; who sees what."""

import datetime as dt
from collections import Counter
from pathlib import Path

import pytest

from posthouse.core.analytics.ratings import RatingService, figures
from posthouse.core.kernel.clock import DAY, HOUR
from posthouse.core.kernel.errors import NotFoundError, ValidationError
from posthouse.core.messages.model import Event, EventType
from posthouse.core.workspaces.model import Workspace
from posthouse.core.workspaces.service import WorkspaceService
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_tracking import add
from posthouse.testing.stores import Kit

JANUARY = int(dt.datetime(2026, 1, 31, 18, 15, tzinfo=dt.UTC).timestamp() * 1e6)
"""A quarter of an hour before midnight in Kolkata."""


@pytest.mark.parametrize(
    ("scores", "scale", "value", "margin"),
    [
        ({10: 60, 9: 10, 8: 10, 0: 20}, (0, 10), 50.0, 15.6),
        ({7: 5, 8: 5}, (0, 10), 0.0, 18.5),
        ({6: 1}, (0, 10), -100.0, 73.5),
        ({5: 30, 4: 40, 3: 10, 1: 20}, (1, 5), 70.0, 8.9),
        ({5: 3}, (1, 5), 100.0, 33.5),
        ({}, (1, 5), None, None),
    ],
)
def test_figures(scores: dict[int, int], scale: tuple[int, int], value: float | None, margin: float | None) -> None:
    """Promoters less detractors; four and five of five; a margin even where all agree."""
    found = figures(Counter(scores), *scale)
    assert (found.answers, found.value, found.margin) == (sum(scores.values()), value, margin)
    assert found.scores == {str(score): count for score, count in sorted(scores.items())}


async def test_summaries_and_comments(tmp_path: Path) -> None:
    """The last answer counts, in the month of the workspace's zone; words page by page; strangers and test keys see nothing."""
    kit = Kit(FakeClock(JANUARY - DAY))
    store = SqliteStore(tmp_path, clock=kit.clock)
    await store.open()
    await store.add_workspace(Workspace(kit.workspace, "shop", kit.clock.now(), time_zone="Asia/Kolkata"))
    await store.publish(template := kit.template("survey", 1), [kit.release(template)])
    news = [kit.new() for _ in range(4)]
    await store.accept([*news, test := kit.new(live=False)])

    def answer(message: bytes, at: int, score: int, comment: str = "", rating: str = "nps") -> Event:
        scale = {"lowest": 0, "highest": 10} if rating == "nps" else {"lowest": 1, "highest": 5}
        said = {"rating": rating, "score": score, **scale} | ({"comment": comment} if comment else {})
        return Event(message, kit.workspace, EventType.RATED, at, f"{rating}.{score}.{at}", said)

    ours = [
        answer(news[0].id, JANUARY, 10, "lovely"),
        answer(news[1].id, JANUARY - HOUR, 2, "slow"),
        answer(news[1].id, JANUARY + HOUR, 9, "it came"),
        answer(news[2].id, JANUARY + HOUR, 6),
        answer(news[3].id, JANUARY + HOUR, 5, rating="csat"),
        answer(test.id, JANUARY, 0, "a test"),
    ]
    await add(store, ours)
    kit.clock.advance(2 * DAY)
    workspaces = WorkspaceService(store=store, clock=kit.clock, new_id=kit.ids)
    service = RatingService(store, store, workspaces, kit.clock)
    found = await service.summary(kit.workspace, live=True)
    assert [(one.template, one.rating, one.measure, one.total.answers) for one in found.items] == [
        ("survey", "nps", "nps", 3), ("survey", "csat", "csat", 1),
    ]  # fmt: skip
    nps = found.items[0]
    assert (nps.total.value, nps.total.scores) == (33.3, {"6": 1, "9": 1, "10": 1})
    assert [(one.start, one.figures.value) for one in nps.series] == [
        ("2026-01-01T00:00:00+05:30", 100.0), ("2026-02-01T00:00:00+05:30", 0.0),
    ]  # fmt: skip
    days = await service.summary(kit.workspace, live=True, rating="nps", granularity="day", since=JANUARY)
    assert [one.start[:10] for one in days.items[0].series] == ["2026-01-31", "2026-02-01"]
    weeks = await service.summary(kit.workspace, live=True, template="survey", rating="nps", granularity="week")
    assert [one.start[:10] for one in weeks.items[0].series] == ["2026-01-26"]
    first = await service.answers(kit.workspace, live=True, commented=True, limit=1)
    assert [(said.answer.comment, said.template) for said in first.items] == [("it came", "survey")]
    second = await service.answers(kit.workspace, live=True, commented=True, limit=1, cursor=first.next)
    assert ([said.answer.comment for said in second.items], second.next) == (["lovely"], None)
    low = await service.answers(kit.workspace, live=True, rating="nps", highest=6)
    assert [said.answer.score for said in low.items] == [6]
    assert [one.answer.comment for one in (await service.answers(kit.workspace, live=False)).items] == ["a test"]
    with pytest.raises(NotFoundError, match="no template"):
        await service.answers(kit.workspace, live=True, template="other")
    for cursor in ("", "x", "1.msg_1.nps", f"{10**19}.{first.next.partition('.')[2]}", "1..", "²." + first.next):
        with pytest.raises(ValidationError):
            await service.answers(kit.workspace, live=True, cursor=cursor)
    for since, granularity in ((kit.clock.now() + 1, "day"), (0, "month"), (JANUARY - 1_100 * DAY, "day")):
        with pytest.raises(ValidationError):
            await service.summary(kit.workspace, live=True, since=since, granularity=granularity)
    await store.close()
