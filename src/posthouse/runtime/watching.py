"""What hangs on the hooks of dispatch: metrics and logs."""

import time
from collections.abc import Sequence

import structlog

from posthouse.core.delivery.model import Claimed, Settlement
from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.messages.committer import Accept
from posthouse.core.messages.model import AcceptResult, NewMessage, Status, Stored
from posthouse.runtime.metrics import Metrics

_log = structlog.get_logger("posthouse.dispatch")

_WORDS = {
    Status.SENT: "accepted",
    Status.DELIVERED: "accepted",
    Status.BOUNCED: "refused",
    Status.FAILED: "refused",
    Status.DEFERRED: "deferred",
    Status.QUEUED: "throttled",
    Status.UNKNOWN: "unknown",
}


class DispatchWatch:
    """Watch of the dispatcher (core/delivery/dispatcher.py)."""

    def __init__(self, metrics: Metrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock
        self._said: dict[str, float] = {}

    def claimed(self, messages: Sequence[Claimed]) -> None:
        """The latency of first attempts."""
        now = self._clock.now()
        for message in messages:
            if message.attempts == 0:
                self._metrics.latency(message.lane, max(0, now - max(message.created_at, message.due_at)) / SECOND)

    def recorded(self, settlements: Sequence[Settlement], took_effect: Sequence[bool], seconds: float) -> None:
        """The commit, the outcomes, and a line for what did not go well."""
        self._metrics.committed("record", len(settlements), seconds)
        for settlement, effective in zip(settlements, took_effect, strict=True):
            word = _WORDS.get(settlement.status)
            for kind, failure in settlement.tried:
                self._metrics.outcome(kind, failure)
            if word is not None and settlement.provider_kind:
                self._metrics.outcome(settlement.provider_kind, word)
            if not effective:
                _log.warning("late_outcome", message=ids.show(ids.MESSAGE, settlement.message_id))
            elif settlement.status not in {Status.SENT, Status.DELIVERED, Status.QUEUED}:
                self._tell(settlement)

    def trouble(self, what: str, error: Exception) -> None:
        """A failure that is tried again; the same one is said once in ten seconds."""
        now = time.monotonic()
        if now - self._said.get(what, -100.0) < 10:
            return
        self._said[what] = now
        _log.error(f"{what}_failed", error=f"{type(error).__name__}: {error}", exc_info=what == "deliver")

    def _tell(self, settlement: Settlement) -> None:
        facts = settlement.events[-1].data if settlement.events else {}
        _log.info(
            settlement.status.word,
            message=ids.show(ids.MESSAGE, settlement.message_id),
            attempt=settlement.attempts,
            provider=facts.get("provider"),
            code=facts.get("code"),
            enhanced=facts.get("enhanced"),
        )


def metered(metrics: Metrics, accept: Accept) -> Accept:
    """The same accept, with each commit counted and timed."""

    async def counted(batch: Sequence[NewMessage]) -> list[AcceptResult]:
        begun = time.perf_counter()
        results = await accept(batch)
        metrics.committed("accept", len(batch), time.perf_counter() - begun)
        for message, result in zip(batch, results, strict=True):
            if isinstance(result, Stored):
                metrics.accepted(1, message.lane)
        return results

    return counted
