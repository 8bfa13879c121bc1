"""Answers of the hot doors, before they are bytes on a wire."""

from typing import Final, NamedTuple

from posthouse.core.kernel.errors import PosthouseError
from posthouse.http import problems

RawHeaders = list[tuple[bytes, bytes]]

JSON: Final = (b"content-type", b"application/json")
PROBLEM: Final = (b"content-type", problems.MEDIA_TYPE.encode())
SECURITY: Final[RawHeaders] = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
"""For everything that is not a page for people."""


class Reply(NamedTuple):
    """Status, headers (without length, security and request id) and body."""

    status: int
    headers: RawHeaders
    body: bytes
    problem: str = ""
    """The slug of the problem that this is."""


def of_error(error: PosthouseError, request_id: str) -> Reply:
    """The reply to a request that was refused."""
    extra = [(name.encode(), value.encode("latin-1", "replace")) for name, value in problems.headers(error).items()]
    return Reply(error.status, [PROBLEM, *extra], problems.encode(error, request_id), error.slug)
