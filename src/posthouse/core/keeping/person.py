"""One person as they may stand in a store: every way in which their addresses are written."""

import re
from collections.abc import Iterable
from json import dumps
from typing import Final
from urllib.parse import quote

import msgspec

ERASED: Final = "erased"
"""What stands in the place of an address in the middle of other words."""
_BEFORE: Final = r"(?<![\w.+~-])"
_AFTER: Final = r"(?![\w-]|\.\w)"


class Person(msgspec.Struct, frozen=True):
    """Whom to remove. ``email`` is in its normal form, ``forms`` are other ways of writing it."""

    email: str = ""
    phone: str = ""
    forms: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """What is looked for."""
        return tuple(dict.fromkeys(filter(None, (self.email, self.phone, *self.forms))))


def pattern_of(person: Person) -> re.Pattern[str]:
    """Finds the person in any text, whatever the case, as it is written in JSON, in a URL or in quoted-printable too.

    ``joann@shop.example`` is not ``ann@shop.example``, nor is ``ann@shop.example.org``.
    """
    return re.compile(f"{_BEFORE}(?:{'|'.join(map(re.escape, _written(person.addresses)))}){_AFTER}", re.IGNORECASE)


def _written(addresses: Iterable[str]) -> list[str]:
    found: dict[str, None] = {}
    for address in addresses:
        escaped = dumps(address)[1:-1]
        found |= dict.fromkeys(
            (address, escaped, quote(address, safe=""), quote(address, safe="@+"), address.replace("@", "=40"))
        )
    return sorted(found, key=len, reverse=True)


def text_of(value: object) -> str:
    """A value of a column as text; bytes that are none are kept as they are."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def struck(value: object, pattern: re.Pattern[str]) -> object:
    """A value without the person."""
    if isinstance(value, bytes):
        return pattern.sub(ERASED, text_of(value)).encode("utf-8", "surrogateescape")
    return pattern.sub(ERASED, value) if isinstance(value, str) else value
