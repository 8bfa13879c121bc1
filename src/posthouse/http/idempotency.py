"""The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header)."""

import re
from typing import Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.messages.submission import Submission
from posthouse.http.auth import Headers
from posthouse.http.errors import BadRequestError

MAX_KEY: Final = 255
_QUOTED: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BARE: Final = re.compile(r"[!#-~]+")


def header_key(headers: Headers) -> str | None:
    """The key of a request: an RFC 8941 string (``"abc"``) or the bare word that most clients send.

    Raises:
        BadRequestError: it is empty, longer than 255 characters, or has others than visible ASCII.
    """
    value = headers.get(b"idempotency-key")
    if value is None:
        return None
    word = value.decode("latin-1").strip()
    quoted = _QUOTED.fullmatch(word)
    key = re.sub(r"\\(.)", r"\1", quoted.group(1)) if quoted else word
    if not 1 <= len(key) <= MAX_KEY or not (quoted or _BARE.fullmatch(word)):
        raise BadRequestError(
            f"Idempotency-Key must have 1 to {MAX_KEY} visible ASCII characters; a random UUID is a good one."
        )
    return key


def with_key(submission: Submission, key: str) -> Submission:
    """The submission with the key of the header.

    Raises:
        ValidationError: it has another one of its own.
    """
    own = submission.idempotency_key
    if own is None:
        return msgspec.structs.replace(submission, idempotency_key=key)
    if own != key:
        problem = FieldProblem(
            "/idempotency_key", "differs from the Idempotency-Key header; send one of them", "idempotency-key"
        )
        raise ValidationError("Two different idempotency keys.", fields=[problem])
    return submission
