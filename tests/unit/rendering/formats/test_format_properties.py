"""Any number, any date, any language: shown or refused, never a crash, and never another number than was given."""

import datetime as dt
import zoneinfo
from decimal import Decimal

import pytest
from babel import Locale, dates, localedata, numbers
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.rendering.filters import FORMATS
from posthouse.rendering.formats.errors import FormatError
from posthouse.rendering.formats.numbers import unit
from posthouse.rendering.formats.occasion import during
from posthouse.rendering.formats.tongue import data_of, digits_of, right_to_left

TAGS = st.sampled_from(sorted(name.replace("_", "-") for name in localedata.locale_identifiers()))
OURS = st.sampled_from(
    ["en", "en-GB", "en-IN", "fr", "fr-CA", "es", "ru", "ar", "ja", "de", "de-CH", "hi", "pt-BR", "sv"]
)
AMOUNTS = st.decimals(min_value=-(10**15), max_value=10**15, places=2)
MOMENTS = st.datetimes(min_value=dt.datetime(1971, 1, 1), max_value=dt.datetime(2200, 1, 1))  # noqa: DTZ001 -- the zone comes later
ZONES = st.sampled_from(["UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Pacific/Apia"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
ARGUMENTS = {"money": ("EUR",), "unit": ("kilogram",), "plural": ()}


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FORMATS)), TAGS, JSON)
def test_shown_or_refused(name: str, tag: str, value: object) -> None:
    """Whatever JSON holds, in every language that CLDR knows."""
    named = {"other": "#"} if name == "plural" else {}
    with during(0, "UTC"):
        try:
            shown: object = FORMATS[name](tag, value, *ARGUMENTS.get(name, ()), **named)
        except FormatError as error:
            shown = str(error) if error.filter == name else None
    assert isinstance(shown, str)


@settings(max_examples=120, deadline=None)
@given(TAGS, AMOUNTS)
def test_an_amount_can_be_read_back(tag: str, amount: Decimal) -> None:
    """The digits of what is shown are the digits of what was given, in every language."""
    shown = FORMATS["money"](tag, str(amount), "EUR")
    digits = digits_of(tag)[1] or {}
    back = shown.translate({ord(theirs): chr(ours) for ours, theirs in digits.items()})
    symbols = data_of(tag).number_symbols[digits_of(tag)[0]]
    plain = "".join(
        letter for letter in back.replace(symbols["group"], "") if letter.isdigit() or letter == symbols["decimal"]
    )
    plain = plain.rstrip(symbols["decimal"]) if plain.endswith(symbols["decimal"]) else plain
    head, _, tail = plain.lstrip(symbols["decimal"]).rpartition(symbols["decimal"])
    assert Decimal(f"{head}.{tail}") == abs(amount)


@settings(max_examples=120, deadline=None)
@given(OURS, AMOUNTS, st.sampled_from(["EUR", "USD", "RUB"]))
def test_amounts_are_those_of_babel(tag: str, amount: Decimal, currency: str) -> None:
    """Our compiled patterns print what Babel's interpreter prints (where it has the language's minus, and signs only)."""
    locale = Locale.parse(tag, sep="-")
    theirs = numbers.format_currency(amount, currency, locale=locale)
    symbol = numbers.get_currency_symbol(currency, locale)
    minus = numbers.get_minus_sign_symbol(locale)
    if symbol[-1].isalpha() or symbol[0].isalpha():
        return  # CLDR wants a space between letters and digits; Babel leaves it out
    ours = FORMATS["money"](tag, str(amount), currency)
    assert ours.replace(minus, "-") == theirs.replace(minus, "-")
    assert FORMATS["number"](tag, str(amount)).replace(minus, "-") == numbers.format_decimal(
        amount, locale=locale
    ).replace(minus, "-")


@settings(max_examples=120, deadline=None)
@given(OURS, MOMENTS, ZONES, st.sampled_from(["full", "long", "medium", "short"]))
def test_dates_are_those_of_babel(tag: str, moment: dt.datetime, zone: str, style: str) -> None:
    """Every style, in every zone."""
    locale, aware = Locale.parse(tag, sep="-"), moment.replace(tzinfo=dt.UTC, microsecond=0)
    there = aware.astimezone(zoneinfo.ZoneInfo(zone))
    with during(None, zone):
        assert FORMATS["date"](tag, aware.isoformat(), style) == dates.format_date(there.date(), style, locale)
        ours = FORMATS["time"](tag, aware.isoformat(), style)
    assert ours == dates.format_time(there, style, tzinfo=zoneinfo.ZoneInfo(zone), locale=locale)


@settings(max_examples=100, deadline=None)
@given(st.dates(min_value=dt.date(1000, 1, 1)), ZONES)
def test_a_day_stays_the_day(day: dt.date, zone: str) -> None:
    """A date without a time belongs to no zone: it is never shifted."""
    with during(None, zone):
        assert FORMATS["date"]("sv", day.isoformat(), "short") == day.isoformat()


@pytest.mark.parametrize(
    ("value", "printed"), [("2.345", "€2.35"), ("2.355", "€2.36"), (-2.345, "-€2.35"), ("-0.001", "€0.00")]
)
def test_halves_go_up(value: object, printed: str) -> None:
    """As shops reckon; and nothing is ever minus zero."""
    assert FORMATS["money"]("en", value, "EUR") == printed


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: FORMATS["money"]("en", 1, "EURO"), "ISO 4217"),
        (lambda: FORMATS["money"]("en", True, "EUR"), "not a number"),
        (lambda: FORMATS["money"]("en", "1,50", "EUR"), "write it as 1234.50"),
        (lambda: FORMATS["number"]("en", None), "missing or null"),
        (lambda: FORMATS["number"]("en", 1, 99), "from 0 to 12"),
        (lambda: FORMATS["date"]("en", "31/03/2026"), "2026-03-31"),
        (lambda: FORMATS["date"]("en", "2026-03-31", "longg"), "did you mean 'long'"),
        (lambda: FORMATS["time"]("en", "2026-03-31"), "no time of day"),
        (lambda: FORMATS["date"]("en", "2026-03-31", tz="Europe/Pariss"), "did you mean 'Europe/Paris'"),
        (lambda: FORMATS["date"]("en", 1_774_958_400_000), "not a date"),
        (lambda: FORMATS["list"]("en", "ab"), "not a list"),
        (lambda: unit("en", 1, "kilogramm"), "did you mean 'kilogram'"),
        (lambda: FORMATS["plural"]("en", 1, one="x"), "at least other"),
        (lambda: FORMATS["plural"]("en", 1, ones="x", other="y"), "did you mean 'one'"),
        (lambda: FORMATS["country"]("en", "XQ"), "ISO 3166"),
        (lambda: FORMATS["phone"]("en", "0612345678"), "region='FR'"),
        (lambda: FORMATS["phone"]("en", "+331"), "telephone number"),
    ],
)
def test_refusals_say_what_to_write(call, words: str) -> None:
    """Whoever reads the error can mend the template or the data."""
    with pytest.raises(FormatError, match=words):
        call()


def test_languages_that_nobody_knows() -> None:
    """The nearest tag serves, English at last; direction is known from the language."""
    assert FORMATS["country"]("fr-XX", "DE") == "Allemagne"
    assert FORMATS["country"]("tlh", "DE") == "Germany"
    assert [tag for tag in ("ar", "he", "fa", "ur", "en", "ru", "tlh", "ar-EG") if right_to_left(tag)] == [
        "ar", "he", "fa", "ur", "ar-EG",
    ]  # fmt: skip
