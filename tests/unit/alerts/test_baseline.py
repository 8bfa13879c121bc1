"""The mathematics: bounds that are never under the truth, and a usual that one odd week does not change."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.core.alerts import baseline
from posthouse.core.alerts.baseline import Usual, usual

MEANS = st.floats(0.1, 300)
SIZES = st.floats(0.5, 100)


def _negative_binomial(count: int, mean: float, size: float) -> float:
    log = math.lgamma(count + size) - math.lgamma(size) - math.lgamma(count + 1)
    return math.exp(log + size * math.log(size / (size + mean)) + count * math.log(mean / (size + mean)))


@settings(max_examples=150, deadline=None)
@given(MEANS, SIZES, st.integers(0, 900))
def test_bounds_are_at_least_the_probability(mean: float, size: float, count: int) -> None:
    """Of as few, of as many; and they are probabilities."""
    known = Usual(mean, size, 8, ())
    few = sum(_negative_binomial(one, mean, size) for one in range(count + 1))
    many = 1 - sum(_negative_binomial(one, mean, size) for one in range(count))
    assert 1 >= baseline.chance_of_as_few(count, known) >= few - 1e-9
    assert 1 >= baseline.chance_of_as_many(count, known) >= many - 1e-9


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 400), st.floats(0.001, 0.5), st.data())
def test_the_bound_of_a_rate_is_at_least_the_probability(of: int, share: float, data: st.DataObject) -> None:
    """Of as many bounces when each message bounces by chance."""
    happened = data.draw(st.integers(0, of))
    many = sum(math.comb(of, one) * share**one * (1 - share) ** (of - one) for one in range(happened, of + 1))
    assert 1 >= baseline.chance_of_rate(happened, of, share) >= many - 1e-9


def test_nothing_at_all_is_told_exactly() -> None:
    """For zero messages the bound is the probability itself."""
    known = Usual(40.0, 14.0, 8, ())
    assert math.isclose(baseline.chance_of_as_few(0, known), _negative_binomial(0, 40.0, 14.0))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(20, 60), min_size=5, max_size=8), st.integers(0, 100_000))
def test_one_odd_week_changes_little(weeks: list[int], odd: int) -> None:
    """A feast day or a campaign among the weeks leaves the mean among the others."""
    known = usual([*weeks, odd])
    assert known is not None
    assert min(weeks) <= known.mean <= max(weeks)


def test_few_weeks_say_nothing() -> None:
    """Two are too few; of three the middle one counts."""
    assert usual([5, 6]) is None
    known = usual([9, 1, 5])
    assert known is not None
    assert known.mean == 5


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=3, max_size=8))
def test_the_variance_is_never_less_than_poissons(weeks: list[int]) -> None:
    """However alike the weeks were."""
    known = usual(weeks)
    assert known is not None
    assert known.size > 0
    assert known.mean == 0 or known.size <= 1 / baseline.LEAST_SPREAD**2
