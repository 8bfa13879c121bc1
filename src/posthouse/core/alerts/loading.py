"""Reads roll-ups into memory: much once, then the running hour only."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from posthouse.core.alerts.traffic import COLUMNS, KEPT, Traffic
from posthouse.core.analytics.latencies import Latencies
from posthouse.core.analytics.model import Grain, Position
from posthouse.core.analytics.ports import SumQuery, Sums
from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Lane

BITE: Final = 48
"""Hours that one question asks for."""
_MOST: Final = 100_000
"""Rows or histograms that one question brings; what has more is asked for in parts."""
_WATCHED: Final = (int(Lane.CRITICAL), int(Lane.NORMAL))


class Roll(Protocol):
    """A part of SumStore."""

    async def rollup_position(self, edition: int | None = None) -> Position:
        """See SumStore."""
        ...

    async def first_after(self, seq: int) -> int | None:
        """See SumStore."""
        ...

    async def rollup_sums(self, edition: int, query: SumQuery) -> list[Sums]:
        """See SumStore."""
        ...


async def counted_until(store: Roll, now: int) -> tuple[int, int]:
    """The edition that answers, and the instant up to which everything is in it."""
    position = await store.rollup_position()
    waiting = await store.first_after(position.seq)
    return position.edition, now if waiting is None else min(now, waiting)


def question(
    workspace_id: Id,
    begin: int,
    end: int,
    *,
    by: str,
    of: tuple[str | int, ...] = (),
    columns: tuple[str, ...] = (),
    by_hour: bool = True,
) -> SumQuery:
    """What is asked of the roll-ups about some hours of live messages: sums of columns, or, without any, how long things took.

    Args:
        workspace_id: whose.
        begin: the first hour.
        end: the one after the last.
        by: the dimension.
        of: its values that are asked for; none: all.
        columns: what is counted.
        by_hour: whether each hour is answered by itself.
    """
    return SumQuery(
        workspace_id=workspace_id,
        grain=Grain.COARSE_HOUR,
        begin=begin,
        end=end,
        columns=columns,
        by=(by,),
        by_period=by_hour,
        filters=(("live", (1,)), *([(by, of)] if of else [])),
        latencies=not columns,
        most=_MOST,
    )


async def complete(store: Roll, edition: int, query: SumQuery) -> list[Sums]:
    """All rows that match, however many: what would be cut off is asked for in halves."""
    found = await store.rollup_sums(edition, query)
    hours = query.end - query.begin
    if max(len(found), sum([len(row.latencies) for row in found])) <= query.most:
        return found
    if hours == 1:  # one hour cannot be halved
        return await store.rollup_sums(edition, msgspec.structs.replace(query, most=1 << 31))
    middle = query.begin + hours // 2
    first = await complete(store, edition, msgspec.structs.replace(query, end=middle))
    last = await complete(store, edition, msgspec.structs.replace(query, begin=middle))
    if query.by_period:
        return [*first, *last]
    return _merged([*first, *last])


def _merged(rows: list[Sums]) -> list[Sums]:
    found: dict[tuple[Any, ...], Sums] = {}
    for row in rows:
        before = found.get(row.dims)
        if before is not None:
            counts = tuple(one + two for one, two in zip(before.counts, row.counts, strict=True))
            row = Sums(row.period, row.dims, counts, [*before.latencies, *row.latencies])  # noqa: PLW2901  # together
        found[row.dims] = row
    return list(found.values())


async def rows(
    store: Roll, edition: int, workspace_id: Id, begin: int, end: int
) -> list[tuple[int, str, Sequence[int]]]:
    """Counts of live messages by hour and template."""
    query = question(workspace_id, begin, end, columns=COLUMNS, by="template")
    return [(row.period, str(row.dims[0]), row.counts) for row in await complete(store, edition, query)]


async def latencies(
    store: Roll, edition: int, workspace_id: Id, begin: int, end: int
) -> dict[int, dict[int, Latencies]]:
    """How long things took, by hour and lane."""
    query = question(workspace_id, begin, end, by="lane", of=_WATCHED)
    found: dict[int, dict[int, Latencies]] = defaultdict(dict)
    for row in await complete(store, edition, query):
        found[row.period][int(row.dims[0])] = Latencies(row.latencies)
    return found


class Loaded:
    """The traffic of one workspace, kept up to date.

    Args:
        store: the roll-ups.
        workspace_id: whose.
        zone: its time zone.
    """

    def __init__(self, store: Roll, workspace_id: Id, zone: str) -> None:
        self._store = store
        self._workspace_id = workspace_id
        self.zone = zone
        self._edition: int | None = None
        self._from = 0
        self.traffic = Traffic(zone, 0)

    async def refresh(self, edition: int, until: int) -> Traffic:
        """What is known at an instant. What was complete at the last look is not read again."""
        end = (until - 1) // HOUR + 1
        if edition != self._edition or not self._from:
            self.traffic = Traffic(self.zone, end - KEPT)
            self._from = end - KEPT
        for begin in range(self._from, end, BITE):
            last = min(end, begin + BITE)
            found = await rows(self._store, edition, self._workspace_id, begin, last)
            self.traffic.set_hours(begin, last, found, min(until, last * HOUR))
        lately = max(self._from, end - 2)
        took = await latencies(self._store, edition, self._workspace_id, lately, end)
        self.traffic.latencies = {
            **{hour: found for hour, found in self.traffic.latencies.items() if end - 2 <= hour < lately},
            **took,
        }
        self._edition, self._from = edition, until // HOUR  # the running hour may still grow; what is before it cannot
        return self.traffic
