"""How far behind the events is what is made of them: statistics, the words of the search, alerts."""

from typing import Final, NamedTuple, Protocol

from posthouse.core.alerts.watch import LEASE
from posthouse.core.analytics.model import Position
from posthouse.core.kernel.clock import SECOND

FOLLOWERS: Final = ("statistics", "words", "alerts")


class Lag(NamedTuple):
    """How far one of them is behind."""

    follower: str
    events: int | None
    """At most so many are not counted yet; None: it does not count events."""
    seconds: float
    """Since the oldest event that is not in it happened; of alerts, since they were judged."""


class LagStore(Protocol):
    """A part of the store."""

    async def stream_end(self) -> int:
        """See StreamStore."""
        ...

    async def rollup_position(self, edition: int | None = None) -> Position:
        """See RollupStore."""
        ...

    async def words_position(self) -> int:
        """See WordStore."""
        ...

    async def first_after(self, seq: int) -> int | None:
        """See SumStore."""
        ...

    async def alerts_held_until(self) -> int | None:
        """See AlertStore."""
        ...


async def lags_of(store: LagStore, now: int) -> list[Lag]:
    """How far each is behind at an instant. Alerts are left out when nobody has judged them yet.

    Raises:
        UnavailableError: the store cannot be read.
    """
    end = await store.stream_end()
    found = []
    for name, position in (
        ("statistics", (await store.rollup_position()).seq),
        ("words", await store.words_position()),
    ):
        oldest = await store.first_after(position) if position < end else None
        found.append(Lag(name, max(0, end - position), 0.0 if oldest is None else max(0, now - oldest) / SECOND))
    held = await store.alerts_held_until()
    if held is not None:
        found.append(Lag("alerts", None, max(0, now - (held - LEASE)) / SECOND))
    return found
