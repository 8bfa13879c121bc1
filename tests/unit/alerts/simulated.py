"""Weeks of traffic as shops have it: quiet nights and weekends, days that differ, hours that differ more than chance alone."""

import datetime as dt
import random
import zoneinfo
from collections.abc import Callable, Iterator

from posthouse.core.alerts.judging import Scene, judge
from posthouse.core.alerts.model import AlertSettings, Kind, Signal
from posthouse.core.alerts.traffic import KEPT, Traffic
from posthouse.core.kernel.clock import HOUR, MINUTE

FIRST = dt.datetime(2026, 8, 31, tzinfo=dt.UTC)
"""A Monday; the clocks of Europe are set back in the eighth week."""
FIRST_HOUR = int(FIRST.timestamp()) // 3600
DEFAULTS = AlertSettings()
Rate = Callable[[dt.datetime], float]
"""Messages an hour, by the wall's clock."""


def shop(hourly: float) -> Rate:
    """So many an hour on a workday; a fifth of it in the evening, a twentieth at night, half at the weekend."""

    def rate(wall: dt.datetime) -> float:
        part = 1.0 if 8 <= wall.hour < 18 else 0.2 if 6 <= wall.hour < 23 else 0.05
        return hourly * part * (0.5 if wall.weekday() >= 5 else 1.0)

    return rate


def always(hourly: float) -> Rate:
    return lambda _wall: hourly


def nightly(count: float, hour: int) -> Rate:
    """All at once in one hour of the day."""
    return lambda wall: count if wall.hour == hour else 0.0


def weekly(count: float) -> Rate:
    """Spread over the week."""
    return lambda _wall: count / 168


class World:
    """Counts by template and hour, drawn once.

    Args:
        rates: by template.
        seed: of the chance.
        weeks: how many are drawn.
        zone: of the wall's clock.
        unrest: how much days, and hours, differ from their rate (standard deviation, relative).
        begin: the hour it begins at.
    """

    def __init__(
        self, rates: dict[str, Rate], seed: int, weeks: int = 16, *, zone: str = "UTC", unrest: float = 0.15,
        begin: int = FIRST_HOUR,
    ) -> None:  # fmt: skip
        self.zone, self.begin, self.hours = zone, begin, weeks * 168
        chance, info = random.Random(seed), zoneinfo.ZoneInfo(zone)
        walls = [
            dt.datetime.fromtimestamp((begin + hour) * 3600, tz=dt.UTC).astimezone(info) for hour in range(self.hours)
        ]
        self.counts: dict[str, list[int]] = {}
        self.stops: dict[str, float] = {}
        for key, rate in rates.items():
            day = {wall.date(): _gamma(chance, unrest) for wall in walls}
            self.counts[key] = [
                _poisson(chance, rate(wall) * day[wall.date()] * _gamma(chance, unrest)) for wall in walls
            ]

    def stop(self, key: str, at: float) -> None:
        """From an hour (with a part) on nothing is sent."""
        self.stops[key] = at
        whole = int(at)
        self.counts[key][whole + 1 :] = [0] * (self.hours - whole - 1)

    def traffic(self, until: int) -> Traffic:
        """What is known at the beginning of an hour."""
        made = Traffic(self.zone, self.begin + max(0, until - KEPT))
        made.set_hours(
            made.first, self.begin + until, self.rows(made.first - self.begin, until), (self.begin + until) * HOUR
        )
        return made

    def rows(self, since: int, until: int, part: float = 1.0) -> Iterator[tuple[int, str, list[int]]]:
        for hour in range(since, until):
            for key, counts in self.counts.items():
                over = part if hour == until - 1 else 1.0
                over = min(over, self.stops.get(key, self.hours) - hour)
                seen = counts[hour] if over >= 1 else self._before(key, hour, over)
                if seen > 0:
                    yield self.begin + hour, key, [seen, seen, 0, 0, 0]

    def _before(self, key: str, hour: int, over: float) -> int:
        """How many came in the first part of an hour: each at a moment of its own."""
        chance = random.Random(f"{key} {hour}")
        return sum([chance.random() < over for _ in range(self.counts[key][hour])])

    def looks(
        self, since: int, until: int, settings: AlertSettings = DEFAULTS, every: int = 15
    ) -> Iterator[tuple[float, list[Signal]]]:  # fmt: skip
        """What is judged every so many minutes: hour (with a part) and what is wrong then."""
        traffic, opened = self.traffic(since), set[tuple[Kind, str]]()
        names = {key: key for key in self.counts}
        for hour in range(since, until):
            for minute in range(every, 61, every):
                now = (self.begin + hour) * HOUR + minute * MINUTE
                rows = self.rows(hour, hour + 1, minute / 60)
                traffic.set_hours(self.begin + hour, self.begin + hour + 1, rows, now)
                found = judge(Scene(traffic, settings, names, now, opened))
                bad = [one for one in found if one.bad]
                opened = {(one.kind, one.subject) for one in found if one.bad or (one.kind, one.subject) in opened}
                yield hour + minute / 60, bad


def _gamma(chance: random.Random, spread: float) -> float:
    return chance.gammavariate(1 / spread**2, spread**2) if spread else 1.0


def _poisson(chance: random.Random, mean: float) -> int:
    if mean > 500:
        return max(0, round(chance.gauss(mean, mean**0.5)))
    count, left = 0, chance.expovariate(1.0)
    while left < mean:
        count += 1
        left += chance.expovariate(1.0)
    return count
