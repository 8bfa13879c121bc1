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
_BLOCK: Final = 64
"""Octets that SHA-256 reads at a time."""
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
        # HMAC (RFC 2104) from two hashes that have read the key already: a tenth of hmac.digest, which asks OpenSSL anew each time.
        padded = key.ljust(_BLOCK, b"\0") if len(key) <= _BLOCK else hashlib.sha256(key).digest().ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in padded]) + b"return-path\0")
        self._outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in padded]))

    def make(self, message_id: Id, host: str) -> str:
        """The envelope sender of a message."""
        return f"{PREFIX}+{ids.letters(message_id)}{self._mac(message_id)}@{host}"

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
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message_id)
        outer.update(inner.digest())
        return ids.in_letters(int.from_bytes(outer.digest()[:5], "big"), _MAC_LENGTH // 2)
