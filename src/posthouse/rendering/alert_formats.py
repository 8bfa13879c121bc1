"""Numbers in alerts, as CLDR has them."""

from functools import lru_cache

from babel import Locale
from babel.numbers import format_decimal, format_percent


class CldrFormats:
    """Formats of the room of alerts."""

    def number(self, value: float, language: str) -> str:
        """At most one digit after the point."""
        return str(format_decimal(value, format="#,##0.#", locale=language))

    def percent(self, value: float, language: str) -> str:
        """At most two digits after the point."""
        pattern = _locale(language).percent_formats[None].pattern.replace("#,##0", "#,##0.##")
        return str(format_percent(value, format=pattern, locale=language))

    def plural(self, value: float, language: str) -> str:
        """The category."""
        whole = int(value) if float(value).is_integer() else value
        return str(_locale(language).plural_form(whole))


@lru_cache(maxsize=16)
def _locale(language: str) -> Locale:
    return Locale.parse(language)
