"""What the hooks call. Each call is an addition or two in memory: nothing here waits, locks or fails."""

from bisect import bisect_left
from typing import Final

from posthouse.runtime.metrics.definitions import (
    ACCEPTED,
    COMMIT_MESSAGES,
    COMMIT_SECONDS,
    CONNECTIONS,
    ERASED,
    LATENCY,
    OUTCOMES,
    REFUSED,
    RETENTION_BEHIND,
    RETURNED,
    TRACKED,
    WEBHOOK_ATTEMPTS,
    WEBHOOK_LATENCY,
    WEBHOOK_PAUSES,
    Definition,
)
from posthouse.runtime.metrics.slots import Slots

LANES: Final = ("critical", "normal", "bulk")


class _Histogram:
    """One set of labels of a histogram: a number for each bucket, one for what is above, and the sum."""

    __slots__ = ("_bounds", "_numbers", "_start", "_sum")

    def __init__(self, slots: Slots, definition: Definition, labels: tuple[str, ...]) -> None:
        self._numbers = slots.numbers
        self._bounds = definition.bounds
        self._start = slots.place(definition.name, labels, len(definition.bounds) + 2)
        self._sum = self._start + len(definition.bounds) + 1

    def observe(self, value: float) -> None:
        numbers = self._numbers
        numbers[self._start + bisect_left(self._bounds, value)] += 1.0
        numbers[self._sum] += value


class Metrics:
    """Counts what happens in one process.

    Args:
        slots: where the numbers are kept.
    """

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._numbers = slots.numbers
        self._accepted = [slots.place(ACCEPTED.name, (lane,)) for lane in LANES]
        self._latency = [_Histogram(slots, LATENCY, (lane,)) for lane in LANES]
        self._refused: dict[str, int] = {}
        self._returned: dict[tuple[str, str], int] = {}
        self._outcomes: dict[tuple[str, str], int] = {}
        self._tracked: dict[tuple[str, str], int] = {}
        self._connections: dict[str, int] = {}
        self._webhook_latency: _Histogram | None = None
        self._commits: dict[str, tuple[_Histogram, _Histogram]] = {}
        for place in slots.places(CONNECTIONS.name):
            slots.numbers[place.start] = 0.0  # a former life's connections are gone

    def accepted(self, n: int, lane: int) -> None:
        """``n`` messages were kept. ``lane`` is the number of the lane (:class:`Lane`)."""
        self._numbers[self._accepted[lane]] += n

    def refused(self, slug: str) -> None:
        """A message or request was refused; ``slug`` is the error's."""
        at = self._refused.get(slug)
        if at is None:
            at = self._refused[slug] = self._slots.place(REFUSED.name, (slug,))
        self._numbers[at] += 1.0

    def tracked(self, kind: str, verdict: str) -> None:
        """A picture was fetched or a link followed."""
        at = self._tracked.get((kind, verdict))
        if at is None:
            at = self._tracked[kind, verdict] = self._slots.place(TRACKED.name, (kind, verdict))
        self._numbers[at] += 1.0

    def returned(self, filed: str, kind: str) -> None:
        """A returned mail was taken in."""
        at = self._returned.get((filed, kind))
        if at is None:
            at = self._returned[filed, kind] = self._slots.place(RETURNED.name, (filed, kind))
        self._numbers[at] += 1.0

    def committed(self, kind: str, size: int, seconds: float) -> None:
        """One commit (``accept`` or ``record``) of ``size`` messages took that long."""
        pair = self._commits.get(kind)
        if pair is None:
            pair = self._commits[kind] = (
                _Histogram(self._slots, COMMIT_MESSAGES, (kind,)),
                _Histogram(self._slots, COMMIT_SECONDS, (kind,)),
            )
        pair[0].observe(size)
        pair[1].observe(seconds)

    def outcome(self, provider_kind: str, word: str) -> None:
        """An attempt through a provider of that kind came to ``word``."""
        at = self._outcomes.get((provider_kind, word))
        if at is None:
            at = self._outcomes[provider_kind, word] = self._slots.place(OUTCOMES.name, (provider_kind, word))
        self._numbers[at] += 1.0

    def latency(self, lane: int, seconds: float) -> None:
        """A first attempt began ``seconds`` after its message was accepted or due."""
        self._latency[lane].observe(seconds)

    def webhook_attempt(self, result: str, seconds: float | None) -> None:
        """A request to an endpoint came to ``result``; for first attempts, seconds since the event."""
        if seconds is not None:
            if self._webhook_latency is None:
                self._webhook_latency = _Histogram(self._slots, WEBHOOK_LATENCY, ())
            self._webhook_latency.observe(seconds)
        self._numbers[self._slots.place(WEBHOOK_ATTEMPTS.name, (result,))] += 1.0

    def webhook_pause(self, reason: str) -> None:
        """An endpoint is told nothing more."""
        self._numbers[self._slots.place(WEBHOOK_PAUSES.name, (reason,))] += 1.0

    def erased(self, what: str, many: int) -> None:
        """The rules of retention erased so many."""
        self._numbers[self._slots.place(ERASED.name, (what,))] += many

    def retention_behind(self, seconds: float) -> None:
        """By how much the oldest was overdue."""
        self._numbers[self._slots.place(RETENTION_BEHIND.name, ())] = seconds

    def connections(self, kind: str, change: int) -> None:
        """Connections of a kind were opened (positive) or closed (negative)."""
        at = self._connections.get(kind)
        if at is None:
            at = self._connections[kind] = self._slots.place(CONNECTIONS.name, (kind,))
        self._numbers[at] += change

    def close(self) -> None:
        """Lets go of the files; what was counted stays."""
        for place in self._slots.places(CONNECTIONS.name):
            self._numbers[place.start] = 0.0
        self._slots.close()
