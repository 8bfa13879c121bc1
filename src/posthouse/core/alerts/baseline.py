"""What is usual, and how unlikely something is: the mathematics of alerts (docs/explain/alerts.md).

Messages of an hour are taken to be distributed like a negative binomial: a Poisson whose rate varies from week to week. Its mean is the
median of the same hours of the last weeks; its variance is what these weeks show (by the median of their distances from it, so that
one odd week changes nothing), and never less than a quarter of the mean's square root of variance more than Poisson's own. Tails are
bounded after Chernoff: in closed form, and never smaller than the true probability, so an alert is rarer than its level says, not more frequent.
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

FEWEST_WEEKS: Final = 3
"""With fewer there is no usual, and nothing is said."""
LEAST_SPREAD: Final = 0.25
"""Standard deviation of an hour's rate from week to week, relative to it, at least."""
_MAD_TO_DEVIATION: Final = 1.4826


class Usual(NamedTuple):
    """What the same hours of the last weeks had."""

    mean: float
    size: float
    """Of the negative binomial: its variance is ``mean + mean² / size``."""
    weeks: int
    samples: tuple[float, ...]
    """In ascending order."""

    def as_few(self, messages: float) -> int:
        """In how many weeks there were as few."""
        return sum([one <= messages for one in self.samples])


def usual(samples: Sequence[float]) -> Usual | None:
    """What is usual after so many weeks; None: too few to tell."""
    weeks = len(samples)
    if weeks < FEWEST_WEEKS:
        return None
    ordered = tuple(sorted(samples))
    mean = median(ordered)
    if mean <= 0:
        return Usual(0.0, 1.0, weeks, ordered)
    deviation = _MAD_TO_DEVIATION * median(sorted([abs(one - mean) for one in ordered]))
    seen = max(0.0, deviation * deviation - mean) / (mean * mean)
    spread = max(LEAST_SPREAD * LEAST_SPREAD, seen) * (1 + 1 / weeks)  # the mean itself is only an estimate
    return Usual(mean, 1 / spread, weeks, ordered)


def median(ordered: Sequence[float]) -> float:
    """Of numbers in ascending order."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def chance_of_as_few(messages: float, known: Usual) -> float:
    """At least the probability of so few messages or fewer; 1 where that is nothing unusual."""
    return _tail(messages, known) if messages < known.mean else 1.0


def chance_of_as_many(messages: float, known: Usual) -> float:
    """At least the probability of so many messages or more; 1 where that is nothing unusual."""
    if known.mean <= 0:
        return 0.0 if messages > 0 else 1.0
    return _tail(messages, known) if messages > known.mean else 1.0


def _tail(messages: float, known: Usual) -> float:
    """Chernoff's bound of the negative binomial, the same on both sides of the mean."""
    mean, size = known.mean, known.size
    first = messages * math.log(messages / mean) if messages > 0 else 0.0
    exponent = first - (messages + size) * math.log((messages + size) / (mean + size))
    return math.exp(-max(0.0, exponent))


def chance_of_rate(happened: int, of: int, share: float) -> float:
    """At least the probability that ``happened`` or more of so many did, each with a probability of ``share``; 1 where that is nothing unusual."""
    if of <= 0 or happened <= of * share:
        return 1.0
    rate = happened / of
    exponent = rate * math.log(rate / share)
    if rate < 1:
        exponent += (1 - rate) * math.log((1 - rate) / (1 - share))
    return math.exp(-of * exponent)
