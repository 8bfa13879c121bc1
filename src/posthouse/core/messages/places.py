"""Where a search looks on, as others are told it.

After a page that ended before the filters had found enough, that place is the identifier of a message which need not be of the same
workspace: so it is shown as 16 bytes that say nothing, a permutation of identifiers by a secret key (a Feistel network of four
rounds, Luby and Rackoff 1988). It need not be proved ours: an invented place is one, and shows nothing that the filters would not.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Final

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import InvalidIdError
from posthouse.core.kernel.ids import Id

PURPOSE: Final = "search places"
PREFIX: Final = "plc"
_ROUNDS: Final = range(4)
_HALF: Final = 8


class Places:
    """Shows and reads places.

    Args:
        key: secret, 32 bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def show(self, message_id: Id) -> str:
        """A place, for others."""
        left, right = message_id[:_HALF], message_id[_HALF:]
        for number in _ROUNDS:
            left, right = right, _mixed(left, self._round(number, right))
        return ids.show(PREFIX, left + right)

    def read(self, word: str) -> Id:
        """The place again; an identifier of a message is one too. InvalidIdError: it is neither."""
        if word.startswith(f"{ids.MESSAGE}_"):
            return ids.read(ids.MESSAGE, word)
        try:
            shown = ids.read(PREFIX, word)
        except InvalidIdError:
            raise InvalidIdError(word, ids.MESSAGE) from None
        left, right = shown[:_HALF], shown[_HALF:]
        for number in reversed(_ROUNDS):
            left, right = _mixed(right, self._round(number, left)), left
        return left + right

    def _round(self, number: int, half: bytes) -> bytes:
        return blake2b(bytes([number]) + half, digest_size=_HALF, key=self._key).digest()


def places_by(derive: Callable[[str], bytes]) -> Places:
    """With the key of the house, which ``derive`` makes for a purpose."""
    return Places(derive(PURPOSE))


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
