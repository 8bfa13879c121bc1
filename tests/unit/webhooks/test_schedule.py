"""When to try again."""

from posthouse.core.kernel.clock import DAY, HOUR, MINUTE, SECOND
from posthouse.core.webhooks import schedule


def test_three_days_of_tries() -> None:
    """Soon at first, ever less often, for three days and not longer."""
    now, tries = 0, []
    while (following := schedule.next_at(now, 0, len(tries) + 1, 0.5)) is not None:
        tries.append(following - now)
        now = following
    assert now == schedule.GIVE_UP_AFTER == 3 * DAY
    assert tries[:4] == [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE]
    assert max(tries) == 8 * HOUR
    assert 12 <= len(tries) <= 25


def test_what_failed_together_comes_back_apart() -> None:
    """Each wait is a fifth longer or shorter by lot."""
    assert schedule.next_at(0, 0, 1, 0.0) == 4 * SECOND
    assert schedule.next_at(0, 0, 1, 1.0) == 6 * SECOND


def test_the_other_side_may_ask_for_more_time() -> None:
    """Retry-After is heeded, a day at most, and never shortens a wait."""
    assert schedule.next_at(0, 0, 1, 0.5, asked=HOUR) == HOUR
    assert schedule.next_at(0, 0, 1, 0.5, asked=SECOND) == 5 * SECOND
    assert schedule.next_at(0, 0, 1, 0.5, asked=30 * DAY) == DAY
