"""Calendar files and codes: judged by others, the same bytes each time."""

import struct
import zlib
from datetime import UTC, date, datetime

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.attachments.model import Barcode, Calendar, Qr
from posthouse.rendering.attachments.calendar import calendar_file
from posthouse.rendering.attachments.codes import bar_image, qr_image

AT = 1_774_958_400_000_000
BOOKING = Calendar(
    uid="b-1@shop.example",
    start="2026-04-01T18:00:00+02:00",
    end="2026-04-01T19:30:00+02:00",
    summary="Table, for 2; at 8",
)


def test_a_calendar_file_reads_back() -> None:
    """Times in UTC, the instant of the message, a stable uid."""
    made = calendar_file(BOOKING, AT)
    assert made == calendar_file(BOOKING, AT)
    assert all(len(line) <= 75 for line in made.split(b"\r\n"))
    calendar = icalendar.Calendar.from_ical(made)
    (event,) = calendar.walk("VEVENT")
    assert (str(calendar["METHOD"]), str(event["UID"]), event["SEQUENCE"]) == ("PUBLISH", "b-1@shop.example", 0)
    assert event.decoded("DTSTART") == datetime(2026, 4, 1, 16, tzinfo=UTC)
    assert event.decoded("DTSTAMP") == datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert str(event["SUMMARY"]) == "Table, for 2; at 8"


def wanted(**changes: object) -> Calendar:
    return Calendar(**{name: getattr(BOOKING, name) for name in BOOKING.__struct_fields__} | changes)


def test_a_change_and_a_cancellation_are_the_same_event() -> None:
    """RFC 5546 §3.2: the same uid, a higher sequence, who asks and who is asked."""
    people = {"organizer": "care@shop.example", "attendee": "ann@customer.example"}
    for method, status in (("request", "CONFIRMED"), ("cancel", "CANCELLED")):
        made = icalendar.Calendar.from_ical(
            calendar_file(wanted(method=method, sequence="2", reminder=30, **people), AT)
        )
        (event,) = made.walk("VEVENT")
        assert (str(made["METHOD"]), str(event["STATUS"]), event["SEQUENCE"]) == (method.upper(), status, 2)
        assert str(event["ATTENDEE"]) == "mailto:ann@customer.example"
        assert len(made.walk("VALARM")) == (method == "request")


def test_a_whole_day_has_no_time() -> None:
    """A date stays a date."""
    (event,) = icalendar.Calendar.from_ical(calendar_file(wanted(start="2026-04-01", end=""), AT)).walk("VEVENT")
    assert event.decoded("DTSTART") == date(2026, 4, 1)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"start": "soon"}, "/start"),
        ({"start": "2026-04-01T18:00:00"}, "/start"),
        ({"end": "2026-04-01T10:00:00Z"}, "/end"),
        ({"end": "2026-04-02"}, "/end"),
        ({"sequence": "two"}, "/sequence"),
        ({"sequence": "9" * 5_000}, "/sequence"),
        ({"start": "0001-01-01T00:00:00+23:00"}, "/start"),
        ({"url": "https://a.example/\nATTENDEE:mailto:b@c.example"}, "/url"),
        ({"method": "request"}, "/organizer"),
        ({"organizer": "a b@c.example"}, "/organizer"),
        ({"attendee": "nobody"}, "/attendee"),
    ],
)
def test_what_no_calendar_understands_is_refused(changes: dict[str, str], pointer: str) -> None:
    """With its field."""
    with pytest.raises(ValidationError) as caught:
        calendar_file(wanted(**changes), AT)
    assert [found.pointer for found in caught.value.fields] == [pointer]


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=200))
def test_no_words_break_out_of_a_calendar(words: str) -> None:
    """Line breaks, commas and controls add no property."""
    made = icalendar.Calendar.from_ical(calendar_file(wanted(summary=words, description=words), AT))
    (event,) = made.walk("VEVENT")
    assert set(event) == {"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "DESCRIPTION", "STATUS"}


def pixels(png: bytes) -> tuple[int, int, list[str]]:
    """Width, height and rows of an image of one bit a pixel."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colour = struct.unpack(">IIBB", png[16:26])
    assert (depth, colour) == (1, 0)
    at, data = 8, b""
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        name, chunk = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack(">I", png[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + chunk)
        data += chunk if name == b"IDAT" else b""
        at += 12 + size
    raw, line = zlib.decompress(data), (width + 7) // 8 + 1
    rows = ["".join(f"{octet:08b}" for octet in raw[n * line + 1 : (n + 1) * line])[:width] for n in range(height)]
    return width, height, rows


def test_a_bar_code_is_drawn_as_the_standard_says() -> None:
    """EAN-13 of the standard's kind: 95 modules between two quiet zones, guards at both ends."""
    width, height, rows = pixels(
        bar_image(Barcode(id="a", data="5901234123457", symbology="ean13", scale=2, height=40))
    )
    assert (width, height, len(set(rows))) == ((95 + 20) * 2, 40, 1)
    modules = rows[0][::2].replace("0", "x").replace("1", "0").replace("x", "1")
    assert modules[:10] == modules[-10:] == "0" * 10
    assert modules[10:13] == modules[-13:-10] == "101"
    assert modules[10 + 45 : 10 + 50] == "01010"


@pytest.mark.parametrize(
    ("symbology", "data"),
    [
        ("ean13", "5901234123458"),
        ("ean13", "12"),
        ("ean13", "59012341234570"),
        ("ean8", "x" * 8),
        ("code128", "€"),
        ("code128", ""),
        ("code39", "a_b"),
        ("itf", "12a"),
        ("gs1_128", "é"),
        ("code128", "a" * 81),
    ],
)
def test_data_that_does_not_fit_is_refused(symbology: str, data: str) -> None:
    """Never cut, never mended: a ticket must be the ticket."""
    with pytest.raises(ValidationError):
        bar_image(Barcode(id="a", data=data, symbology=symbology))


def test_a_qr_code_is_the_same_each_time_and_bounded() -> None:
    """What does not fit is refused."""
    code = Qr(id="a", data="https://shop.example/t/1")
    assert qr_image(code) == qr_image(code)
    width, height, _ = pixels(qr_image(code))
    assert width == height == (25 + 8) * 6
    with pytest.raises(ValidationError):
        qr_image(Qr(id="a", data="é" * 2_000, correction="H"))
