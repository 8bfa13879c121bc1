"""One person as they may stand in a store: every way in which their addresses are written."""

import re
from collections.abc import Iterable, Sequence
from json import dumps
from typing import Final
from urllib.parse import quote

import msgspec

ERASED: Final = "erased"
"""What stands in the place of an address in the middle of other words."""
_BEFORE: Final = (
    r"(?:(?<![\w.+~-])(?<!\w')"
    r"|(?<=\\[bfnrt])|(?<=\\u[0-9a-f]{4})"
    r"|(?<=%[0-9a-f]{2})(?<!%2[bde])(?<!%5f)(?<!%7e))"
)
"""No letter of a longer name: not ``joann``, ``jo.ann``, ``jo+ann`` or ``o'ann``. What looks like a letter may be the end of an escape, of JSON
(``\\n``) or of a URL (``%3D``)."""
_AFTER: Final = r"(?![\w-]|\.\w)"

_DOTLESS: Final = "\u0131"
"""Without regard to case it is an i for `re`, and for nobody else."""


class Person(msgspec.Struct, frozen=True):
    """Whom to remove. ``email`` is in its normal form, ``forms`` are other ways of writing it."""

    email: str = ""
    phone: str = ""
    forms: tuple[str, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """What is looked for."""
        return tuple(dict.fromkeys(filter(None, (self.email, self.phone, *self.forms))))


class Naming:
    """Finds a person in texts, whatever the case. Most texts are plain ASCII and do not name her: those are looked through as C does.

    Args:
        words: every way in which her addresses are written, the longest first.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._pattern = re.compile(f"{_BEFORE}(?:{'|'.join(map(re.escape, words))}){_AFTER}", re.IGNORECASE)
        self._folded = tuple({word.casefold().replace(_DOTLESS, "i") for word in words})

    def search(self, text: str) -> re.Match[str] | None:
        """Where a text names her first."""
        if text.isascii():
            lower = text.lower()
            if not any(word in lower for word in self._folded):
                return None
        return self._pattern.search(text)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Whether a text is one of her addresses, and nothing else."""
        return self._pattern.fullmatch(text)

    def sub(self, instead: str, text: str) -> str:
        """A text with something else where it names her."""
        return self._pattern.sub(instead, text) if self.search(text) is not None else text


def pattern_of(person: Person) -> Naming:
    """Finds the person in any text, as she is written in JSON, in a URL or in quoted-printable too.

    ``joann@shop.example`` is not ``ann@shop.example``, nor is ``ann@shop.example.org``.
    """
    return Naming(_written(person.addresses))


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


def struck(value: object, pattern: Naming) -> object:
    """A value without the person."""
    if isinstance(value, bytes):
        return pattern.sub(ERASED, text_of(value)).encode("utf-8", "surrogateescape")
    return pattern.sub(ERASED, value) if isinstance(value, str) else value
