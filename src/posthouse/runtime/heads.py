"""What the head of a request may say, so that whoever stands between us and the client reads it as we do (RFC 9112).

The parser refuses most of what can be read in two ways: folded lines, bare LF and CR, blanks before colons, both lengths at once, lengths that
are no plain number. What it lets pass is refused here.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from posthouse.http.errors import BadRequestError, HeadTooLargeError, HttpError, UnknownCodingError

MOST_LINES: Final = 100
MOST_HEAD: Final = 65_536
"""Octets of a head."""

_HOST: Final = b"host"
_CODING: Final = b"transfer-encoding"
_KNOWN: Final = frozenset({"1.1", "1.0"})
_AUTHORITY: Final = re.compile(rb"(?:[\w.~!$&'()+,;=%*-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?[ \t]*")
"""``uri-host [":" port]`` (RFC 9110 §7.2). It may be empty, where the client knows no name."""

_LONGEST_AUTHORITY: Final = 300

Lines = Sequence[tuple[bytes, bytes]]


def refusal_of(version: str, lines: Lines) -> HttpError | None:
    """Why nothing can be made of a head; None where all is well.

    Args:
        version: that of HTTP, as the request's first line says it.
        lines: names in lower case, and values.
    """
    by_name = dict(lines)
    host = by_name.get(_HOST)
    if len(by_name) == len(lines) <= MOST_LINES and _CODING not in by_name and version == "1.1" and host is not None:
        return None if len(host) <= _LONGEST_AUTHORITY and _is_authority(host) else _bad_host()
    return _look_closely(version, lines)


def _look_closely(version: str, lines: Lines) -> HttpError | None:
    if len(lines) > MOST_LINES:
        return HeadTooLargeError(f"A request may have {MOST_LINES} header lines; send fewer.")
    if version not in _KNOWN:
        return BadRequestError("Only HTTP/1.1 and HTTP/1.0 are spoken here; ask with one of them.")
    hosts = [value for name, value in lines if name == _HOST]
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        return BadRequestError(f"There are {len(hosts)} Host headers; send exactly one (RFC 9112 §3.2).")
    if hosts and not (len(hosts[0]) <= _LONGEST_AUTHORITY and _is_authority(hosts[0])):
        return _bad_host()
    return _refusal_of_coding(version, [value.strip().lower() for name, value in lines if name == _CODING])


@lru_cache(maxsize=64)
def _is_authority(value: bytes) -> bool:
    return _AUTHORITY.fullmatch(value) is not None


def _bad_host() -> HttpError:
    return BadRequestError("The header Host must be a name or an address, with or without a port (RFC 9110 §7.2).")


def _refusal_of_coding(version: str, codings: Sequence[bytes]) -> HttpError | None:
    """A body whose end we and others would see in different places is not read."""
    if codings and version != "1.1":
        return BadRequestError("HTTP/1.0 knows no Transfer-Encoding; send Content-Length, or HTTP/1.1 (RFC 9112 §6.1).")
    if codings not in ([], [b"chunked"]):
        return UnknownCodingError("The only Transfer-Encoding understood is chunked, alone and once (RFC 9112 §6.1).")
    return None


def is_long(target: bytes, lines: Lines) -> bool:
    """Whether a head has more octets than it may have."""
    return len(target) + sum(len(name) + len(value) + len(": \r\n") for name, value in lines) > MOST_HEAD


def too_long() -> HttpError:
    """What is said then."""
    return HeadTooLargeError(f"The head of a request may have {MOST_HEAD:,} bytes; send less.")
