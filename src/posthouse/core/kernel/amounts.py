"""Amounts of money: whole millionths of a currency's unit, so that sums are exact in every currency."""

import re
from typing import Final

MICRO: Final = 1_000_000
_AMOUNT: Final = re.compile(r"(\d{1,12})(?:\.(\d{1,6}))?")


def read_amount(word: str) -> int:
    """Millionths of ``49.90``.

    Raises:
        ValueError: it is no amount.
    """
    found = _AMOUNT.fullmatch(word) if word.isascii() else None
    if found is None:
        raise ValueError('write a decimal number with a point, such as "49.90", up to 12 digits before and 6 after it')
    return int(found[1]) * MICRO + int((found[2] or "").ljust(6, "0"))


def show_amount(amount: int) -> str:
    """``49.90``: at least two decimals, no more than it has."""
    whole, rest = divmod(amount, MICRO)
    return f"{whole}.{f'{rest:06d}'.rstrip('0'):0<2}"
