"""Two versions beside each other: intervals by the books, and what may be said of them."""

from pathlib import Path

import msgspec
import pytest
from tests.unit.analytics.scene import scene

from posthouse.core.analytics.answers import Period
from posthouse.core.analytics.comparing import compared, interval
from posthouse.core.kernel.moments import read_moment
from posthouse.core.messages.model import EventType, Status
from posthouse.core.tracking.model import Verdict

PERIOD = Period("", "", "UTC", "", 0.0)


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_those_of_the_books(count: int, of: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), 857, table I, method 3; no share is under 0, none is exactly 0."""
    assert [round(one, 4) for one in interval(count, of)] == [low, high]


def test_the_interval_of_a_difference() -> None:
    """Newcombe, Statistics in Medicine 17 (1998), 873, table II, method 10: 56 of 70 against 48 of 80."""
    live = {"of_sent": 80, "of_clicked_human": 48}
    clicks = compared(PERIOD, (1, 2), live, {"of_sent": 70, "of_clicked_human": 56}).rates[2]
    assert (clicks.name, clicks.difference) == ("click_rate", 0.2)
    assert clicks.low == pytest.approx(0.0524, abs=1e-4)
    assert clicks.high == pytest.approx(0.3339, abs=1e-4)
    assert clicks.says == "too-few"


def test_what_may_be_said() -> None:
    """Nothing of few messages or none; chance is no difference; what is beyond chance has a direction."""
    live = {"of_sent": 10_000, "of_bounced": 100, "of_complained": 5, "of_clicked_human": 800}
    live |= {"clicks_human": 900, "clicks_machine": 300}
    coming = {"of_sent": 2_000, "of_bounced": 80, "of_complained": 1, "of_clicked_human": 100}
    found = compared(PERIOD, (1, 2), live, coming)
    assert [one.says for one in found.rates] == ["higher", "no-difference", "lower"]
    assert (found.live.machine_click_share, found.coming.machine_click_share) == (0.25, None)
    nothing = compared(PERIOD, (1, 2), live, {}).rates[0]
    assert (nothing.says, nothing.difference, nothing.coming.rate) == ("too-few", None, None)


async def test_versions_of_real_messages(tmp_path: Path) -> None:
    """Each message counts for the version that it was sent with; what was accepted before, and other templates, do not count."""
    async with scene(tmp_path) as made:
        kit, began = made.kit, "2026-11-26T09:20:00Z"
        old = made.release
        live = await made.store.template(kit.workspace, old.template_key)
        assert live is not None
        template = msgspec.structs.replace(live, version=3, latest=3)
        new = kit.release(template)
        await made.store.publish(template, [new])
        for at, release, status in (
            ("2026-11-26T08:30:00Z", old, Status.SENT),
            ("2026-11-26T09:30:00Z", old, Status.SENT),
            ("2026-11-26T09:40:00Z", new, Status.BOUNCED),
            ("2026-11-26T09:50:00Z", new, Status.SENT),
        ):
            made.release = release
            last = await made.message(at, status=status)
        await made.hit(last, "2026-11-26T10:00:00Z", Verdict.MACHINE, EventType.CLICKED)
        await made.hit(last, "2026-11-26T10:10:00Z", Verdict.HUMAN, EventType.CLICKED)
        await made.counted()
        found = await made.service.versions(kit.workspace, template.key, read_moment(began), 2, 3)
    bounces, _, clicks = found.rates
    assert (bounces.live.count, bounces.live.of, bounces.coming.count, bounces.coming.of) == (0, 1, 1, 2)
    assert (clicks.live.count, clicks.coming.count, clicks.coming.of) == (0, 1, 1)
    assert (found.coming.sent, found.coming.machine_click_share) == (1, 0.5)
