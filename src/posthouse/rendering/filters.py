"""The filters that templates may use: minijinja's own harmless ones, and ours for amounts and dates.

Left out of minijinja's: ``format`` (one width can ask for gigabytes), ``indent``, ``wordwrap``, ``attr``, ``pprint``.
"""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

REMOVED_FILTERS: Final = ("format", "indent", "wordwrap", "attr", "pprint", "zip", "chain")
REMOVED_GLOBALS: Final = ("debug", "namespace", "lipsum", "cycler", "joiner")

_SYMBOLS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "PLN": "zł", "RUB": "₽"}
_NO_DECIMALS: Final = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})
_MAX_DECIMALS: Final = 12


def number(value: Any, decimals: int | None = None) -> str:
    """``1234.5`` → ``1,234.5``; with ``decimals``, rounded half away from even to that many."""
    amount = _decimal(value)
    if decimals is not None:
        amount = round(amount, max(0, min(int(decimals), _MAX_DECIMALS)))
    return f"{amount:,f}"


def money(value: Any, currency: str = "EUR", decimals: int | None = None) -> str:
    """``1234.5`` → ``€1,234.50``; a currency without a known sign stands after the amount as its code."""
    places = (0 if currency in _NO_DECIMALS else 2) if decimals is None else decimals
    shown = number(value, places)
    sign = _SYMBOLS.get(currency)
    if sign is None:
        return f"{shown}\N{NO-BREAK SPACE}{currency}"
    return f"-{sign}{shown[1:]}" if shown.startswith("-") else sign + shown


def date(value: Any, layout: str = "%d %B %Y") -> str:
    """An ISO 8601 date or instant, or seconds since the epoch (UTC), in a ``strftime`` layout."""
    if isinstance(value, int | float):
        moment = dt.datetime.fromtimestamp(value, dt.UTC)
    else:
        try:
            moment = dt.datetime.fromisoformat(str(value))
        except ValueError:
            raise ValueError(
                f"{str(value)[:40]!r} is not a date; write it as 2026-03-31 or 2026-03-31T10:00:00Z"
            ) from None
    return moment.strftime(str(layout)[:64])


FILTERS: Final[dict[str, Callable[..., str]]] = {"number": number, "money": money, "date": date}


def _decimal(value: Any) -> Decimal:
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{str(value)[:40]!r} is not a number; write it as 1234.50") from None
    if not amount.is_finite() or amount.adjusted() > 30:
        raise ValueError(f"{str(value)[:40]!r} is no amount that can be shown")
    return amount
