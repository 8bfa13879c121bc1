"""Questions put to roll-ups of real events: numbers by hand."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.analytics.scene import Scene, scene

from posthouse.core.analytics.asking import Asked
from posthouse.core.kernel.clock import SECOND
from posthouse.core.messages.model import EventType, Lane, Status
from posthouse.core.tracking.model import Verdict


@pytest.fixture
async def paris(tmp_path: Path) -> AsyncIterator[Scene]:
    """Some messages of two days in Paris and of the days before."""
    async with scene(tmp_path, "Europe/Paris") as made:
        first = await made.message("2026-11-25T22:30:00Z", took=2 * SECOND)
        await made.hit(first, "2026-11-25T23:30:00Z", Verdict.MACHINE)
        await made.hit(first, "2026-11-26T08:00:00Z", Verdict.HUMAN)
        await made.hit(first, "2026-11-26T09:00:00Z", Verdict.HUMAN)
        tags = ("vip", "new", "posthouse:step:welcome/day-3")
        await made.message("2026-11-25T23:30:00Z", locale="fr", tags=tags, recipient="ben@gmail.com")
        await made.message("2026-11-26T12:00:00Z", status=Status.BOUNCED, key_id=made.till, lane=Lane.BULK)
        await made.message("2026-11-27T09:00:00Z", live=False)
        await made.message("2026-11-24T12:00:00Z", template_id=None)
        await made.counted()
        yield made


def numbers(row: dict[str, Any], *names: str) -> list[Any]:
    return [row[name] for name in names]


async def test_days_are_those_of_the_zone(paris: Scene) -> None:
    """Half past eleven UTC is the next day in Paris, and the same day in New York; empty days are told too."""
    workspace = paris.kit.workspace
    for zone, expected in (
        ("", [("2026-11-24T00:00:00+01:00", 1), ("2026-11-25T00:00:00+01:00", 1), ("2026-11-26T00:00:00+01:00", 2)]),
        ("America/New_York", [("2026-11-24T00:00:00-05:00", 1), ("2026-11-25T00:00:00-05:00", 2), ("2026-11-26T00:00:00-05:00", 1)]),
    ):  # fmt: skip
        found = await paris.service.timeseries(workspace, Asked(timezone=zone, metrics=("accepted",)))
        (series,) = found.series
        assert [
            (point.start, point.values["accepted"]) for point in series.points if point.values["accepted"]
        ] == expected
        assert len(series.points) == 30
        assert series.points[-1].start.startswith("2026-11-27T00:00:00")
        assert found.period.lag_seconds == 0


@pytest.mark.parametrize(("granularity", "expected"), [
    ("hour", {"2026-11-25T23:00:00+01:00": 1, "2026-11-26T00:00:00+01:00": 1, "2026-11-26T13:00:00+01:00": 1}),
    ("week", {"2026-11-23T00:00:00+01:00": 3}),
    ("month", {"2026-11-01T00:00:00+01:00": 3}),
])  # fmt: skip
async def test_every_granularity(paris: Scene, granularity: str, expected: dict[str, int]) -> None:
    """Weeks begin on Monday; an hour at either edge of the period is an hour's, not a day's."""
    asked = Asked(granularity=granularity, since="2026-11-24T20:00:00Z", metrics=("accepted",))
    found = await paris.service.timeseries(paris.kit.workspace, asked)
    points = {point.start: point.values["accepted"] for point in found.series[0].points if point.values["accepted"]}
    assert points == expected


async def test_whole_weeks_are_read_as_such(paris: Scene) -> None:
    """The same numbers from rows by week, with days before and behind: in a table, and by week."""
    await paris.counted("2026-12-20T10:00:00Z")
    asked = Asked(
        since="2026-11-20", until="2026-12-09", by=("locale",), metrics=("accepted", "opened"), granularity="week"
    )
    table = await paris.service.breakdown(paris.kit.workspace, asked)
    assert {row.dims["locale"]: numbers(row.values, "accepted", "opened") for row in table.items} == {
        "en": [3, 1],
        "fr": [1, 0],
    }
    found = await paris.service.timeseries(paris.kit.workspace, asked)
    weeks = {one.dims["locale"]: [point.values["accepted"] for point in one.points] for one in found.series}
    assert weeks == {"en": [0, 3, 0, 0], "fr": [0, 1, 0, 0]}


async def test_counts_are_as_they_happened_and_rates_of_the_messages(paris: Scene) -> None:
    """An open on the next day is that day's; the rate belongs to the day on which its message was accepted."""
    asked = Asked(metrics=("opens_human", "opens_machine", "opened", "opened_human", "open_rate"), since="2026-11-25")
    found = await paris.service.timeseries(paris.kit.workspace, asked)
    names = ("opens_human", "opens_machine", "opened", "opened_human", "open_rate")
    assert [numbers(point.values, *names) for point in found.series[0].points] == [
        [0, 0, 0, 0, 1.0], [2, 1, 1, 1, 0.0], [0, 0, 0, 0, None],
    ]  # fmt: skip


