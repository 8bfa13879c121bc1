"""CLDR data of a language tag."""

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from babel import Locale

FALLBACK: Final = "en"
"""Forms used for a language that CLDR does not know; the lint says so (``locale-unknown``)."""

_ZEROS: Final = {
    "latn": "0",
    "arab": "\u0660",
    "arabext": "\u06f0",
    "beng": "\u09e6",
    "deva": "\u0966",
    "mymr": "\u1040",
    "tibt": "\u0f20",
}
"""Zero of each numbering system that is some locale's default (Unicode, general category Nd)."""


@lru_cache(maxsize=256)
def known(tag: str) -> "Locale | None":
    """The data of the nearest tag that CLDR knows: ``fr-XX`` is served by ``fr``. None when it knows none."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 -- data of some megabytes, only where formats are used

    words = tag.replace("_", "-").split("-")
    while words:
        try:
            return Locale.parse("-".join(words), sep="-")
        except (UnknownLocaleError, ValueError):
            words.pop()
    return None


@lru_cache(maxsize=256)
def data_of(tag: str) -> "Locale":
    """The same, or English forms."""
    found = known(tag) or known(FALLBACK)
    assert found is not None  # noqa: S101 -- Babel without English does not exist
    return found


@lru_cache(maxsize=256)
def digits_of(tag: str) -> tuple[str, dict[int, str] | None]:
    """The numbering system of a language and how its digits replace ours (None: they are ours)."""
    locale = data_of(tag)
    system = locale.default_numbering_system
    zero = _ZEROS.get(system)
    if zero is None or "decimal" not in locale.number_symbols.get(system, ()):
        return "latn", None
    if system == "latn":
        return system, None
    return system, {ord("0") + digit: chr(ord(zero) + digit) for digit in range(10)}


@lru_cache(maxsize=256)
def right_to_left(tag: str) -> bool:
    """Whether the language is written from right to left."""
    found = known(tag)
    return found is not None and found.character_order == "right-to-left"
