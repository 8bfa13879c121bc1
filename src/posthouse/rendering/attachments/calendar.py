"""Calendar files (RFC 5545; methods RFC 5546). Times are written in UTC, so no time zone needs explaining."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.templates.attachments.model import Calendar

_PRODUCT: Final = "-//Posthouse//Posthouse//EN"
_SEQUENCE: Final = 9
"""Digits of a sequence: an INTEGER has 32 bits (RFC 5545 §3.3.8)."""
_DATE: Final = 10
"""Characters of a date without a time."""


def calendar_file(wanted: Calendar, at: int) -> bytes:
    """The bytes of a calendar with one event.

    Args:
        wanted: filled in.
        at: the message's instant, microseconds: when it was said (DTSTAMP).

    Raises:
        ValidationError: a time, a number or an address that cannot be meant.
    """
    import icalendar  # noqa: PLC0415 - 60 ms that only templates with a calendar pay

    start = _moment("start", wanted.start)
    end = _moment("end", wanted.end) if wanted.end else None
    if end is not None and (type(end) is not type(start) or end <= start):
        raise _refused("end", f"{wanted.end!r} must come after the start and be as exact as it")
    if not wanted.sequence.isascii() or not wanted.sequence.isdecimal() or len(wanted.sequence) > _SEQUENCE:
        raise _refused("sequence", f"{wanted.sequence!r} is no whole number; it grows with every change")
    if wanted.method != "publish" and not (wanted.organizer and wanted.attendee):
        raise _refused("organizer", f"a {wanted.method} needs an organizer and an attendee (RFC 5546 §3.2)")
    event = icalendar.Event()
    event.add("uid", wanted.uid)
    event.add("sequence", int(wanted.sequence))
    event.add("dtstamp", datetime.fromtimestamp(at // 1_000_000, UTC))
    event.add("dtstart", start)
    if end is not None:
        event.add("dtend", end)
    for name in ("summary", "description", "location", "url"):
        if value := getattr(wanted, name):
            event.add(name, value if name != "url" else _one_line("url", value))
    event.add("status", "CANCELLED" if wanted.method == "cancel" else "CONFIRMED")
    for name in ("organizer", "attendee"):
        if value := getattr(wanted, name):
            event.add(name, f"mailto:{_address(name, value)}")
    if wanted.reminder and wanted.method != "cancel":
        alarm = icalendar.Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", wanted.summary)
        alarm.add("trigger", timedelta(minutes=-wanted.reminder))
        event.add_component(alarm)
    calendar = icalendar.Calendar()
    calendar.add("prodid", _PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", wanted.method.upper())
    calendar.add_component(event)
    made: bytes = calendar.to_ical()
    return made


def _moment(field: str, word: str) -> date | datetime:
    try:
        if len(word) == _DATE:
            return date.fromisoformat(word)
        moment = datetime.fromisoformat(word)
    except ValueError:
        raise _refused(field, f"{word!r} is no date or date and time in ISO 8601") from None
    if moment.tzinfo is None:
        raise _refused(field, f"{word!r} has no offset: end it with Z or +02:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise _refused(field, f"{word!r} is no date that calendars have") from None


def _one_line(field: str, value: str) -> str:
    if "\n" in value:
        raise _refused(field, f"{value!r} has a line break")
    return value


def _address(field: str, value: str) -> str:
    if "@" not in value or any(letter.isspace() or letter in "<>,;:" for letter in value):
        raise _refused(field, f"{value!r} is no address")
    return value


def _refused(field: str, detail: str) -> ValidationError:
    return ValidationError(
        f"The calendar file cannot be made: {field}: {detail}.", fields=[FieldProblem(f"/{field}", detail)]
    )
