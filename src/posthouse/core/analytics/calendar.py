"""Hours, and days of a time zone. Days are numbered from 1 January 1970 of that zone."""

import datetime as dt
import zoneinfo
from functools import lru_cache
from typing import Final

from posthouse.core.kernel.clock import DAY, HOUR, MINUTE
from posthouse.core.kernel.places import is_zone

_EPOCH: Final = dt.date(1970, 1, 1)
_UTC_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_QUARTER: Final = 15 * MINUTE
"""Every offset in use is a multiple of it."""
_LAST_DAY: Final = (dt.date(9998, 1, 1) - _EPOCH).days
LAST: Final = _LAST_DAY * DAY
"""The last instant that is asked about, microseconds since the epoch."""


@lru_cache(maxsize=256)
def zone(name: str) -> zoneinfo.ZoneInfo | None:
    """A time zone by its IANA name; None: there is none."""
    return zoneinfo.ZoneInfo(name) if is_zone(name) else None


def day_of(zone_name: str, instant: int) -> int:
    """The day of an instant; whatever a wrong clock said, there is one."""
    return _day_of_quarter(zone_name, instant // _QUARTER)


def monday_of(day: int) -> int:
    """The first day of the week that a day lies in."""
    return day - (day + 3) % 7  # the first of January 1970 was a Thursday


def start_of_day(zone_name: str, day: int) -> int:
    """The instant at which a day begins."""
    date = date_of(day)
    local = dt.datetime(date.year, date.month, date.day, tzinfo=zone(zone_name) or dt.UTC)
    return (local - _UTC_EPOCH) // _MICROSECOND


def date_of(day: int) -> dt.date:
    """The date of a day."""
    return _EPOCH + dt.timedelta(days=max(0, min(day, _LAST_DAY)))


def day_number(date: dt.date) -> int:
    """The day of a date."""
    return (date - _EPOCH).days


@lru_cache(maxsize=65_536)
def _day_of_quarter(zone_name: str, quarter: int) -> int:
    instant = quarter * _QUARTER
    try:
        moment = (_UTC_EPOCH + dt.timedelta(microseconds=instant)).astimezone(zone(zone_name) or dt.UTC)
    except (OverflowError, ValueError):
        return instant // DAY
    return day_number(moment.date())


def show(zone_name: str, instant: int) -> str:
    """RFC 3339 with the offset of the zone."""
    moment = (_UTC_EPOCH + dt.timedelta(seconds=instant // 1_000_000)).astimezone(zone(zone_name) or dt.UTC)
    return moment.isoformat()


def hour_of(instant: int) -> int:
    """Hours since the epoch."""
    return instant // HOUR