async def test_every_dimension_groups_and_filters(paris: Scene) -> None:
    """What a breakdown says of a value is what a filter by that value gives."""
    workspace = paris.kit.workspace
    expected: dict[str, dict[str | None, int]] = {
        "template": {"order-confirmation": 3, None: 1},
        "version": {"order-confirmation@2": 3, None: 1},
        "release": {"order-confirmation@2 email en": 2, "order-confirmation@2 email fr": 1, None: 1},
        "channel": {"email": 4},
        "lane": {"normal": 3, "bulk": 1},
        "mode": {"live": 4},
        "source": {"shop": 3, "till": 1},
        "locale": {"en": 3, "fr": 1},
        "provider": {None: 4},
        "domain": {"other": 3, "gmail": 1},
        "tag": {"vip": 1, "new": 1},
        "step": {"welcome/day-3": 1},
    }
    for name, values in expected.items():
        found = await paris.service.breakdown(workspace, Asked(by=(name,), metrics=("accepted",)))
        assert {row.dims[name]: row.values["accepted"] for row in found.items} == values
        for word, count in values.items():
            if word is None or name in {"mode", "release"}:
                continue
            filters = {name: (word,)}
            if name == "version":
                filters = {"template": ("order-confirmation",), "version": ("2",)}
            one = await paris.service.breakdown(workspace, Asked(filters=filters, metrics=("accepted",)))
            assert one.total.values == {"accepted": count}
    several = await paris.service.breakdown(
        workspace, Asked(by=("source", "lane"), filters={"locale": ("fr", "en")}, limit=1)
    )
    assert (several.items[0].dims, several.left_out) == ({"source": "shop", "lane": "normal"}, 1)
    assert several.total.values["accepted"] == 4
    everything = await paris.service.breakdown(workspace, Asked(live=None, by=("mode",)))
    assert {row.dims["mode"]: row.values["accepted"] for row in everything.items} == {"live": 4, "test": 1}


async def test_the_period_before_stands_beside(paris: Scene) -> None:
    """As many days, ending where the period begins; what was not there before has no change."""
    asked = Asked(since="2026-11-26", until="2026-11-28", metrics=("accepted", "sent"), previous=True)
    table = await paris.service.breakdown(paris.kit.workspace, asked)
    assert table.previous_period == ("2026-11-24T00:00:00+01:00", "2026-11-26T00:00:00+01:00")
    assert (table.total.values, table.total.previous, table.total.change) == (
        {"accepted": 2, "sent": 1}, {"accepted": 2, "sent": 2}, {"accepted": 0.0, "sent": -0.5},
    )  # fmt: skip
    by = await paris.service.breakdown(
        paris.kit.workspace, Asked(by=("source",), since="2026-11-26", metrics=("sent",), previous=True)
    )
    assert {row.dims["source"]: (row.values["sent"], (row.previous or {})["sent"]) for row in by.items} == {
        "shop": (1, 1),
        "till": (0, 0),
    }
    series = await paris.service.timeseries(paris.kit.workspace, asked)
    points = [
        (point.start[:10], point.previous_start and point.previous_start[:10], (point.previous or {})["accepted"])
        for point in series.series[0].points
    ]
    assert points == [("2026-11-26", "2026-11-24", 1), ("2026-11-27", "2026-11-25", 1)]


async def test_a_funnel_is_of_the_messages(paris: Scene) -> None:
    """Each stage among the messages accepted then, machines beside and never among people."""
    funnel = await paris.service.funnel(paris.kit.workspace, Asked(since="2026-11-25", by=("template",)))
    stages = {stage.name: (stage.messages, stage.share, stage.machines_only) for stage in funnel.total.stages}
    assert stages == {
        "accepted": (3, None, None), "sent": (2, 0.666667, None), "delivered": (0, 0.0, None),
        "opened": (1, 0.5, 0), "clicked": (0, 0.0, 0), "converted": (0, 0.0, None),
    }  # fmt: skip
    assert [path.dims for path in funnel.items] == [{"template": "order-confirmation"}]


