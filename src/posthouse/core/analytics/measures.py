"""What is counted, and what is reckoned from it.

A cell of the roll-ups has two kinds of numbers. Those *as they happened* stand in the hour of the event. Those *of the messages*, whose names begin
with ``of_``, stand in the hour in which their message was accepted: a rate is made of these, so a mail that was opened a week
later counts for the day on which it was accepted, and no rate is ever over 100 %.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from posthouse.core.analytics.latencies import Latencies, Span

COUNTS: Final = (
    "accepted", "sent", "delivered", "deferred", "bounced", "bounced_at_once", "failed", "expired", "withdrawn", "suppressed",
    "in_doubt", "complained", "unsubscribed", "rated",
    "opens_human", "opens_machine", "opens_unknown", "opened", "opened_human",
    "clicks_human", "clicks_machine", "clicks_unknown", "clicked", "clicked_human",
    "conversions", "converted",
)  # fmt: skip
"""As they happened."""
OF_MESSAGES: Final = (
    "of_sent", "of_delivered", "of_bounced", "of_bounced_at_once", "of_complained", "of_unsubscribed",
    "of_opened", "of_opened_human", "of_clicked", "of_clicked_human", "of_converted",
)  # fmt: skip
"""Of the messages accepted then; their number is ``accepted``, which is the same both ways."""
COLUMNS: Final = (*COUNTS, *OF_MESSAGES)
INDEX: Final = {name: place for place, name in enumerate(COLUMNS)}
PERCENTILES: Final = (50, 90, 95, 99)


class Metric(NamedTuple):
    """One number of an answer.

    A count is its own column; a rate is ``over / under`` of columns that are summed; a percentile is read from a histogram.
    """

    name: str
    says: str
    over: tuple[str, ...]
    under: tuple[str, ...] = ()
    span: Span | None = None
    percent: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """What has to be read for it."""
        return self.over + self.under


_SAYS: Final = {
    "accepted": "messages that we took",
    "sent": "messages that a provider took",
    "delivered": "messages that the person's own server took, as far as anybody said so",
    "deferred": "attempts that were put off",
    "bounced": "messages refused for good, at once or later",
    "bounced_at_once": "messages refused for good while they were handed over",
    "failed": "messages that could not be built or sent",
    "expired": "messages whose time was over",
    "withdrawn": "messages cancelled or superseded",
    "suppressed": "messages to addresses that must not be written to",
    "in_doubt": "attempts that left without an answer",
    "complained": "messages that were reported as unwanted",
    "unsubscribed": "messages that somebody unsubscribed by",
    "rated": "ratings given",
    "opens_human": "opens by people, all of them",
    "opens_machine": "opens by machines, all of them",
    "opens_unknown": "opens that nobody can tell, all of them",
    "opened": "messages opened at least once, by whomever",
    "opened_human": "messages opened at least once by a person",
    "clicks_human": "clicks by people, all of them",
    "clicks_machine": "clicks by machines, all of them",
    "clicks_unknown": "clicks that nobody can tell, all of them",
    "clicked": "messages clicked at least once, by whomever",
    "clicked_human": "messages clicked at least once by a person",
    "conversions": "orders and other goals credited to messages",
    "converted": "messages that at least one of them was credited to",
}
_TRIED: Final = ("of_sent", "of_bounced_at_once")
_RATES: Final = (
    Metric("sent_rate", "of the messages accepted then, those that a provider took", ("of_sent",), ("accepted",)),
    Metric("delivered_rate", "of those sent, those known to be delivered", ("of_delivered",), ("of_sent",)),
    Metric("bounce_rate", "of those sent or refused at once, those that bounced", ("of_bounced",), _TRIED),
    Metric("complaint_rate", "of those sent, those reported as unwanted", ("of_complained",), ("of_sent",)),
    Metric("unsubscribe_rate", "of those sent, those somebody unsubscribed by", ("of_unsubscribed",), ("of_sent",)),
    Metric("open_rate", "of those sent, those opened by a person", ("of_opened_human",), ("of_sent",)),
    Metric("click_rate", "of those sent, those clicked by a person", ("of_clicked_human",), ("of_sent",)),
    Metric("click_to_open_rate", "of those opened by a person, those clicked by one", ("of_clicked_human",), ("of_opened_human",)),
    Metric("conversion_rate", "of those sent, those that something was credited to", ("of_converted",), ("of_sent",)),
    Metric(
        "machine_open_share", "of all opens, those by machines", ("opens_machine",),
        ("opens_human", "opens_machine", "opens_unknown"),
    ),
    Metric(
        "machine_click_share", "of all clicks, those by machines", ("clicks_machine",),
        ("clicks_human", "clicks_machine", "clicks_unknown"),
    ),
)  # fmt: skip
_SPANS: Final = {
    Span.FIRST_ATTEMPT: ("first_attempt", "from accepted (or due) to the first attempt"),
    Span.DELIVERED: ("delivery", "from accepted (or due) to delivered"),
    Span.OPENED: ("open", "from accepted (or due) to the first open by a person"),
}
METRICS: Final[Mapping[str, Metric]] = {
    metric.name: metric
    for metric in (
        *[Metric(name, _SAYS[name], (name,)) for name in COUNTS],
        *_RATES,
        *[
            Metric(f"{word}_p{percent}", f"milliseconds {says}, percentile {percent}", (), span=span, percent=percent)
            for span, (word, says) in _SPANS.items()
            for percent in PERCENTILES
        ],
    )
}
"""Everything that can be asked for, by name."""
DEFAULT: Final = (
    "accepted", "sent", "delivered", "bounced", "failed", "opened_human", "clicked_human",
    "open_rate", "click_rate", "bounce_rate", "machine_open_share",
)  # fmt: skip


def columns_of(metrics: Sequence[Metric]) -> tuple[str, ...]:
    """The columns that metrics need, each once."""
    return tuple(dict.fromkeys([column for metric in metrics for column in metric.columns]))


def value(metric: Metric, counts: Mapping[str, int], latencies: Latencies) -> float | int | None:
    """What a metric comes to; None: there is nothing to divide by or to rank."""
    if metric.span is not None:
        return latencies.percentile(metric.span, metric.percent)
    over = sum([counts.get(column, 0) for column in metric.over])
    if not metric.under:
        return over
    under = sum([counts.get(column, 0) for column in metric.under])
    return round(over / under, 6) if under else None
