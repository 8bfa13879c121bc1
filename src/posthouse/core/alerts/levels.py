"""Service levels of templates: so many of a hundred messages within so many seconds.

Measured from the histograms of the roll-ups, so a target is kept to the edge of a bucket (8.9 % wide): the last edge that is not later
than what was asked for, so that *kept* is never said of what was not. The answer tells which. Time runs from the instant at which
a message was accepted or, scheduled for later, due.
"""

import enum
import math
from typing import Final, NamedTuple

import msgspec

from posthouse.core.analytics.latencies import STEP, Latencies, Span
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id

WINDOWS: Final = (1, 7, 28)
"""Days; with whole weeks each weekday weighs the same."""
SHORTEST: Final = 0.01
LONGEST: Final = 86_400.0


class Measure(enum.StrEnum):
    """What is waited for."""

    FIRST_ATTEMPT = "first-attempt"
    """The first attempt to hand it over began."""
    DELIVERED = "delivered"
    """It was delivered, as far as anybody said so."""


SPANS: Final = {Measure.FIRST_ATTEMPT: Span.FIRST_ATTEMPT, Measure.DELIVERED: Span.DELIVERED}


class ServiceLevel(msgspec.Struct, frozen=True):
    """What is promised of a template's messages."""

    workspace_id: Id
    template_id: Id
    share: float
    """0.95: 95 of a hundred."""
    seconds: float
    measure: Measure = Measure.FIRST_ATTEMPT
    days: int = 28
    in_file: bool = False
    """It stands in template.toml; what is set by hand goes before it."""


class Count(NamedTuple):
    """Messages that were measured."""

    messages: int
    in_time: int


class Measured(msgspec.Struct, frozen=True):
    """How a service level is kept."""

    seconds: float
    """The edge that is measured at: at most what was asked for."""
    messages: int
    late: int
    kept: float | None
    """The share that was in time; None: nothing was measured."""
    budget: float
    """So many messages may be late."""
    left: float
    """Of these, so many are left; negative: the level is missed."""
    left_share: float | None
    burn: float | None
    """How fast the last hour spent the budget: 1 is as fast as it may; None: nothing was measured."""


def check(share: float, seconds: float, measure: str, days: int) -> Measure:
    """What is waited for, when all is right.

    Raises:
        ValidationError: something is not.
    """
    problems = []
    if not 0.5 <= share <= 0.9999:
        problems.append(FieldProblem("/share", "write a share from 0.5 to 0.9999, such as 0.95", "range"))
    if not SHORTEST <= seconds <= LONGEST:
        problems.append(FieldProblem("/seconds", "write 0.01 to 86400 seconds", "range"))
    if days not in WINDOWS:
        problems.append(FieldProblem("/days", "write " + " or ".join(map(str, WINDOWS)), "range"))
    if measure not in list(Measure):
        problems.append(FieldProblem("/measure", "write " + " or ".join(Measure), "unknown-word"))
    if problems:
        raise ValidationError("The service level cannot be like this.", fields=problems)
    return Measure(measure)


def edge(seconds: float) -> int:
    """The first bucket that is too late: all before it end by then."""
    return max(1, math.floor(math.log(seconds * 1000) / STEP + 0.5)) if seconds * 1000 > 1 else 1


def seconds_of(bucket: int) -> float:
    """Where a bucket begins."""
    return math.exp((bucket - 0.5) * STEP) / 1000


def measure(level: ServiceLevel, window: Latencies, hour: Latencies) -> Measured:
    """How a level is kept.

    Args:
        level: what is promised.
        window: all that was measured in its window.
        hour: in the last whole hour and the running one.
    """
    span, bucket = SPANS[level.measure], edge(level.seconds)
    return measure_counts(
        level,
        Count(window.count(span), window.count(span, bucket)),
        Count(hour.count(span), hour.count(span, bucket)),
    )


def measure_counts(level: ServiceLevel, window: Count, hour: Count) -> Measured:
    """The same of what was counted already."""
    messages, in_time = window
    late, budget = messages - in_time, messages * (1 - level.share)
    burn = (hour.messages - hour.in_time) / hour.messages / (1 - level.share) if hour.messages else None
    return Measured(
        seconds=round(seconds_of(edge(level.seconds)), 4),
        messages=messages,
        late=late,
        kept=round(in_time / messages, 6) if messages else None,
        budget=round(budget, 2),
        left=round(budget - late, 2),
        left_share=round((budget - late) / budget, 4) if budget else None,
        burn=None if burn is None else round(burn, 2),
    )
