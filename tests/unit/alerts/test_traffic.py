"""What is said of simulated weeks: nothing while all is well, and soon when something stops."""

import datetime as dt

import pytest
from tests.unit.alerts.simulated import FIRST_HOUR, World, always, nightly, shop, weekly

from posthouse.core.alerts.judging import Scene, judge
from posthouse.core.alerts.model import AlertSettings, Kind, Rule, Signal
from posthouse.core.alerts.traffic import Traffic
from posthouse.core.analytics.latencies import Latencies, Span, encode, key_of
from posthouse.core.kernel.clock import HOUR

WEEK = 168
RATES = {
    "busy": shop(200),
    "shop": shop(40),
    "small": shop(2),
    "always": always(40),
    "run": nightly(500, 3),
    "rare": weekly(2),
}


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York"])
def test_normal_weeks_say_nothing(zone: str) -> None:
    """Nights, weekends, nightly runs, small templates, days that are 15 % off, and the hour that the clocks are set back by."""
    world = World(RATES, seed=7, weeks=9, zone=zone)
    assert [found for found in world.looks(7 * WEEK, 9 * WEEK, every=60) if found[1]] == []


@pytest.mark.parametrize("seed", range(4))
def test_a_template_that_stops_is_found_within_the_hour(seed: int) -> None:
    """Forty an hour stop at some moment of a working day; only the template is said, once, and it stays said through the night."""
    world = World({**RATES, "other": shop(40)}, seed, weeks=7, zone="Europe/Paris")
    at = 6 * WEEK + 24 * (seed % 5) + 8 + seed * 0.9
    world.stop("shop", at)
    looks = list(world.looks(int(at), int(at) + 3, every=5))
    first, signals = next(found for found in looks if found[1])
    assert 0 < first - at < 0.75
    assert {(one.kind, one.subject) for _, found in looks for one in found} == {(Kind.SILENCE, "shop")}
    assert signals[0].numbers["observed"] == 0
    assert float(signals[0].numbers["expected"]) > 10


def test_a_template_that_sends_twice_a_week_is_never_missed() -> None:
    """It stops for two weeks."""
    world = World({"rare": weekly(2), "shop": shop(40)}, 3, weeks=10)
    world.stop("rare", 8 * WEEK)
    assert [found for found in world.looks(8 * WEEK, 10 * WEEK, every=60) if found[1]] == []


def test_a_new_template_has_no_history() -> None:
    """Launched with a thousand a day after weeks without: neither a surge, nor missed when it rests after some days."""
    world = World({"shop": shop(40), "new": always(400)}, 4, weeks=8)
    launch = 7 * WEEK
    world.counts["new"][:launch] = [0] * launch
    world.counts["new"][launch + 48 :] = [0] * (WEEK - 48)
    found = [one for _, signals in world.looks(launch, 8 * WEEK, every=60) for one in signals if one.subject == "new"]
    assert found == []


def test_a_nightly_run_that_does_not_come_is_missed_when_its_hour_is_over() -> None:
    """Not before: within its hour nobody knows when it begins."""
    world = World({"run": nightly(500, 3), "shop": shop(40)}, 5, weeks=7)
    night = 6 * WEEK + 24
    world.counts["run"][night + 3] = 0
    looks = [(at - night, found) for at, found in world.looks(night, night + 6, every=20) if found]
    assert 4 <= looks[0][0] <= 4.5
    assert {one.subject for one in looks[0][1]} == {"run"}


def test_when_all_stops_it_is_one_cause() -> None:
    """And the templates are not said one by one."""
    world = World(RATES, 6, weeks=7)
    at = 6 * WEEK + 34.0
    for key in RATES:
        world.stop(key, at)
    said = {one.subject for _, found in world.looks(int(at), int(at) + 4, every=10) for one in found}
    assert "" in said
    assert said <= {"", "busy", "shop"}  # busy ones are seen a few minutes sooner


def test_a_feast_day_among_the_weeks_is_overlooked() -> None:
    """Last week's was one: its silence does not make today's usual."""
    world = World({"shop": shop(40)}, 8, weeks=8)
    today = 7 * WEEK + 24
    world.counts["shop"][today - WEEK : today - WEEK + 24] = [0] * 24
    world.stop("shop", today + 11.5)
    assert any(found for _, found in world.looks(today + 11, today + 14, every=10))


