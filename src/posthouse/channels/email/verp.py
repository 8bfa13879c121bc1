"""Variable envelope return paths: a bounce says by its address which message it is about, and cannot be made up."""

import hashlib
import hmac
import re
from typing import Final

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import InvalidIdError
from posthouse.core.kernel.ids import Id

PREFIX: Final = "bounce"
PURPOSE: Final = "return-paths"
"""What the key of the return paths is derived for from the master key."""
_MAC_LENGTH: Final = 8
_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_ADDRESS: Final = re.compile(
    rf"{PREFIX}\+([{_ALPHABET}]{{26}})([{_ALPHABET}]{{{_MAC_LENGTH}}})@[a-z0-9.-]+", re.IGNORECASE
)


class ReturnPaths:
    """Makes and reads return paths: ``bounce+<26 characters of the message's id><8 of its MAC>@<return path host>``.

    The MAC is 40 bits of HMAC-SHA-256: a stranger who guesses a valid one needs some 2^39 mails. Letters' case does
    not matter, since servers on the way may change it; the local part has 41 octets (RFC 5321 §4.5.3.1.1 allows 64).

    Args:
        key: at least 16 secret bytes, the same on every machine that sends or takes bounces.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("The key of the return paths needs at least 16 bytes.")
        self._key = key

    def make(self, message_id: Id, host: str) -> str:
        """The envelope sender of a message."""
        return f"{PREFIX}+{ids.show('', message_id)[1:]}{self._mac(message_id)}@{host}"

    def parse(self, address: str) -> Id | None:
        """The message that a return path belongs to; None when it is not one of ours."""
        found = _ADDRESS.fullmatch(address)
        if found is None:
            return None
        try:
            message_id = ids.read("", "_" + found[1].lower())
        except InvalidIdError:
            return None
        return message_id if hmac.compare_digest(found[2].lower(), self._mac(message_id)) else None

    def _mac(self, message_id: Id) -> str:
        digest = hmac.digest(self._key, b"return-path\0" + message_id, hashlib.sha256)
        value = int.from_bytes(digest[:5], "big")
        return "".join([_ALPHABET[(value >> shift) & 31] for shift in range(35, -1, -5)])
