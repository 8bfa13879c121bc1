"""What is wrong with a question is said at once, with a pointer and what to write instead."""

import pytest

from posthouse.core.analytics import asking, calendar
from posthouse.core.analytics.asking import Asked
from posthouse.core.analytics.dimensions import Names
from posthouse.core.analytics.model import Kind
from posthouse.core.kernel.clock import DAY, HOUR
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.moments import read_moment

NAMES = Names({"aa": "order-confirmation", "bb": "invoice"}, {"cc": "shop", "dd": "shop"}, {}, ("gmail", "other"))
NOW = read_moment("2026-11-27T10:30:00Z")


def read(asked: Asked) -> asking.Question:
    return asking.read(asked, b"w" * 16, "Europe/Paris", NAMES, NOW)


@pytest.mark.parametrize(("asked", "pointer", "advice"), [
    (Asked(metrics=("accepted", "opend")), "/metrics/1", "did you mean 'opened'"),
    (Asked(by=("templat",)), "/by/0", "did you mean 'template'"),
    (Asked(by=("template", "lane", "source", "channel")), "/by", "at most 3"),
    (Asked(granularity="days"), "/granularity", "did you mean 'day'"),
    (Asked(granularity="hour", since="2026-01-01"), "/granularity", "write day"),
    (Asked(timezone="Europe/Pari"), "/timezone", "did you mean 'Europe/Paris'"),
    (Asked(timezone="../../etc/passwd"), "/timezone", "IANA"),
    (Asked(since="yesterday"), "/since", "2027-01-31"),
    (Asked(since="2026-11-31"), "/since", "2027-01-31"),
    (Asked(until="2026-11-27T10:00:00"), "/until", "time zone is missing"),
    (Asked(since="2026-11-28"), "/since", "empty"),
    (Asked(since="2001-01-01"), "/since", "at most"),
    (Asked(sort="acepted"), "/sort", "did you mean 'accepted'"),
    (Asked(filters={"template": ("order-confirmatio",)}), "/template/0", "did you mean 'order-confirmation'"),
    (Asked(filters={"source": ("shop", "tills")}), "/source/1", "write one of shop"),
    (Asked(filters={"provider": ("x",)}), "/provider/0", "there is none"),
    (Asked(filters={"domain": ("gmial",)}), "/domain/0", "did you mean 'gmail'"),
    (Asked(filters={"lane": ("bluk",)}), "/lane/0", "did you mean 'bulk'"),
    (Asked(filters={"version": ("2",)}), "/version", "add `template`"),
    (Asked(filters={"version": ("two",), "template": ("invoice",)}), "/version/0", "its number"),
    (Asked(filters={"tag": ("a", "b")}), "/tag", "one tag"),
    (Asked(filters={"tag": ("a",)}, by=("locale",)), "/tag", "not counted by locale"),
    (Asked(filters={"tag": ("a",)}, by=("step",)), "/step", "not counted by tag"),
    (Asked(filters={"step": ("a/b",)}, by=("domain", "lane")), "/step", "not counted by domain"),
])  # fmt: skip
def test_wrong_words(asked: Asked, pointer: str, advice: str) -> None:
    """Each with where and what to write."""
    with pytest.raises(ValidationError) as refused:
        read(asked)
    (problem,) = refused.value.fields
    assert problem.pointer == pointer
    assert advice in problem.detail


def test_all_that_is_wrong_is_said_together() -> None:
    """Nobody mends a query word by word."""
    with pytest.raises(ValidationError) as refused:
        read(Asked(metrics=("x",), by=("y",), since="z", timezone="q", filters={"template": ("w",)}))
    assert [problem.pointer for problem in refused.value.fields] == [
        "/timezone",
        "/since",
        "/metrics/0",
        "/by/0",
        "/template/0",
    ]


def test_what_is_asked_when_little_is_said() -> None:
    """Thirty days of the workspace's zone until the end of this hour, live, of the coarse rows."""
    question = read(Asked())
    assert question.since == calendar.start_of_day("Europe/Paris", calendar.day_of("Europe/Paris", NOW) - 29)
    assert question.until == NOW // HOUR * HOUR + HOUR
    assert (question.kind, question.filters, question.granularity) == (Kind.COARSE, (("live", (1,)),), "day")
    assert read(Asked(live=None)).filters == ()
    assert read(Asked(filters={"source": ("shop",)})).filters == (("source", ("cc", "dd")), ("live", (1,)))


def test_the_period_before() -> None:
    """Whole days for whole days, through a change of the clocks; the same length otherwise."""
    summer = read(Asked(since="2026-10-25", until="2026-10-26")).before()
    assert (summer.until - summer.since, read(Asked(since="2026-10-25", until="2026-10-26")).until - summer.until) == (
        DAY,
        25 * HOUR,
    )
    part = read(Asked(since="2026-11-27T08:00:00Z", until="2026-11-27T11:00:00Z"))
    assert (part.before().since, part.before().until) == (part.since - 3 * HOUR, part.since)
    running = read(Asked(since="2026-11-26")).before()
    assert (
        running.until - running.since == read(Asked(since="2026-11-26")).until - read(Asked(since="2026-11-26")).since
    )
    assert calendar.show("Europe/Paris", running.since) == "2026-11-24T00:00:00+01:00"
