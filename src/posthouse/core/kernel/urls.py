"""Addresses of the web that are given one more parameter, where that does no harm."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import quote, unquote_plus, urlsplit

SIGNATURES: Final = frozenset(
    {"signature", "sig", "hmac", "x-amz-signature", "x-goog-signature", "x-oss-signature", "googleaccessid", "key-pair-id"}
)  # fmt: skip
"""Query parameters of signed addresses: with one more parameter their signature would be wrong."""
MAX_URL: Final = 8_000
_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)


def is_web(address: str) -> bool:
    """Whether it begins as an address of the web does."""
    return _SCHEME.match(address.lstrip()) is not None


def with_parameters(address: str, pairs: Iterable[tuple[str, str]]) -> str:
    """The address with parameters that it does not have yet; the same where it is signed, too long, or none of the web.

    Args:
        address: as the reader would see it.
        pairs: name and value of each; empty values are left out.
    """
    if not is_web(address) or len(address) > MAX_URL:
        return address
    rest, mark, fragment = address.partition("#")
    query = rest.partition("?")[2]
    names = {unquote_plus(part.partition("=")[0]).lower() for part in query.split("&")} if query else set()
    if names & SIGNATURES:
        return address
    added = [
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in pairs
        if name.lower() not in names and value
    ]
    if not added:
        return address
    joint = ("" if rest.endswith(("?", "&")) else "&") if "?" in rest else "?"
    return f"{rest}{joint}{'&'.join(added)}{mark}{fragment}"


def matches(address: str, patterns: Sequence[str], *, otherwise: bool) -> bool:
    """Whether an address is of one of some hosts (``*.pay.example``) or hosts and paths (``shop.example/cart*``).

    Args:
        address: of the web.
        patterns: in lower case.
        otherwise: the answer for an address that cannot be read.
    """
    try:
        split = urlsplit(address)
        host = (split.hostname or "").lower()
    except ValueError:
        return otherwise
    return any(
        fnmatchcase(host, pattern) or ("/" in pattern and fnmatchcase(host + split.path, pattern))
        for pattern in patterns
    )
