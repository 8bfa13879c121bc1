"""Every metric: its name, its labels and its meaning. ``docs/reference/metrics.md`` is made from this file."""

import enum
from typing import Final

import msgspec


class Kind(enum.StrEnum):
    """The kinds of Prometheus."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Definition(msgspec.Struct, frozen=True):
    """One metric. ``bounds`` are the upper bounds of a histogram's buckets."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()


_SECONDS: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 3600.0)
_COMMIT_SECONDS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)

ACCEPTED: Final = Definition("posthouse_messages_accepted_total", Kind.COUNTER, "Messages kept, by lane.", ("lane",))
REFUSED: Final = Definition(
    "posthouse_messages_refused_total",
    Kind.COUNTER,
    "Messages (each item of a batch) and requests refused, by the last part of the problem's type (docs/reference/problems.md).",
    ("reason",),
)
OUTCOMES: Final = Definition(
    "posthouse_outcomes_total",
    Kind.COUNTER,
    "Attempts by the kind of the provider and by what they came to: accepted, refused, deferred, throttled, unknown. A provider "
    "that failed before another one was tried in the same attempt counts too.",
    ("provider", "outcome"),
)
LATENCY: Final = Definition(
    "posthouse_dispatch_latency_seconds",
    Kind.HISTOGRAM,
    "From being accepted (or due, when that is later) to the beginning of the first attempt.",
    ("lane",),
    _SECONDS,
)
COMMIT_MESSAGES: Final = Definition(
    "posthouse_commit_messages", Kind.HISTOGRAM, "Messages that shared one commit: accept or record.", ("kind",), _SIZES
)
COMMIT_SECONDS: Final = Definition(
    "posthouse_commit_seconds", Kind.HISTOGRAM, "Time of one commit: accept or record.", ("kind",), _COMMIT_SECONDS
)
RETURNED: Final = Definition(
    "posthouse_returned_mails_total",
    Kind.COUNTER,
    "Returned mails by what became of them (filed, unmatched, ignored) and what they were (bounce, complaint, delayed, …).",
    ("filed", "kind"),
)
CONNECTIONS: Final = Definition(
    "posthouse_connections", Kind.GAUGE, "Open connections to mail servers, by the kind of provider.", ("kind",)
)
TRACKED: Final = Definition(
    "posthouse_tracking_hits_total",
    Kind.COUNTER,
    "Requests for pictures and links of mails, by the verdict on who it was: human, machine, unknown; dropped beyond the bounds of "
    "a message or network, lost while the store could not write.",
    ("kind", "verdict"),
)
WEBHOOK_ATTEMPTS: Final = Definition(
    "posthouse_webhook_attempts_total",
    Kind.COUNTER,
    "Requests to webhook endpoints by result: delivered, failed, given_up, gone.",
    ("result",),
)
WEBHOOK_LATENCY: Final = Definition(
    "posthouse_webhook_latency_seconds",
    Kind.HISTOGRAM,
    "From an event to the first attempt to tell it to an endpoint.",
    (),
    _SECONDS,
)
WEBHOOK_PAUSES: Final = Definition(
    "posthouse_webhook_pauses_total",
    Kind.COUNTER,
    "Endpoints that were paused because they answered 410 (gone) or took nothing for three days (failing).",
    ("reason",),
)
ERASED: Final = Definition(
    "posthouse_retention_erased_total",
    Kind.COUNTER,
    "What the rules of retention erased: messages (their content and addresses), events, partitions (dropped whole), uploads.",
    ("what",),
)
RETENTION_BEHIND: Final = Definition(
    "posthouse_retention_behind_seconds",
    Kind.GAUGE,
    "By how much the oldest that the last sweep found was overdue; a sweep begins each hour.",
    (),
)
QUEUE_MESSAGES: Final = Definition(
    "posthouse_queue_messages",
    Kind.GAUGE,
    "Pending messages by lane: ready (due or being sent), later, held. Exact up to 10,000, an estimate beyond.",
    ("lane", "state"),
)
QUEUE_AGE: Final = Definition(
    "posthouse_queue_oldest_seconds", Kind.GAUGE, "How long the longest waiting due message has been due.", ("lane",)
)
LAG_EVENTS: Final = Definition(
    "posthouse_follower_lag_events",
    Kind.GAUGE,
    "Events that are not in what is made of them yet, by what it is: statistics, words (of the search). At most so many.",
    ("follower",),
)
LAG_SECONDS: Final = Definition(
    "posthouse_follower_lag_seconds",
    Kind.GAUGE,
    "How long ago the oldest event happened that is not in the statistics or the words of the search yet; of alerts, how long ago they were judged.",
    ("follower",),
)
ALERTS: Final = Definition("posthouse_alerts_open", Kind.GAUGE, "Alerts that are open, by kind.", ("kind",))
BUILD: Final = Definition("posthouse_build_info", Kind.GAUGE, "Always 1; the version is the label.", ("version",))

COUNTED: Final = (
    ACCEPTED,
    REFUSED,
    OUTCOMES,
    LATENCY,
    COMMIT_MESSAGES,
    COMMIT_SECONDS,
    RETURNED,
    CONNECTIONS,
    TRACKED,
    WEBHOOK_ATTEMPTS,
    WEBHOOK_LATENCY,
    WEBHOOK_PAUSES,
    ERASED,
    RETENTION_BEHIND,
)
"""Counted in the processes as things happen."""
SCRAPED: Final = (QUEUE_MESSAGES, QUEUE_AGE, LAG_EVENTS, LAG_SECONDS, ALERTS, BUILD)
"""Asked of the store when somebody reads the metrics."""
DEFINITIONS: Final = (*COUNTED, *SCRAPED)