def test_a_weekend_proves_nothing() -> None:
    """What stopped on Friday afternoon stays missed on Sunday, when nothing is due anyway, and is over when it is sent again."""
    days = shop(40)
    world = World({"desk": lambda wall: days(wall) if wall.weekday() < 5 else 0.0, "other": always(60)}, 11, weeks=7)
    sunday = 6 * WEEK + 6 * 24 + 12
    world.stop("desk", 6 * WEEK + 4 * 24 + 15)

    def said(opened: set[tuple[Kind, str]]) -> list[tuple[str, bool]]:
        scene = Scene(world.traffic(sunday), AlertSettings(), {"desk": "desk"}, (world.begin + sunday) * HOUR, opened)
        return [(one.subject, one.bad) for one in judge(scene) if one.subject]

    assert said({(Kind.SILENCE, "desk")}) == [("desk", False)]
    world.stops, world.counts["desk"][sunday - 1] = {}, 9
    assert said({(Kind.SILENCE, "desk")}) == []


def test_what_rests_now_and_then_is_not_missed() -> None:
    """In three of eight weeks it did not come either."""
    world = World({"run": nightly(500, 3), "other": always(60)}, 12, weeks=9)
    night = 8 * WEEK + 24 + 3
    for week in (0, 2, 4, 7):
        world.counts["run"][night - week * WEEK] = 0
    assert not any(found for _, found in world.looks(night, night + 3, every=30))


def test_a_surge() -> None:
    """Ten times the usual is said; a campaign as great as one of the last weeks is not."""
    world = World({"shop": shop(40)}, 9, weeks=8)
    hour = 7 * WEEK + 58
    world.counts["shop"][hour] *= 10
    found = {one.kind for _, signals in world.looks(hour, hour + 1, every=20) for one in signals}
    assert found == {Kind.SURGE}
    world.counts["shop"][hour - 3 * WEEK + 30] = 1000
    assert not any(signals for _, signals in world.looks(hour, hour + 1, every=20))


def test_the_wall_clock_counts() -> None:
    """Before and after the clocks are set back, nine in the morning is compared with nine in the morning."""
    traffic = Traffic("Europe/Paris", FIRST_HOUR)
    monday = int(dt.datetime(2026, 10, 26, 8, tzinfo=dt.UTC).timestamp()) // 3600  # 9:00 of the winter
    (last, same), *_ = traffic.weeks_ago(monday, monday)
    assert last == same == monday - WEEK - 1  # 9:00 of the summer is an hour sooner


def scene(hours: list[list[int]], kind: Kind, threshold: float, open_: bool = False) -> list[Signal]:
    """What is said of the last hours of one template."""
    traffic = Traffic("UTC", 0)
    end = 400
    rows = [(end - len(hours) + place, "a", counts) for place, counts in enumerate(hours)]
    traffic.set_hours(0, end, rows, end * HOUR)
    settings = AlertSettings({kind: Rule(threshold)})
    return judge(Scene(traffic, settings, {"a": "invoice"}, end * HOUR, {(kind, "")} if open_ else set()))


def test_bounces_and_complaints_need_proof() -> None:
    """A share over the limit that chance would hardly make; of everything, when it is everything; few are no proof."""
    (total, part) = scene([[100, 90, 18, 10, 0]], Kind.BOUNCES, 0.05)
    assert (part.subject, part.numbers["happened"], part.numbers["of"]) == ("invoice", 18, 100)
    assert (total.bad, part.bad) == (False, True)
    assert [one.bad for one in scene([[100, 90, 18, 10, 0]], Kind.BOUNCES, 0.05, open_=True)] == [True, False]
    assert scene([[20, 17, 3, 3, 0]], Kind.BOUNCES, 0.05) == []
    near = scene([[1000, 945, 55, 55, 0]], Kind.BOUNCES, 0.05)
    assert [one.bad for one in near] == [False, False]  # over it, but not beyond chance
    (_, part) = scene([[500, 500, 0, 0, 6]], Kind.COMPLAINTS, 0.001)
    assert (part.bad, part.numbers["rate"]) == (True, 0.012)


def test_latency_by_lane() -> None:
    """Of the last two hours; too few say nothing, and the half of the limit keeps an alert open."""
    traffic = Traffic("UTC", 0)
    traffic.set_hours(0, 400, [], 400 * HOUR)
    settings = AlertSettings({Kind.LATENCY: Rule(60)})

    def said(milliseconds: int, count: int) -> list[tuple[str, bool]]:
        traffic.latencies = {399: {1: Latencies([encode({key_of(Span.FIRST_ATTEMPT, milliseconds): count})])}}
        return [(one.subject, one.bad) for one in judge(Scene(traffic, settings, {}, 400 * HOUR, set()))]

    assert said(90_000, 25) == [("normal", True)]
    assert said(40_000, 25) == [("normal", False)]
    assert said(20_000, 25) == said(90_000, 19) == []
