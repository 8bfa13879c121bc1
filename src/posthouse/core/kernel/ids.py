"""Identifiers: UUID version 7 (RFC 9562 §5.7), 16 bytes inside, a prefixed word outside.

Outside, an identifier is a *TypeID*: a prefix that names the kind and 26 characters of Crockford's
base 32 in lower case (``msg_01jd…``). Both forms sort by time of creation.
"""

import os
import threading
from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from posthouse.core.kernel.errors import InvalidIdError

Id: TypeAlias = bytes
"""Sixteen bytes, big-endian."""

IdSource: TypeAlias = Callable[[], Id]

_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_VALUE_OF: Final = {letter: value for value, letter in enumerate(_ALPHABET)}
_PAIRS: Final = [a + b for a in _ALPHABET for b in _ALPHABET]
_WORD_LENGTH: Final = 26
_MAX: Final = 1 << 128
_RANDOM_BLOCK: Final = 4096

MESSAGE: Final = "msg"
WORKSPACE: Final = "ws"
KEY: Final = "key"
TEMPLATE: Final = "tpl"
RELEASE: Final = "rel"
DOMAIN: Final = "dom"
PROVIDER: Final = "prv"
ROUTE: Final = "rte"
ITEM: Final = "itm"
PUBLICATION: Final = "pub"
UPLOAD: Final = "upl"
WEBHOOK: Final = "whk"
ATTEMPT: Final = "att"
SUPPRESSION: Final = "sup"
CONVERSION: Final = "cnv"
ERASURE: Final = "era"
CONTACT: Final = "con"
ALERT: Final = "alr"
NOTICE: Final = "ntc"


class Uuid7Source:
    """Makes UUIDv7 identifiers that never go backwards within a process.

    A 12-bit counter fills ``rand_a`` (RFC 9562 §6.2, method 1): identifiers made within one millisecond, or
    while the clock stands still or steps back, still sort in the order they were made.

    Args:
        now: gives microseconds since the Unix epoch.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._last = 0
        self._pool = b""
        self._at = 0
        self._lock = threading.Lock()

    def __call__(self) -> Id:
        """One new identifier."""
        with self._lock:
            ticks = (self._now() // 1000) << 12
            self._last = ticks = ticks if ticks > self._last else self._last + 1
            if self._at + 8 > len(self._pool):
                self._pool, self._at = os.urandom(_RANDOM_BLOCK), 0
            tail = int.from_bytes(self._pool[self._at : self._at + 8], "big") & 0x3FFF_FFFF_FFFF_FFFF
            self._at += 8
        head = ((ticks >> 12) << 16) | 0x7000 | (ticks & 0xFFF)
        return ((head << 64) | 0x8000_0000_0000_0000 | tail).to_bytes(16, "big")


def milliseconds_of(identifier: Id) -> int:
    """Milliseconds since the Unix epoch at which a UUIDv7 was made."""
    return int.from_bytes(identifier[:6], "big")


def lowest_at(milliseconds: int) -> Id:
    """The lowest UUIDv7 of a millisecond: the bound for a search by time."""
    return (max(0, milliseconds) & 0xFFFF_FFFF_FFFF).to_bytes(6, "big") + b"\x70\x00\x80" + bytes(7)


def show(prefix: str, identifier: Id) -> str:
    """The outside form, ``prefix_`` and 26 characters."""
    return f"{prefix}_{letters(identifier)}"


@lru_cache(maxsize=1024)
def letters(identifier: Id) -> str:
    """The 26 characters. Remembered: a message is named several times while it is sent, its provider in each."""
    return in_letters(int.from_bytes(identifier, "big"), 13)


def in_letters(number: int, pairs: int) -> str:
    """A number of at most ``10 * pairs`` bits in base 32, two letters for each ten bits."""
    two = _PAIRS
    return "".join([two[(number >> shift) & 1023] for shift in range(10 * (pairs - 1), -1, -10)])


def read(prefix: str, word: str) -> Id:
    """The inside form of what :func:`show` wrote.

    Raises:
        InvalidIdError: another prefix, another length, a character outside the alphabet or a number over 128 bits.
    """
    kind, _, letters = word.rpartition("_")
    if kind != prefix or len(letters) != _WORD_LENGTH:
        raise InvalidIdError(word, prefix)
    value = number_of(letters)
    if value is None or value >= _MAX:
        raise InvalidIdError(word, prefix)
    return value.to_bytes(16, "big")


def number_of(letters: str) -> int | None:
    """The number that :func:`in_letters` wrote; None for a character outside the alphabet."""
    value = 0
    for letter in letters:
        digit = _VALUE_OF.get(letter)
        if digit is None:
            return None
        value = value << 5 | digit
    return value