async def test_percentiles_over_hours_and_values(paris: Scene) -> None:
    """True ones of all that was measured: not means of percentiles. Without a measure there is none."""
    names = ("first_attempt_p50", "first_attempt_p99", "delivery_p50", "open_p50")
    found = await paris.service.breakdown(paris.kit.workspace, Asked(metrics=names, filters={"locale": ("en", "fr")}))
    p50, p99, delivery, opened = numbers(found.total.values, *names)
    assert abs(p50 - 1_000) < 44
    assert abs(p99 - 2_000) < 88
    assert delivery is None
    assert abs(opened - 9.5 * 3_600_000) < 0.044 * 9.5 * 3_600_000


async def test_what_is_not_counted_yet_is_told(paris: Scene) -> None:
    """The answer says until when it is complete."""
    await paris.store.accept([paris.kit.new()])
    paris.clock.advance(90 * SECOND)
    found = await paris.service.timeseries(paris.kit.workspace, Asked())
    assert found.period.lag_seconds == 90
    assert found.period.complete_until == "2026-11-27T11:30:00+01:00"


async def test_a_zone_that_is_half_an_hour_off(tmp_path: Path) -> None:
    """Days of Kolkata begin at half past six UTC in the evening; nothing is lost and nothing is a day off."""
    async with scene(tmp_path, "Asia/Kolkata") as made:
        await made.message("2026-11-25T18:15:00Z")
        await made.message("2026-11-25T18:45:00Z")
        await made.counted()
        found = await made.service.timeseries(
            made.kit.workspace, Asked(since="2026-11-25", until="2026-11-27", metrics=("accepted",))
        )
        assert [(point.start, point.values["accepted"]) for point in found.series[0].points] == [
            ("2026-11-25T00:00:00+05:30", 1), ("2026-11-26T00:00:00+05:30", 1),
        ]  # fmt: skip


async def test_too_many_combinations_are_counted_together(tmp_path: Path) -> None:
    """A source that tags each message with its order number costs 200 rows a template, not a row a message; the total stays right. So with steps."""
    async with scene(tmp_path) as made:
        new = [made.kit.new(tags=(f"order-{number}", f"posthouse:step:a/{number}")) for number in range(230)]
        await made.store.accept(new)
        await made.counted("2026-11-27T10:31:00Z")
        await made.event(new[0].id, EventType.DELIVERED)
        await made.counted("2026-11-27T10:32:00Z")
        found = await made.service.breakdown(made.kit.workspace, Asked(by=("tag",), limit=500))
        values = {row.dims["tag"]: row.values for row in found.items}
        assert len(values) == 201
        assert values["(other)"]["accepted"] == 30
        assert values["order-0"]["delivered"] == 1
        assert found.total.values["accepted"] == 230
        found = await made.service.breakdown(made.kit.workspace, Asked(by=("step",), limit=500))
        assert (len(found.items), found.total.values["accepted"]) == (201, 230)


@pytest.mark.parametrize("tag", ["posthouse:alert", "posthouse:test"])
async def test_what_the_house_itself_sends_is_not_counted(paris: Scene, tag: str) -> None:
    """Mails about alerts, and test sends: neither their hand-over nor what comes of them; a tag that only looks like theirs is."""
    before = await paris.service.breakdown(paris.kit.workspace, Asked(metrics=("accepted", "sent", "opened")))
    alert = await paris.message("2026-11-27T09:10:00Z", tags=(tag,))
    await paris.hit(alert, "2026-11-27T09:20:00Z", Verdict.HUMAN)
    await paris.counted()
    after = await paris.service.breakdown(paris.kit.workspace, Asked(metrics=("accepted", "sent", "opened")))
    assert after.total == before.total
    await paris.message("2026-11-27T09:30:00Z", tags=(f"not-{tag}",))
    await paris.counted()
    more = await paris.service.breakdown(paris.kit.workspace, Asked(metrics=("accepted",)))
    assert more.total.values["accepted"] == (before.total.values["accepted"] or 0) + 1
