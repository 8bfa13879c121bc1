"""Two versions of a template beside each other: rates, how sure they are, and whether one is better than chance."""

import math
from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from posthouse.core.analytics.answers import Period

Says = Literal["too-few", "no-difference", "higher", "lower"]

FEW: Final = 100
"""Messages of either version under which nothing is said."""
_Z: Final = 1.959964
"""Standard deviations on each side that leave out five percent."""
_RATES: Final = (
    ("bounce_rate", ("of_bounced",), ("of_sent", "of_bounced_at_once")),
    ("complaint_rate", ("of_complained",), ("of_sent",)),
    ("click_rate", ("of_clicked_human",), ("of_sent",)),
)
"""Name, what is counted, of how many messages: each message counts once, on the day on which it was accepted."""
_CLICKS: Final = ("clicks_human", "clicks_machine", "clicks_unknown")
COLUMNS: Final = tuple(dict.fromkeys([*[name for _, over, under in _RATES for name in (*over, *under)], *_CLICKS]))


class Rate(msgspec.Struct, frozen=True):
    """A share of messages, and between which two values it is likely to be."""

    count: int
    of: int
    rate: float | None
    """None: there are no messages yet."""
    low: float | None
    high: float | None


class Comparison(msgspec.Struct, frozen=True):
    """One rate of both versions. ``difference`` is that of the version that comes less that of the live one."""

    name: str
    live: Rate
    coming: Rate
    difference: float | None
    low: float | None
    high: float | None
    says: Says


class Side(msgspec.Struct, frozen=True):
    """One version."""

    version: int
    sent: int
    machine_click_share: float | None
    """Of all clicks, those by machines; none of them is in the click rate."""


class Compared(msgspec.Struct, frozen=True):
    """A roll-out so far."""

    period: Period
    live: Side
    coming: Side
    rates: tuple[Comparison, ...]


def compared(period: Period, versions: tuple[int, int], live: Mapping[str, int], coming: Mapping[str, int]) -> Compared:
    """The comparison of two versions.

    Args:
        period: of the messages.
        versions: the live one, the one that comes.
        live: sums of :data:`COLUMNS` of the live version.
        coming: those of the other.
    """
    rates = tuple(
        [_compare(name, _rate(live, over, under), _rate(coming, over, under)) for name, over, under in _RATES]
    )
    return Compared(period, _side(versions[0], live), _side(versions[1], coming), rates)


def interval(count: int, of: int) -> tuple[float, float]:
    """Between which shares the true one is in 95 of 100 cases (Wilson's score interval), also where few or none were counted."""
    share, square = count / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    reach = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def _side(version: int, sums: Mapping[str, int]) -> Side:
    clicks = sum(sums.get(name, 0) for name in _CLICKS)
    share = round(sums.get("clicks_machine", 0) / clicks, 6) if clicks else None
    return Side(version, sums.get("of_sent", 0), share)


def _rate(sums: Mapping[str, int], over: tuple[str, ...], under: tuple[str, ...]) -> Rate:
    of = sum(sums.get(name, 0) for name in under)
    count = min(of, sum(sums.get(name, 0) for name in over))
    if not of:
        return Rate(count, 0, None, None, None)
    low, high = interval(count, of)
    return Rate(count, of, round(count / of, 6), round(low, 6), round(high, 6))


def _compare(name: str, live: Rate, coming: Rate) -> Comparison:
    """The difference with its interval, from those of the rates (Newcombe's hybrid score interval, 1998, method 10)."""
    if not live.of or not coming.of:
        return Comparison(name, live, coming, None, None, None, "too-few")
    one, two = live.count / live.of, coming.count / coming.of
    (one_low, one_high), (two_low, two_high) = interval(live.count, live.of), interval(coming.count, coming.of)
    difference = two - one
    low = difference - math.hypot(two - two_low, one_high - one)
    high = difference + math.hypot(two_high - two, one - one_low)
    says: Says = "no-difference"
    if min(live.of, coming.of) < FEW:
        says = "too-few"
    elif low > 0 or high < 0:
        says = "higher" if low > 0 else "lower"
    return Comparison(name, live, coming, round(difference, 6), round(low, 6), round(high, 6), says)
