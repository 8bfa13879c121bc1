"""Signatures after the Standard Webhooks specification: HMAC-SHA256 over ``id.timestamp.body``, in base64, as ``v1,…``."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
"""The specification asks for 24 to 64."""


def show_secret(secret: bytes) -> str:
    """``whsec_`` and base64."""
    return PREFIX + base64.b64encode(secret).decode()


def read_secret(word: str) -> bytes:
    """The bytes of a shown secret.

    Raises:
        ValueError: it is none.
    """
    try:
        secret = base64.b64decode(word.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("not a webhook secret: whsec_ and base64") from None
    if not word.startswith(PREFIX) or not 24 <= len(secret) <= 64:
        raise ValueError("not a webhook secret: whsec_ and 24 to 64 bytes in base64")
    return secret


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature; ``timestamp`` in seconds since the epoch."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def headers(secrets: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers; with several secrets (a rotation) every one of them signs."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, message_id, timestamp, body) for secret in secrets),
    }
