"""Answers of the hot doors, before they are bytes on a wire."""

import re
from http import HTTPStatus
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
    security: RawHeaders = SECURITY
    """What a page for people may do is another thing."""


_NOT_IN_A_VALUE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_STATUS: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_SAME: Final = b"".join(b"%b: %b\r\n" % header for header in SECURITY)
CLOSE: Final = (b"connection", b"close")


def wire(reply: Reply, request_id: str) -> bytes:
    """A reply as it stands on the wire (RFC 9112 §4).

    Raises:
        ValueError: a header would break its line.
    """
    usual = reply.security is SECURITY
    lines = [_STATUS[reply.status], _SAME if usual else b""]
    for header in reply.headers if usual else (*reply.headers, *reply.security):
        if _NOT_IN_A_VALUE.search(header[1]):
            raise ValueError(f"a control character in the header {header[0]!r}")
        lines.append(b"%b: %b\r\n" % header)
    lines.append(b"content-length: %d\r\nx-request-id: %b\r\n\r\n" % (len(reply.body), request_id.encode()))
    lines.append(reply.body)
    return b"".join(lines)


def stays_open(reply: Reply) -> bool:
    """Whether the connection may serve another request after it."""
    return CLOSE not in reply.headers


def closing(answer: bytes) -> bytes:
    """The same answer on the wire, saying that the connection ends with it."""
    line, end, rest = answer.partition(b"\r\n")
    return answer if b"\r\nconnection: close\r\n" in answer else line + end + b"connection: close\r\n" + rest


def of_error(error: PosthouseError, request_id: str) -> Reply:
    """The reply to a request that was refused."""
    extra = [(name.encode(), value.encode("latin-1", "replace")) for name, value in problems.headers(error).items()]
    return Reply(error.status, [PROBLEM, *extra], problems.encode(error, request_id), error.slug)
