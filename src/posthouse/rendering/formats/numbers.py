"""Numbers, amounts, percentages and units. Patterns are compiled once for each language; a call takes some microseconds."""

import re
import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from posthouse.rendering.formats.errors import FormatError, unknown, unreadable
from posthouse.rendering.formats.tongue import data_of, digits_of

if TYPE_CHECKING:
    from babel.numbers import NumberPattern

MAX_DECIMALS: Final = 12
_WRITTEN: Final = re.compile(r"[+-]?[0-9]{1,31}(?:\.[0-9]{1,31})?(?:[eE][+-]?[0-9]{1,2})?")
_ROUNDING: Final = Context(prec=80, rounding=ROUND_HALF_UP)
"""Half away from zero, as shops reckon and browsers show (ECMA-402 roundingMode "halfExpand")."""
_LARGEST: Final = 30
_UNIT_STYLES: Final = ("long", "short", "narrow")


class Shape:
    """A compiled number pattern."""

    __slots__ = ("_decimal", "_digits", "_exponent", "_fewest", "_group", "_most", "_negative", "_positive", "_second")

    def __init__(self, tag: str, pattern: "NumberPattern", fewest: int, most: int, symbol: str = "") -> None:
        system, self._digits = digits_of(tag)
        symbols = data_of(tag).number_symbols[system]
        self._fewest, self._most = fewest, most
        self._exponent = Decimal(1).scaleb(-most)
        self._decimal: str = symbols["decimal"]
        self._group: str = symbols["group"]
        primary, self._second = pattern.grouping
        if primary > _LARGEST:
            self._group = ""
        around = [
            (_filled(before, symbols, symbol, left=True), _filled(after, symbols, symbol, left=False))
            for before, after in zip(pattern.prefix, pattern.suffix, strict=True)
        ]
        self._positive, self._negative = around

    def show(self, amount: Decimal) -> str:
        """The number as the language writes it."""
        rounded = amount.quantize(self._exponent, context=_ROUNDING)
        whole, _, fraction = f"{abs(rounded):,f}".partition(".")
        if self._fewest < self._most:
            fraction = fraction.rstrip("0").ljust(self._fewest, "0")
        if "," in whole:
            whole = whole.replace(",", self._group) if self._second == 3 else self._regrouped(whole)
        shown = f"{whole}{self._decimal}{fraction}" if fraction else whole
        if self._digits is not None:
            shown = shown.translate(self._digits)
        before, after = self._negative if rounded < 0 else self._positive
        return f"{before}{shown}{after}"

    def _regrouped(self, whole: str) -> str:
        """Groups of three at the end and of two before (12,34,567)."""
        plain = whole.replace(",", "")
        head, tail = plain[:-3], plain[-3:]
        first = len(head) % self._second
        parts = [head[at : at + self._second] for at in range(first, len(head), self._second)]
        return self._group.join([*([head[:first]] if first else []), *parts, tail])


def decimal_of(name: str, value: Any) -> Decimal:
    """Reads a number: a JSON number, or a text such as ``1234.50``."""
    kind = type(value)
    if kind is int or kind is float or (kind is str and _WRITTEN.fullmatch(value)) or kind is Decimal:
        amount = Decimal(str(value) if kind is float else value)
        if amount.is_finite() and (amount.adjusted() <= _LARGEST):
            return amount
        raise FormatError(name, f"{str(value)[:40]!r} is no amount that can be shown")
    raise unreadable(name, value, "a number", "1234.50")


def number(tag: str, value: Any, decimals: Any = None) -> str:
    """``1234.5`` → ``1,234.5`` (at most three decimals; exactly ``decimals`` when given)."""
    amount = decimal_of("number", value)
    return _number_shape(tag, None if decimals is None else _places("number", decimals)).show(amount)


def percent(tag: str, value: Any, decimals: Any = 0) -> str:
    """``0.25`` → ``25%``."""
    amount = decimal_of("percent", value)
    return _percent_shape(tag, _places("percent", decimals)).show(amount.scaleb(2, context=_ROUNDING))


