"""Messages by hour and template, as the roll-ups have them, kept in memory so that a look at them costs microseconds."""

import datetime as dt
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from posthouse.core.alerts.baseline import Usual, usual
from posthouse.core.analytics import calendar
from posthouse.core.analytics.latencies import Latencies
from posthouse.core.kernel.clock import HOUR

WEEKS: Final = 8
"""So many weeks are compared with."""
LONGEST: Final = 24
"""Hours of the longest window."""
KEPT: Final = (WEEKS * 7 + 3) * 24
"""Hours kept."""
COLUMNS: Final = ("accepted", "sent", "bounced", "bounced_at_once", "complained")
ACCEPTED: Final = 0
TOTAL: Final = "*"
"""The series of all templates together."""
_MOST_PLACES: Final = 1_000
_WEEK: Final = dt.timedelta(days=7)
_UTC_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Traffic:
    """What one workspace sent.

    Args:
        zone: its time zone: weeks are compared by the clock on its wall, also when that was set meanwhile.
        first: the first hour (since the epoch) that is known.
        hours: how many.
    """

    def __init__(self, zone: str, first: int, hours: int = KEPT) -> None:
        self.zone = zone
        self._zone = calendar.zone(zone) or dt.UTC
        self.first = first
        self._hours = hours
        self._series: dict[str, tuple[array[int], ...]] = {}
        self._since: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._places: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.latencies: dict[int, dict[int, Latencies]] = {}
        """By hour and lane."""

    @property
    def keys(self) -> list[str]:
        """The templates that were seen, and TOTAL."""
        return list(self._series)

    def set_hours(self, begin: int, end: int, rows: Iterable[tuple[int, str, Sequence[int]]], now: int) -> None:
        """Says anew what some hours had.

        Args:
            begin: the first of these hours.
            end: the one after the last.
            rows: hour, template, counts in the order of COLUMNS. Several rows of a template are added up.
            now: up to when everything is counted.
        """
        if end > self.first + self._hours:
            self._move(end - self.first - self._hours)
        begin = max(begin, self.first)
        before = {key: sum(columns[ACCEPTED][begin - self.first :]) for key, columns in self._series.items()}
        empty = array("I", [0] * max(0, end - begin))
        for columns in self._series.values():
            for column in columns:
                column[begin - self.first : end - self.first] = empty
        for hour, key, counts in rows:
            place = hour - self.first
            if not 0 <= place < self._hours:
                continue
            for one in (key, TOTAL):
                for column, count in zip(self._columns(one), counts, strict=True):
                    column[place] += count
                if counts[ACCEPTED] and hour < self._since.get(one, hour + 1):
                    self._since[one] = hour
        for key, columns in self._series.items():
            self._note_last(key, columns[ACCEPTED], before.get(key, 0), begin, now)

    def _note_last(self, key: str, counts: "array[int]", before: int, begin: int, now: int) -> None:
        """More were counted: the last of them came by now, or by the end of its hour."""
        fresh = counts[begin - self.first :]
        if sum(fresh) > before:
            last = max(place for place, count in enumerate(fresh) if count)
            self._last[key] = min(now, (begin + last + 1) * HOUR)

    def last(self, key: str) -> int:
        """When its last message was accepted, or a little later; 0: nothing is known of one."""
        return self._last.get(key, 0)

    def _columns(self, key: str) -> tuple["array[int]", ...]:
        found = self._series.get(key)
        if found is None:
            found = self._series[key] = tuple([array("I", [0] * self._hours) for _ in COLUMNS])
        return found

    def _move(self, hours: int) -> None:
        """Forgets the oldest hours."""
        fresh = array("I", [0] * min(hours, self._hours))
        for key, columns in list(self._series.items()):
            for column in columns:
                del column[:hours]
                column.extend(fresh)
            if not any(columns[ACCEPTED]):
                del self._series[key]
                self._since.pop(key, None)
                self._last.pop(key, None)
        self.first += hours
        for hour in [hour for hour in self.latencies if hour < self.first]:
            del self.latencies[hour]

    def sum(self, key: str, column: int, begin: int, end: int) -> int:
        """The sum over some hours."""
        found = self._series.get(key)
        if found is None:
            return 0
        return sum(found[column][max(0, begin - self.first) : max(0, end - self.first)])

    def highest(self, key: str, hours: int, before: int) -> int:
        """The most that any window of so many hours had that ended before an hour."""
        found = self._series.get(key)
        if found is None:
            return 0
        counts = found[ACCEPTED][: max(0, before - self.first)]
        total = most = sum(counts[:hours])
        for gone, come in zip(counts, counts[hours:], strict=False):
            total += come - gone
            most = max(most, total)
        return most

    def weeks_ago(self, hour: int, running: int) -> list[tuple[int, int]]:
        """The hour at which a window began, and the running one, as the wall's clock showed them in the weeks before."""
        found = self._places.get((hour, running))
        if found is None:
            if len(self._places) > _MOST_PLACES:
                self._places.clear()
            found = self._places[hour, running] = self._looked_up(hour, running)
        return found

    def _looked_up(self, hour: int, running: int) -> list[tuple[int, int]]:
        begin, now = (
            (_UTC_EPOCH + dt.timedelta(hours=one)).astimezone(self._zone).replace(tzinfo=None)
            for one in (hour, running)
        )
        return [(self._hour(begin - week * _WEEK), self._hour(now - week * _WEEK)) for week in range(1, WEEKS + 1)]

    def _hour(self, wall: dt.datetime) -> int:
        return int((wall.replace(tzinfo=self._zone) - _UTC_EPOCH).total_seconds()) * 1_000_000 // HOUR

    def usual(
        self, key: str, places: Sequence[tuple[int, int]], part: float = 1.0, missing: float = 0.0
    ) -> Usual | None:
        """What a window usually has.

        Args:
            key: of which template.
            places: where it was in the weeks before (:meth:`weeks_ago`).
            part: how much of the running hour is over. Of it no more is expected than of the hour before: who knows when in
                its hour a nightly run begins.
            missing: how much of the first hour was before the window. Of the rest no more is expected than of the hour after.
        """
        found = self._series.get(key)
        if found is None:
            return None
        counts, since, samples = found[ACCEPTED], max(self._since.get(key, 1 << 40), self.first), []
        for begin, running in places:
            if begin - 1 < since:
                continue
            first, last = begin - self.first, running - self.first
            if first == last:
                samples.append(
                    max(0.0, part - missing) * min(counts[last - 1], counts[last])
                    if part < 1 or missing
                    else counts[last]
                )
                continue
            edges: float = counts[last] if part >= 1 else part * min(counts[last - 1], counts[last])
            edges += counts[first] if not missing else (1 - missing) * min(counts[first], counts[first + 1])
            samples.append(sum(counts[first + 1 : last]) + edges)
        return usual(samples)
