"""Lists, plurals, countries, telephone numbers."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from posthouse.rendering.formats.errors import FormatError, unknown, unreadable
from posthouse.rendering.formats.numbers import decimal_of, number
from posthouse.rendering.formats.tongue import data_of

CATEGORIES: Final = ("zero", "one", "two", "few", "many", "other")
"""Plural categories of CLDR."""
_LIST_STYLES: Final = {"and": "standard", "or": "or", "unit": "unit"}
_PHONE_STYLES: Final = ("international", "national", "e164")
_LONGEST: Final = 1_000
"""Items that a list can have, and characters that a form of a plural can: no sentence has so many."""
_REPEATED: Final = 500
"""Whole numbers after which no language has shown a category that it did not show before (but for millions)."""


def listed(tag: str, values: Any, style: Any = "and") -> str:
    """``["a", "b", "c"]`` → ``a, b, and c``; ``style``: and, or, unit."""
    if not isinstance(values, list | tuple):
        raise unreadable("list", values, "a list", '["a", "b"]')
    if style not in _LIST_STYLES:
        raise unknown("list", "style", style, _LIST_STYLES, "'or'")
    if len(values) > _LONGEST:
        raise FormatError("list", f"{len(values):,} items are no list for a sentence; write a loop")
    words = [_word(value) for value in values]
    if sum(map(len, words)) > _LONGEST * 100:
        raise FormatError("list", "the items are too long for a sentence; write a loop")
    if len(words) < 2:
        return "".join(words)
    patterns = _list_patterns(tag, _LIST_STYLES[style])
    if len(words) == 2:
        return _joined(patterns["2"], *words)
    text = _joined(patterns["start"], words[0], words[1])
    for word in words[2:-1]:
        text = _joined(patterns["middle"], text, word)
    return _joined(patterns["end"], text, words[-1])


def plural(tag: str, count: Any, **forms: Any) -> str:
    """``{{ n|plural(one='# item', other='# items') }}``; # is the number, a category left out is served by ``other``."""
    amount = decimal_of("plural", count)
    if strange := forms.keys() - set(CATEGORIES):
        raise unknown("plural", "plural category", min(strange), CATEGORIES, "one='# item', other='# items'")
    if "other" not in forms:
        raise FormatError("plural", "give at least other: n|plural(one='# item', other='# items')")
    form = str(forms.get(data_of(tag).plural_form(amount.normalize()), forms["other"]))
    if len(form) > _LONGEST:
        raise FormatError("plural", f"a form of {len(form):,} characters is no plural")
    return form.replace("#", number(tag, amount))


def country(tag: str, code: Any) -> str:
    """``FR`` → ``France``."""
    names = _countries(tag)
    if type(code) is not str:
        raise unreadable("country", code, "a country's code (ISO 3166)", "FR")
    found = names.get(code.upper())
    if found is None:
        raise unknown("country", "country's code (ISO 3166)", code, names, "FR")
    return found


def phone(tag: str, value: Any, style: Any = "international", *, region: Any = None) -> str:
    """``+33612345678`` → ``+33 6 12 34 56 78``; a number without + needs the ``region`` that it is dialled in."""
    del tag  # telephone numbers are written by their own country's custom
    if style not in _PHONE_STYLES:
        raise unknown("phone", "style", style, _PHONE_STYLES, "'national'")
    if type(value) is not str:
        raise unreadable("phone", value, "a telephone number", "+33612345678")
    return _phone(value, str(style), None if region is None else str(region).upper())


WORDS: Final[dict[str, Callable[..., str]]] = {"list": listed, "plural": plural, "country": country, "phone": phone}
"""Filters by name; each takes the language tag first."""


@lru_cache(maxsize=256)
def categories(tag: str) -> frozenset[str]:
    """The plural categories that everyday whole numbers fall into."""
    rule = data_of(tag).plural_form
    return frozenset(rule(count) for count in range(_REPEATED))


def _word(value: Any) -> str:
    if type(value) in (str, int, float):
        return str(value)
    raise unreadable("list", value, "a text or a number", '["a", "b"]')


def _joined(pattern: str, first: str, second: str) -> str:
    before, _, rest = pattern.partition("{0}")
    between, _, after = rest.partition("{1}")
    return before + first + between + second + after


@lru_cache(maxsize=512)
def _list_patterns(tag: str, style: str) -> Mapping[str, str]:
    patterns = data_of(tag).list_patterns
    return dict((patterns.get(style) or patterns["standard"]).items())


@lru_cache(maxsize=64)
def _countries(tag: str) -> Mapping[str, str]:
    return {code: name for code, name in data_of(tag).territories.items() if len(code) == 2 and code.isalpha()}


@lru_cache(maxsize=4096)
def _phone(value: str, style: str, region: str | None) -> str:
    import phonenumbers  # noqa: PLC0415 -- numbering plans of the world, only where they are used

    try:
        parsed = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        advice = "write it as +33612345678, or say phone(region='FR')"
        raise FormatError("phone", f"{value[:40]!r} is not a telephone number; {advice}") from None
    if not phonenumbers.is_possible_number(parsed):
        raise FormatError("phone", f"{value[:40]!r} has too few or too many digits for a telephone number")
    wanted = phonenumbers.PhoneNumberFormat
    layouts = {"international": wanted.INTERNATIONAL, "national": wanted.NATIONAL, "e164": wanted.E164}
    return str(phonenumbers.format_number(parsed, layouts[style]))
