"""Tokens: what an address in a mail says about itself, signed, so that nothing is written down when a mail is sent.

Forty letters of base64url (RFC 4648 §5) are thirty octets: two for the generation of the key, sixteen for the message, three
for the place (what kind of address it is, its number, its occurrence), nine for the MAC.

All addresses of a message share few HMACs: one HMAC-SHA-512 over message and group gives the MACs of seven numbers, nine octets each
(a key derivation in counter mode, NIST SP 800-108). A stranger who guesses needs some 2^71 requests.
"""

import binascii
import enum
import hmac
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from posthouse.core.kernel.ids import Id

LENGTH: Final = 40
PURPOSE: Final = "tracking"
"""What the keys are derived for from the master key, with the number of the generation behind it."""
MAX_NUMBER: Final = 2**11 - 1
MAX_OCCURRENCE: Final = 2**10 - 1
MAX_GENERATION: Final = 2**16 - 1
_MAC: Final = 9
_A_GROUP: Final = 64 // _MAC
_HEAD: Final = 18
_WORD: Final = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}")
_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")
_USUAL: Final = bytes.maketrans(b"-_", b"+/")
_ALL_MACS: Final = _A_GROUP * _MAC
MAC_LETTERS: Final = _MAC // 3 * 4


class Kind(enum.IntEnum):
    """What an address in a mail does. Each has its letter in the path."""

    OPEN = 0
    CLICK = 1
    UNSUBSCRIBE = 2
    PREFERENCES = 3
    VIEW = 4
    RATING = 5
    CONVERSION = 6
    """No address in a mail: what a click carries on to the shop (``ph_cid``)."""

    @property
    def path(self) -> str:
        """What the path begins with: ``/c/``."""
        return PATHS[self]


PATHS: Final = {
    Kind.OPEN: "/o/",
    Kind.CLICK: "/c/",
    Kind.UNSUBSCRIBE: "/u/",
    Kind.PREFERENCES: "/p/",
    Kind.VIEW: "/v/",
    Kind.RATING: "/r/",
    Kind.CONVERSION: "/k/",
}


class Token(NamedTuple):
    """What a token says. ``number`` is that of a link or rating in the release; ``occurrence`` tells links in a loop apart, or is the score."""

    message_id: Id
    kind: Kind
    number: int = 0
    occurrence: int = 0
    generation: int = 1


class Tokens:
    """Makes and reads tokens.

    Args:
        derive: gives the key of a purpose (at least 32 octets), the same on every machine.
        generation: of the key that new tokens are made with; older ones go on being read.
        oldest: the oldest generation that is still read.
    """

    def __init__(self, derive: Callable[[str], bytes], *, generation: int = 1, oldest: int = 1) -> None:
        if not 1 <= oldest <= generation <= MAX_GENERATION:
            raise ValueError(f"key generations go from 1 to {MAX_GENERATION}, the oldest not after the newest")
        self._derive = derive
        self._generation = generation
        self._oldest = oldest
        self._prefix = generation.to_bytes(2, "big")
        self._keys: dict[int, bytes] = {}

    def make(self, message_id: Id, kind: Kind, number: int = 0, occurrence: int = 0) -> str:
        """One token."""
        return self.many(message_id, [_place(kind, number, occurrence)])[0]

    def many(self, message_id: Id, places: Sequence[int]) -> list[str]:
        """Tokens of several places of one message (see :func:`place`); they share their HMACs."""
        layouts = [layout(where) for where in places]
        groups = list(dict.fromkeys([group for group, _, _ in layouts]))
        begin, macs = self.parts(message_id, groups)
        by_group = dict(zip(groups, macs, strict=True))
        return [f"{begin}{shown}{by_group[group][at : at + MAC_LETTERS]}" for group, shown, at in layouts]

    def parts(self, message_id: Id, groups: Sequence[int]) -> tuple[str, list[str]]:
        """What tokens of a message are made of: the letters that all begin with, and for each group the letters of its MACs.

        A token is the beginning, the letters of its place, and of its group :data:`MAC_LETTERS` from where :func:`layout` says.
        """
        head = self._prefix + message_id
        key = self._key(self._generation)
        return _letters(head), [_letters(_macs(key, head, group)[:_ALL_MACS]) for group in groups]

    def read(self, word: str) -> Token | None:
        """What a token says; None when it is none of ours."""
        if _WORD.fullmatch(word) is None:
            return None
        octets = binascii.a2b_base64(word.encode().translate(_USUAL))
        generation = int.from_bytes(octets[:2], "big")
        if not self._oldest <= generation <= self._generation:
            return None
        head, place, mac = octets[:_HEAD], int.from_bytes(octets[_HEAD:21], "big"), octets[21:]
        group, slot = _group_of(place)
        macs = _macs(self._key(generation), head, group)
        if not hmac.compare_digest(mac, macs[slot * _MAC : (slot + 1) * _MAC]) or place >> 21 not in PATHS:
            return None
        number, occurrence = place >> 10 & MAX_NUMBER, place & MAX_OCCURRENCE
        return Token(octets[2:_HEAD], Kind(place >> 21), number, occurrence, generation)

    def _key(self, generation: int) -> bytes:
        key = self._keys.get(generation)
        if key is None:
            key = self._keys[generation] = self._derive(f"{PURPOSE} {generation}")
        return key


def place(kind: Kind, number: int = 0, occurrence: int = 0) -> int:
    """An address of a message as one number of 24 bits.

    Raises:
        ValueError: number or occurrence is out of range.
    """
    if not 0 <= number <= MAX_NUMBER or not 0 <= occurrence <= MAX_OCCURRENCE:
        raise ValueError(f"a mail has at most {MAX_NUMBER + 1} links, each at most {MAX_OCCURRENCE + 1} times")
    return kind << 21 | number << 10 | occurrence


_place: Final = place


def _group_of(where: int) -> tuple[int, int]:
    """The group of places that share an HMAC, and which of its MACs is this one's."""
    slot = (where >> 10 & MAX_NUMBER) % _A_GROUP
    return where - (slot << 10), slot


@lru_cache(maxsize=4096)
def layout(where: int) -> tuple[int, str, int]:
    """The group of a place, its letters, and where the letters of its MAC begin among those of the group."""
    group, slot = _group_of(where)
    return group, _letters(where.to_bytes(3, "big")), slot * MAC_LETTERS


def _letters(octets: bytes) -> str:
    """base64url; the number of octets is a multiple of three, so nothing is padded."""
    return binascii.b2a_base64(octets, newline=False).translate(_URLSAFE).decode()


def _macs(key: bytes, head: bytes, group: int) -> bytes:
    return hmac.digest(key, head + group.to_bytes(3, "big"), "sha512")
