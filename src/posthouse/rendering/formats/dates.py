"""Dates and times. A pattern is compiled once for each language into small functions, one a field."""

import datetime as dt
import re
import zoneinfo
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from posthouse.rendering.formats.errors import FormatError, unknown, unreadable
from posthouse.rendering.formats.numbers import number
from posthouse.rendering.formats.occasion import occasion
from posthouse.rendering.formats.tongue import FALLBACK, data_of, digits_of

if TYPE_CHECKING:
    from babel import Locale

Field = Callable[[Any], str]

_STYLES: Final = ("full", "long", "medium", "short")
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")
_STARTS_AS_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:$|[T ])")
_EXAMPLE: Final = "2026-03-31 or 2026-03-31T10:00:00Z"
_STEPS: Final = (
    ("year", 365 * 86_400),
    ("month", 30 * 86_400),
    ("week", 7 * 86_400),
    ("day", 86_400),
    ("hour", 3_600),
    ("minute", 60),
    ("second", 1),
)


def date(tag: str, value: Any, style: Any = "long", *, tz: Any = None) -> str:
    """``2026-03-31`` → ``March 31, 2026``. ``style``: full, long, medium, short, or a CLDR skeleton such as ``yMMMM``."""
    moment = _moment("date", value, tz)
    return _shown(tag, _compiled(tag, "date", str(style)), moment)


def time(tag: str, value: Any, style: Any = "short", *, tz: Any = None) -> str:
    """``2026-03-31T10:00:00Z`` → ``10:00 AM``; also ``10:30``, the hour as it is."""
    found = _CLOCK.fullmatch(value) if type(value) is str else None
    if found:
        moment = dt.datetime(2000, 1, 1, int(found[1]), int(found[2]), int(found[3] or 0), tzinfo=_zone("time", tz))
    else:
        moment = _moment("time", value, tz, with_time=True)
    return _shown(tag, _compiled(tag, "time", str(style)), moment)


def datetime(tag: str, value: Any, style: Any = "long", *, tz: Any = None) -> str:
    """Both: the date in the given style, the time in short."""
    moment = _moment("datetime", value, tz, with_time=True)
    return _shown(tag, _compiled(tag, "datetime", str(style)), moment)


