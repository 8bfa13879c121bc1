"""Service levels at the end of each hour that is over: what the watch would have measured then."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from posthouse.core.alerts import levels, things
from posthouse.core.alerts.levels import SPANS, Count, Measured, ServiceLevel, edge
from posthouse.core.alerts.loading import BITE, Roll, complete, question
from posthouse.core.alerts.model import AlertSettings, Signal
from posthouse.core.analytics import calendar
from posthouse.core.analytics.latencies import Latencies
from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.ids import Id


class PastLevels:
    """How levels were kept, by hours.

    Args:
        promised: the levels.
        names: keys of templates.
        first: the first hour that is looked at.
        last: the one after the last.
    """

    def __init__(self, promised: Sequence[ServiceLevel], names: Mapping[str, str], first: int, last: int) -> None:
        self._names = names
        days = max((level.days for level in promised), default=0)
        self._begin, self._end = first - days * 24, last
        self._promised = {level.template_id.hex(): level for level in promised}
        self._counts = {key: [Count(0, 0)] * (last - self._begin) for key in self._promised}
        self._sums: dict[str, list[Count]] = {}

    async def read(self, store: Roll, edition: int, workspace_id: Id) -> None:
        """Reads the hours, some at a time."""
        if not self._promised:
            return
        for begin, end in pairwise([*range(self._begin, self._end, BITE), self._end]):
            query = question(workspace_id, begin, end, by="template", of=tuple(self._promised))
            for row in await complete(store, edition, query):
                level = self._promised[str(row.dims[0])]
                took, span = Latencies(row.latencies), SPANS[level.measure]
                count = Count(took.count(span), took.count(span, edge(level.seconds)))
                self._counts[str(row.dims[0])][row.period - self._begin] = count
        self._sums = {key: _running(counts) for key, counts in self._counts.items()}

    def signals(self, settings: AlertSettings, hour: int) -> Iterator[Signal]:
        """What was wrong at the end of an hour."""
        return things.levels(settings, [(one, self._at(one, hour)) for one in self._promised.values()], self._names)

    def _at(self, level: ServiceLevel, hour: int) -> Measured:
        """As LevelService.measured says it: whole days of UTC and the running one; the last hour and the one before."""
        today = calendar.day_of("UTC", (hour + 1) * HOUR - 1)
        first = calendar.start_of_day("UTC", today - level.days + 1) // HOUR
        return levels.measure_counts(
            level, self._between(level, first, hour + 1), self._between(level, hour - 1, hour + 1)
        )

    def _between(self, level: ServiceLevel, begin: int, end: int) -> Count:
        sums = self._sums[level.template_id.hex()]
        first, last = sums[max(0, begin - self._begin)], sums[end - self._begin]
        return Count(last.messages - first.messages, last.in_time - first.in_time)


def _running(counts: Sequence[Count]) -> list[Count]:
    found = [Count(0, 0)]
    for count in counts:
        found.append(Count(found[-1].messages + count.messages, found[-1].in_time + count.in_time))
    return found
