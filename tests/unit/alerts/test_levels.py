"""Service levels: what is measured is never later than what was asked for, and the budget adds up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.core.alerts import levels
from posthouse.core.alerts.levels import Measure, ServiceLevel
from posthouse.core.analytics.latencies import Latencies, Span, encode, key_of
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.promises import Promise
from posthouse.core.templates.reading import read_typed


def took(*milliseconds: float, times: int = 1, span: Span = Span.FIRST_ATTEMPT) -> Latencies:
    """Histograms of so many messages."""
    return Latencies([encode({key_of(span, one): times}) for one in milliseconds])


@settings(max_examples=200, deadline=None)
@given(st.floats(0.01, 86_400), st.floats(0.002, 100_000))
def test_in_time_is_never_said_of_what_was_late(seconds: float, needed: float) -> None:
    """And what needed nine in a hundred less than the target is in time."""
    level = ServiceLevel(b"w", b"t", 0.95, seconds)
    found = levels.measure(level, took(needed * 1000), Latencies())
    assert found.seconds <= seconds + 1e-4
    assert found.seconds > seconds / 1.095
    if needed > seconds:
        assert found.late == 1
    if needed < seconds / 1.095:
        assert found.late == 0


def test_the_budget() -> None:
    """A hundred messages at 95 %: five may be late; seven were, so two are missing. The last hour spends it eight times too fast."""
    level = ServiceLevel(b"w", b"t", 0.95, 5.0)
    window = took(100, times=93)
    window.merge(took(20_000, times=7))
    hour = took(100, times=6)
    hour.merge(took(20_000, times=4))
    found = levels.measure(level, window, hour)
    assert (found.messages, found.late, found.kept, found.budget, found.left) == (100, 7, 0.93, 5.0, -2.0)
    assert (found.left_share, found.burn) == (-0.4, 8.0)


def test_nothing_measured_says_nothing() -> None:
    """Neither kept nor missed; what was measured of another span does not count."""
    level = ServiceLevel(b"w", b"t", 0.95, 5.0, Measure.DELIVERED)
    found = levels.measure(level, took(1), took(1))
    assert (found.messages, found.kept, found.left_share, found.burn) == (0, None, None, None)


@pytest.mark.parametrize(
    ("said", "pointer"),
    [((0.4, 5, "first-attempt", 28), "/share"), ((0.95, 0, "first-attempt", 28), "/seconds"), ((0.95, 5, "opened", 28), "/measure"),
     ((0.95, 5, "delivered", 30), "/days")],
)  # fmt: skip
def test_what_is_wrong_is_said(said: tuple[float, float, str, int], pointer: str) -> None:
    """With its place."""
    share, seconds, measure, days = said
    with pytest.raises(ValidationError):
        read_typed({"share": share, "seconds": seconds, "measure": measure, "days": days}, Promise, "service level")
    with pytest.raises(ValidationError) as caught:
        levels.check(*said)
    assert [problem.pointer for problem in caught.value.fields] == [pointer]
