"""Uploads: a file is kept under its SHA-256, so its identifier needs no table of its own.

``upl_`` and the hexadecimal digest, a dash, the size in bytes. Whoever knows a file's digest has the file; and a workspace only ever
finds what it uploaded itself.
"""

import hashlib
import re
from typing import Final

import msgspec

_SHAPE: Final = re.compile(r"upl_([0-9a-f]{64})-([0-9]{1,10})")


class Upload(msgspec.Struct, frozen=True):
    """A file that messages may attach."""

    id: str
    name: str
    type: str
    size: int


def make_upload_id(data: bytes) -> tuple[str, bytes]:
    """The identifier of these bytes, and their digest."""
    digest = hashlib.sha256(data).digest()
    return upload_id(digest, len(data)), digest


def upload_id(digest: bytes, size: int) -> str:
    """The identifier of a file that is kept."""
    return f"upl_{digest.hex()}-{size}"


def read_upload_id(word: str) -> tuple[bytes, int]:
    """Digest and size.

    Raises:
        ValueError: it is no identifier of an upload.
    """
    match = _SHAPE.fullmatch(word)
    if match is None:
        raise ValueError("not the id of an upload; send the file to POST /v1/uploads and use the id in the answer")
    return bytes.fromhex(match[1]), int(match[2])
