"""Histograms that are merged give true percentiles."""

import math
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.core.analytics.latencies import ERROR, Latencies, Span, decode, encode, key_of

TIMES = st.lists(st.floats(1.0, 2_000_000_000), min_size=1, max_size=60)


def kept(times: list[float], span: Span = Span.DELIVERED) -> bytes:
    counts: dict[int, int] = {}
    for one in times:
        key = key_of(span, one)
        counts[key] = counts.get(key, 0) + 1
    return encode(counts)


@given(TIMES, TIMES, st.sampled_from((1, 50, 90, 95, 99, 100)))
@settings(max_examples=60)
def test_a_merged_percentile_is_within_the_bound_that_is_told(one: list[float], two: list[float], percent: int) -> None:
    """Whatever was merged, and in whatever order: at most 4.4 % (and half a millisecond of rounding) off the nearest rank."""
    exact = sorted(one + two)[max(0, math.ceil(len(one + two) * percent / 100) - 1)]
    for parts in ([one, two], [two, one], [one + two]):
        found = Latencies(map(kept, parts)).percentile(Span.DELIVERED, percent)
        assert found is not None
        assert abs(found - exact) <= exact * ERROR + 0.51
    assert ERROR < 0.044


def test_edges() -> None:
    """Nothing has no percentile; spans are apart; a clock that was set back took no time; more than a month counts as a month."""
    merged = Latencies([kept([-5, 0, 0.2]), kept([1e12], Span.OPENED)])
    assert merged.percentile(Span.FIRST_ATTEMPT, 50) is None
    assert merged.percentile(Span.DELIVERED, 99) == 1
    assert merged.percentile(Span.OPENED, 50) == 30 * 86_400_000


def test_large_counts_fit() -> None:
    """A bucket may hold more than one word can say."""
    counts = {5: 10_000_000, 700: 1}
    assert decode(encode(counts)) == counts
    parts = random.Random(1).choices(range(1024), k=50)
    total: dict[int, int] = {}
    for part in parts:
        total[part] = total.get(part, 0) + 1
    assert decode(b"".join(encode({part: 1}) for part in parts)) == total
