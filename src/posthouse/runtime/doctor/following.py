"""Whether what is made of the events keeps up with them."""

from typing import Final

from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import PosthouseError
from posthouse.runtime.doctor.findings import Finding, error, ok, warning
from posthouse.runtime.lags import Lag, LagStore, lags_of

LATE: Final = 300.0
"""Seconds: a rush is counted after it (runtime/rolling.py), but within some minutes."""
_NAMES: Final = {"statistics": "statistics", "words": "search words", "alerts": "alerts"}
_ADVICE: Final = "is `posthouse serve` (or a scheduler) running? Its log says what is in the way"


async def look_at_followers(store: LagStore, now: int) -> list[Finding]:
    """How far behind they are, in events and seconds."""
    try:
        return [_said(lag) for lag in await lags_of(store, now)]
    except PosthouseError as problem:
        return [error("followers", "cannot be read", problem.detail)]


def _said(lag: Lag) -> Finding:
    about = _NAMES[lag.follower]
    if lag.events is None:
        said = f"judged {lag.seconds:.0f} s ago"
    elif lag.events:
        said = f"{counted(lag.events, 'event')} and {lag.seconds:.0f} s behind"
    else:
        said = "up to date"
    return warning(about, said, _ADVICE) if lag.seconds > LATE else ok(about, said)
