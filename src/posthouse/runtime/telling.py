"""What hangs on the hooks of webhook delivery: metrics and logs."""

import time
from typing import Final

import structlog

from posthouse.core.kernel import ids
from posthouse.core.webhooks.model import Attempt, Endpoint, Pause, Result
from posthouse.runtime.metrics import Metrics

_log = structlog.get_logger("posthouse.webhooks")
_QUIET: Final = 10.0
"""Seconds for which the same trouble is not said again."""


class DeliveryWatch:
    """Watch of endpoint lines (core/webhooks/line.py)."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._said: dict[str, float] = {}

    def attempted(self, endpoint: Endpoint, attempt: Attempt, seconds: float | None) -> None:
        """Counted; a line for what did not go well, without anything of request or answer."""
        self._metrics.webhook_attempt(attempt.result.value, seconds)
        if attempt.result is not Result.DELIVERED:
            _log.info(
                "webhook_failed",
                endpoint=ids.show(ids.WEBHOOK, endpoint.id),
                name=endpoint.name,
                event_id=attempt.event,
                attempt=attempt.number,
                result=attempt.result.value,
                status=attempt.status,
                reason=attempt.error.partition(":")[0],
            )

    def paused(self, endpoint: Endpoint, why: Pause) -> None:
        """The notice: somebody has to look at it."""
        self._metrics.webhook_pause(why.value)
        _log.error(
            "webhook_paused",
            endpoint=ids.show(ids.WEBHOOK, endpoint.id),
            name=endpoint.name,
            reason=why.value,
            advice=f"posthouse webhooks resume {endpoint.name}",
        )

    def trouble(self, what: str, error: Exception) -> None:
        """A failure of ours that is tried again."""
        now = time.monotonic()
        if now - self._said.get(what, -_QUIET) >= _QUIET:
            self._said[what] = now
            _log.error(f"{what}_failed", error=f"{type(error).__name__}: {error}")