def relative(tag: str, value: Any, style: Any = "long", *, tz: Any = None) -> str:
    """How far from the message's instant: ``in 3 days``, ``2 hours ago``. Never asks the wall clock."""
    at = occasion().at
    if at is None:
        raise FormatError("relative", "needs the instant of the message, and here there is none")
    if style not in ("long", "short", "narrow"):
        raise unknown("relative", "style", style, ("long", "short", "narrow"), "'short'")
    zone = _zone("relative", tz)
    now = dt.datetime.fromtimestamp(at // 1_000_000, zone)
    moment = _moment("relative", value, tz)
    if _is_day(value):
        return _apart(tag, (moment.date() - now.date()).days * 86_400, str(style), smallest="day")
    return _apart(tag, round((moment - now).total_seconds()), str(style), smallest="second")


DATES: Final[dict[str, Callable[..., str]]] = {"date": date, "time": time, "datetime": datetime, "relative": relative}
"""Filters by name; each takes the language tag first."""


def _moment(name: str, value: Any, tz: Any, *, with_time: bool = False) -> dt.datetime:
    """Reads an ISO 8601 date or instant or seconds since the epoch, and sees it from the time zone.

    What has no offset is already the wall clock of the zone: a concert at 20:00 is at 20:00.
    """
    zone, kind = _zone(name, tz), type(value)
    if with_time and _is_day(value):
        raise FormatError(name, f"{value!r} has no time of day; write it as 2026-03-31T10:00:00Z")
    try:
        if kind is int or kind is float:
            return dt.datetime.fromtimestamp(value, zone)
        if kind is str and _STARTS_AS_DATE.match(value):
            moment = dt.datetime.fromisoformat(value)
            return moment.replace(tzinfo=zone) if moment.tzinfo is None else moment.astimezone(zone)
    except (ValueError, OverflowError, OSError):
        pass
    raise unreadable(name, value, "a date", _EXAMPLE)


def _is_day(value: Any) -> bool:
    return type(value) is str and len(value) == 10


def _zone(name: str, tz: Any) -> zoneinfo.ZoneInfo:
    wanted = occasion().zone if tz is None else tz
    found = _zone_named(wanted) if type(wanted) is str else None
    if found is None:
        raise unknown(name, "time zone", wanted, sorted(zoneinfo.available_timezones()), "tz='Europe/Paris'")
    return found


@lru_cache(maxsize=1024)
def _zone_named(word: str) -> zoneinfo.ZoneInfo | None:
    try:
        return zoneinfo.ZoneInfo(word)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _shown(tag: str, fields: tuple[str | Field, ...], moment: dt.datetime) -> str:
    shown = "".join([field if type(field) is str else field(moment) for field in fields])  # type: ignore[operator]  # type() tells
    digits = digits_of(tag)[1]
    return shown if digits is None else shown.translate(digits)


@lru_cache(maxsize=2048)
def _compiled(tag: str, name: str, style: str) -> tuple[str | Field, ...]:
    from babel.dates import tokenize_pattern  # noqa: PLC0415 -- see tongue.known

    locale = data_of(tag)
    fields: list[str | Field] = []
    for kind, part in tokenize_pattern(_pattern(locale, name, style)):
        fields.append(str(part) if kind == "chars" else _field(locale, str(part[0]), int(part[1])))
    return tuple(fields)


def _pattern(locale: "Locale", name: str, style: str) -> str:
    """The CLDR pattern of a style, or of the nearest skeleton."""
    if style in _STYLES:
        if name == "date":
            return str(locale.date_formats[style].pattern)
        if name == "time":
            return str(locale.time_formats[style].pattern)
        day, hour = locale.date_formats[style].pattern, locale.time_formats["short"].pattern
        return str(locale.datetime_formats[style]).replace("{1}", day).replace("{0}", hour)
    skeleton = style if style in locale.datetime_skeletons else None
    if skeleton is None:
        raise unknown(name, "style or skeleton", style, [*_STYLES, *locale.datetime_skeletons], "'long' or 'yMMMM'")
    return str(locale.datetime_skeletons[skeleton].pattern)


def _field(locale: "Locale", letter: str, width: int) -> Field:
    """A function for one field; rare ones are left to Babel."""
    from babel.dates import DateTimeFormat  # noqa: PLC0415 -- see tongue.known

    whole = letter * width
    if whole in _SIMPLE:
        return _SIMPLE[whole]
    if letter in "ML" and width > 2:
        return _looked_up(locale.months["format" if letter == "M" else "stand-alone"][_WIDTHS[width]], "month")
    if letter == "E" or (letter == "c" and width > 2):
        return _weekday(locale.days["format" if letter == "E" else "stand-alone"][_WIDTHS.get(width, "abbreviated")])
    return lambda moment: DateTimeFormat(moment, locale)[whole]


_WIDTHS: Final = {3: "abbreviated", 4: "wide", 5: "narrow"}
_SIMPLE: Final[dict[str, Field]] = {
    "y": lambda moment: str(moment.year),
    "yyyy": lambda moment: f"{moment.year:04}",
    "yy": lambda moment: f"{moment.year % 100:02}",
    "M": lambda moment: str(moment.month),
    "MM": lambda moment: f"{moment.month:02}",
    "d": lambda moment: str(moment.day),
    "dd": lambda moment: f"{moment.day:02}",
    "H": lambda moment: str(moment.hour),
    "HH": lambda moment: f"{moment.hour:02}",
    "h": lambda moment: str(moment.hour % 12 or 12),
    "hh": lambda moment: f"{moment.hour % 12 or 12:02}",
    "m": lambda moment: str(moment.minute),
    "mm": lambda moment: f"{moment.minute:02}",
    "s": lambda moment: str(moment.second),
    "ss": lambda moment: f"{moment.second:02}",
}


def _looked_up(names: Any, attribute: str) -> Field:
    known = dict(names.items())
    return lambda moment: known[getattr(moment, attribute)]


def _weekday(names: Any) -> Field:
    known = dict(names.items())
    return lambda moment: known[moment.weekday()]


def _apart(tag: str, seconds: int, style: str, smallest: str) -> str:
    """A distance in the largest unit of which there is at least one."""
    away = abs(seconds)
    unit, length = next(
        ((name, length) for name, length in _STEPS if away >= length or name == smallest), ("second", 1)
    )
    count = away // length
    form, ahead = data_of(tag).plural_form(count), "future" if seconds >= 0 else "past"
    patterns = _distance(tag, unit, style, ahead)
    return (patterns.get(form) or patterns["other"]).replace("{0}", number(tag, count))


@lru_cache(maxsize=1024)
def _distance(tag: str, unit: str, style: str, ahead: str) -> dict[str, str]:
    fields: dict[str, Any] = data_of(tag)._data["date_fields"]  # noqa: SLF001 -- Babel's own functions read it there too
    listed = [fields.get(f"{unit}-{one}" if one != "long" else unit, {}) for one in (style, "long")]
    found: dict[str, str] = next((dict(each[ahead].items()) for each in listed if "other" in each.get(ahead, ())), {})
    return found or _distance(FALLBACK, unit, style, ahead)
