"""The secret box: seals what stands in the store, with a master key that never does."""

import hashlib
import hmac
import os
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE: Final = 12
_VERSION: Final = b"\x01"


class MasterKeyBox:
    """SecretBox over AES-256-GCM (NIST SP 800-38D) with keys derived from one master key (HKDF, RFC 5869).

    Args:
        master: 32 bytes.
        random: gives random bytes.
    """

    def __init__(self, master: bytes, random: Callable[[int], bytes] = os.urandom) -> None:
        self._master = master
        self._random = random
        self._cipher = AESGCM(self.derive("seal"))
        self._hash_key = self.derive("api-keys")

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose; knowing it tells nothing of the others."""
        return HKDF(SHA256(), 32, salt=None, info=b"posthouse " + purpose.encode()).derive(self._master)

    def seal(self, secret: bytes, *, purpose: str) -> bytes:
        """Encrypted and authenticated, bound to its purpose."""
        nonce = self._random(_NONCE)
        return _VERSION + nonce + self._cipher.encrypt(nonce, secret, purpose.encode())

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """The secret again.

        Raises:
            ValueError: it was sealed by another master key or for another purpose.
        """
        if sealed[:1] != _VERSION:
            raise ValueError("not sealed by this version of Posthouse")
        nonce, rest = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return self._cipher.decrypt(nonce, rest, purpose.encode())
        except InvalidTag:
            raise ValueError(
                "a secret in the store was sealed with another master key: put the right secret.key in place"
            ) from None

    def digest(self, secret: str) -> bytes:
        """Keyed hash of a secret that has 256 bits of its own."""
        return hmac.digest(self._hash_key, secret.encode(), hashlib.sha256)
