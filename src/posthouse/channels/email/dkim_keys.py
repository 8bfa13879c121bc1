"""Signing keys: making them, keeping them sealed, opening them (RFC 6376 §3.3, RFC 8463)."""

import base64
from collections.abc import Callable
from typing import Final, Protocol

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.workspaces.model import DkimKey
from posthouse.core.workspaces.ports import SecretBox

RSA: Final = "rsa-sha256"
ED25519: Final = "ed25519-sha256"
ALGORITHMS: Final = (RSA, ED25519)
PURPOSE: Final = "dkim"
"""The SecretBox purpose under which private keys (PKCS #8, DER) are sealed."""
_RSA_BITS: Final = 2048
_LEAST_RSA_BITS: Final = 1024


class DkimKeyError(PosthouseError):
    """A DKIM key cannot be used."""

    slug = "dkim-key"


class SignDigest(Protocol):
    """Signs a SHA-256 digest."""

    def __call__(self, digest: bytes, /) -> bytes:
        """The raw signature."""
        ...


def generate_keys(algorithm: str) -> tuple[bytes, str]:
    """A new key pair: the private key (PKCS #8, DER) and the ``p=`` value of its DNS record.

    Args:
        algorithm: ``rsa-sha256`` (2048 bits) or ``ed25519-sha256``.
    """
    if algorithm == RSA:
        rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        return _private_der(rsa_key), rsa_public(rsa_key.public_key())
    if algorithm == ED25519:
        ed_key = ed25519.Ed25519PrivateKey.generate()
        raw = ed_key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return _private_der(ed_key), base64.b64encode(raw).decode()
    raise DkimKeyError(f"{algorithm!r} is not a DKIM algorithm; use one of {', '.join(ALGORITHMS)}.")


def rsa_public(key: rsa.RSAPublicKey) -> str:
    """The ``p=`` value of an RSA key: SubjectPublicKeyInfo, as RFC 6376 errata 3017 has it."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def open_key(key: DkimKey, box: SecretBox) -> SignDigest:
    """A key ready to sign.

    Raises:
        DkimKeyError: sealed by another master key, of another kind than it says, or too short for any receiver.
    """
    try:
        private = box.open(key.private, purpose=PURPOSE)
    except ValueError:
        raise DkimKeyError(
            f"The DKIM key {key.selector!r} was sealed by another master key; start with the one it was made with."
        ) from None
    return digest_signer(key.algorithm, private)


def digest_signer(algorithm: str, private: bytes) -> SignDigest:
    """What signs digests with a private key (PKCS #8, DER). DkimKeyError as in :func:`open_key`."""
    try:
        key = serialization.load_der_private_key(private, password=None)
    except ValueError:
        raise DkimKeyError("A DKIM private key is not PKCS #8 in DER; make a new key.") from None
    if algorithm == RSA and isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < _LEAST_RSA_BITS:
            raise DkimKeyError(
                f"An RSA key of {key.key_size} bits is refused by every receiver (RFC 8301); make one of {_RSA_BITS}."
            )
        return _rsa_signer(key)
    if algorithm == ED25519 and isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign  # RFC 8463 §3: PureEdDSA over the SHA-256 digest
    raise DkimKeyError(f"A DKIM key says it is {algorithm!r} and is something else; make a new key.")


def _rsa_signer(key: rsa.RSAPrivateKey) -> Callable[[bytes], bytes]:
    """RSASSA-PKCS1-v1_5 over a digest that is already there."""
    scheme, algorithm = padding.PKCS1v15(), Prehashed(hashes.SHA256())

    def sign(digest: bytes) -> bytes:
        return key.sign(digest, scheme, algorithm)

    return sign


def _private_der(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
