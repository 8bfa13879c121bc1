"""Errors as the world sees them: problem documents (RFC 9457)."""

from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem, PosthouseError, TooOftenError
from posthouse.http.errors import HttpError

MEDIA_TYPE: Final = "application/problem+json"
PATH: Final = "/problems/"
MOST: Final = 200
"""Bad fields that an answer names: a request of some megabytes gets no answer of some more."""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """A problem document. ``errors`` names each bad field by its JSON pointer (RFC 6901)."""

    type: str
    title: str
    status: int
    detail: str = ""
    request_id: str = ""
    """What to quote when asking for help."""
    errors: tuple[FieldProblem, ...] = ()


def document(error: PosthouseError, request_id: str = "") -> Problem:
    """The problem document of an error."""
    return Problem(
        type=PATH + error.slug,
        title=error.title(),
        status=error.status,
        detail=error.detail
        if len(error.fields) <= MOST
        else f"{error.detail} (of {len(error.fields)} the first {MOST})",
        request_id=request_id,
        errors=error.fields[:MOST],
    )


def encode(error: PosthouseError, request_id: str = "") -> bytes:
    """The same as JSON. Text that came from outside and is no proper Unicode is shown with replacement characters."""
    problem = document(error, request_id)
    try:
        return msgspec.json.encode(problem)
    except UnicodeEncodeError:
        return msgspec.json.encode(_cleaned(msgspec.to_builtins(problem)))


def headers(error: PosthouseError) -> dict[str, str]:
    """The headers that belong to an error, names in lower case."""
    if isinstance(error, HttpError):
        return error.headers
    if isinstance(error, TooOftenError):
        return {"retry-after": str(error.wait)}
    return {"retry-after": "1"} if error.status == 503 else {}


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(item) for item in value]
    return value
