"""One person as they may stand in a store: every way in which their addresses are written."""

import re
from collections.abc import Iterable, Sequence
from json import dumps
from typing import Final
from urllib.parse import quote

import msgspec

from posthouse.core.keeping import spelling
from posthouse.core.keeping.encodings import Encoded

ERASED: Final = "erased"
"""What stands in the place of an address in the middle of other words."""


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
    """Finds a person in texts, whatever the case. Most texts do not name her: those are looked through as C does.

    Args:
        addresses: hers.
        words: every way in which they are written as a whole, the longest first.
    """

    def __init__(self, addresses: Sequence[str], words: Sequence[str]) -> None:
        self._pattern = spelling.plainly(words)
        self._escaped = spelling.escaped(addresses)
        self._encoded = Encoded(addresses, words)
        self._folded = tuple({spelling.folded(word) for word in words})

    def names(self, text: str) -> bool:
        """Whether a text names her, in whatever form."""
        return self._says(text) or self._says_escaped(text) or self._encoded.names(text)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Whether a text is one of her addresses, and nothing else."""
        return self._pattern.fullmatch(text)

    def sub(self, instead: str, text: str) -> str:
        """A text with something else where it names her."""
        if self._says(text):
            text = self._pattern.sub(instead, text)
        if self._says_escaped(text):
            text = self._escaped.sub(instead, text)
        return self._encoded.sub(text) if self._encoded.names(text) else text

    def _says(self, text: str) -> bool:
        return self._may_say(text) and self._pattern.search(text) is not None

    def _says_escaped(self, text: str) -> bool:
        plain = spelling.unescaped(text)
        return plain != text and self._may_say(plain) and self._escaped.search(text) is not None

    def _may_say(self, text: str) -> bool:
        seen = spelling.folded(text)
        return any(word in seen for word in self._folded)


def pattern_of(person: Person) -> Naming:
    """Finds the person in any text, as she is written in JSON, HTML or a URL, in quoted-printable, in base64 or hexadecimal, and by plain digests.

    ``joann@shop.example`` is not ``ann@shop.example``, nor is ``ann@shop.example.org``.
    """
    return Naming(person.addresses, _written(person.addresses))


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