def money(tag: str, value: Any, currency: Any = None, decimals: Any = None) -> str:
    """``1234.5`` and ``EUR`` → ``€1,234.50``; decimals as the currency has them, unless given."""
    amount = decimal_of("money", value)
    if type(currency) is not str:
        raise FormatError("money", "say which currency: total|money('EUR') or total|money(order.currency)")
    return _money_shape(tag, currency, None if decimals is None else _places("money", decimals)).show(amount)


def unit(tag: str, value: Any, name: Any = None, style: Any = "long", decimals: Any = None) -> str:
    """``5`` and ``kilogram`` → ``5 kilograms`` (``short``: 5 kg), in the grammatical number of the language."""
    amount = decimal_of("unit", value)
    if style not in _UNIT_STYLES:
        raise unknown("unit", "style", style, _UNIT_STYLES, "'short'")
    patterns = _unit_patterns(tag, str(name), style)
    shape = _number_shape(tag, None if decimals is None else _places("unit", decimals))
    form = data_of(tag).plural_form(amount.normalize())
    return (patterns.get(form) or patterns["other"]).replace("{0}", shape.show(amount))


def _places(name: str, decimals: Any) -> int:
    if type(decimals) is not int or not 0 <= decimals <= MAX_DECIMALS:
        raise FormatError(name, f"decimals must be a whole number from 0 to {MAX_DECIMALS}, not {str(decimals)[:40]!r}")
    return decimals


@lru_cache(maxsize=1024)
def _number_shape(tag: str, decimals: int | None) -> Shape:
    pattern = data_of(tag).decimal_formats[None]
    fewest, most = pattern.frac_prec if decimals is None else (decimals, decimals)
    return Shape(tag, pattern, fewest, most)


@lru_cache(maxsize=1024)
def _percent_shape(tag: str, decimals: int) -> Shape:
    return Shape(tag, data_of(tag).percent_formats[None], decimals, decimals)


@lru_cache(maxsize=4096)
def _money_shape(tag: str, currency: str, decimals: int | None) -> Shape:
    from babel.core import get_global  # noqa: PLC0415 -- see tongue.known
    from babel.numbers import get_currency_precision  # noqa: PLC0415

    code, locale = currency.upper(), data_of(tag)
    if code not in get_global("all_currencies"):
        raise unknown("money", "currency (ISO 4217)", currency, get_global("all_currencies"), "money('EUR')")
    places = get_currency_precision(code) if decimals is None else decimals
    pattern = locale.currency_formats["standard"]
    return Shape(tag, pattern, places, places, locale.currency_symbols.get(code, code))


@lru_cache(maxsize=1024)
def _unit_patterns(tag: str, name: str, style: str) -> dict[str, str]:
    locale = data_of(tag)
    units: dict[str, Any] = locale._data["unit_patterns"]  # noqa: SLF001 -- Babel's own functions read it there too
    full = name if name in units else next((known for known in units if known.partition("-")[2] == name), None)
    if full is None:
        names = [known.partition("-")[2] for known in units]
        raise unknown("unit", "unit of CLDR", name, names, "unit('kilogram')")
    found = next((units[full][one] for one in (style, "short", "long") if "other" in units[full].get(one, ())), None)
    if found is None:
        raise FormatError("unit", f"{name!r} is only part of other units; write for example unit('kilogram')")
    return dict(found.items())


def _filled(text: str, symbols: Any, currency: str, *, left: bool) -> str:
    """Prefix or suffix with the language's signs; letters of a currency never touch the digits (CLDR currencySpacing)."""
    for sign, name in (("-", "minusSign"), ("%", "percentSign"), ("+", "plusSign")):
        text = text.replace(sign, symbols.get(name, sign))
    if "\N{CURRENCY SIGN}" not in text:
        return text
    filled = text.replace("\N{CURRENCY SIGN}", currency)
    nearest = text[-1] if left else text[0]
    edge = (currency[-1] if left else currency[0]) if currency else ""
    if nearest == "\N{CURRENCY SIGN}" and edge and unicodedata.category(edge)[0] not in "SZ":
        return f"{filled}\N{NO-BREAK SPACE}" if left else f"\N{NO-BREAK SPACE}{filled}"
    return filled


NUMBERS: Final[dict[str, Callable[..., str]]] = {"number": number, "percent": percent, "money": money, "unit": unit}
"""Filters by name; each takes the language tag first."""
