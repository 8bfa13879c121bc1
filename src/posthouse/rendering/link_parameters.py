"""Parameters that a template adds to its links: ``utm_source`` and others, never twice and never where they would do harm.

A link whose address is known at publish gets them there; others by the filter :func:`link_with` when they are printed.
"""

import html
import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import quote, unquote_plus, urlsplit

from posthouse.rendering.tags import Kind, pieces

SIGNATURES: Final = frozenset(
    {"signature", "sig", "hmac", "x-amz-signature", "x-goog-signature", "x-oss-signature", "googleaccessid", "key-pair-id"}
)  # fmt: skip
"""Query parameters of signed addresses: with one more parameter their signature would be wrong."""
MAX_URL: Final = 8_000
_SCHEME: Final = re.compile(r"https?://", re.IGNORECASE)


def link_with(url: object, excluded: str, *pairs: object) -> str:
    """The address with parameters that it does not have yet; a filter of templates.

    Args:
        url: as the reader would see it.
        excluded: patterns of hosts or of host and path (``*.pay.example``, ``shop.example/cart*``), with blanks between.
        pairs: name, value, name, value…
    """
    address = str(url)
    if _SCHEME.match(address.lstrip()) is None or len(address) > MAX_URL:
        return address
    rest, mark, fragment = address.partition("#")
    query = rest.partition("?")[2]
    names = {unquote_plus(part.partition("=")[0]).lower() for part in query.split("&")} if query else set()
    if names & SIGNATURES or (excluded and _is_excluded(rest, excluded)):
        return address
    added = [
        f"{quote(str(name), safe='')}={quote(str(value), safe='')}"
        for name, value in zip(pairs[::2], pairs[1::2], strict=True)
        if str(name).lower() not in names and str(value)
    ]
    if not added:
        return address
    joint = ("" if rest.endswith(("?", "&")) else "&") if "?" in rest else "?"
    return f"{rest}{joint}{'&'.join(added)}{mark}{fragment}"


LINK_FILTERS: Final = {"link_with": link_with}


def href_with(value: str, parameters: Mapping[str, str], excluded: Sequence[str]) -> str:
    """What stands in an ``href``, as a program that prints it with the parameters; the same when there is nothing to add.

    Args:
        value: program and markup (``&amp;``) between the quotes.
        parameters: programs of values by name.
        excluded: patterns, see :func:`link_with`.
    """
    listed = list(pieces(value))
    plain = all(piece.kind is Kind.LITERAL for piece in listed)
    if (plain and not _SCHEME.match(value.lstrip())) or any(piece.kind is Kind.BLOCK for piece in listed):
        return value
    if plain and not any("{{" in text for text in parameters.values()):
        address = html.unescape(value.strip())
        changed = link_with(address, " ".join(excluded), *[word for pair in parameters.items() for word in pair])
        return value if changed == address else html.escape(changed).replace("&#x27;", "&#39;")
    try:
        words = [
            _text(" ".join(excluded)),
            *[w for name, text in parameters.items() for w in (_text(name), joined(text))],
        ]
        return f"{{{{ ({joined(value, markup=True)})|link_with({', '.join(words)}) }}}}"
    except ValueError:
        return value


def joined(source: str, *, markup: bool = False) -> str:
    """The expression whose value is what a program of texts and expressions prints.

    Raises:
        ValueError: it holds other tags, or a text that cannot be written as a string.
    """
    parts = ['""']
    for piece in pieces(source):
        if piece.kind is Kind.EXPRESSION:
            parts.append(f"({piece.code})")
        elif piece.kind is Kind.LITERAL:
            parts.append(_text(html.unescape(piece.code) if markup else piece.code))
        else:
            raise ValueError("only texts and {{ expressions }} can be parameters")
    return " ~ ".join(parts)


def _text(text: str) -> str:
    """A string of the template language. Backslashes would rule out the wire form."""
    if "\\" in text or "\n" in text or ('"' in text and "'" in text):
        raise ValueError("backslashes, line breaks and two kinds of quotes cannot be written here")
    return f"'{text}'" if '"' in text else f'"{text}"'


def _is_excluded(address: str, excluded: str) -> bool:
    try:
        split = urlsplit(address)
        host = (split.hostname or "").lower()
    except ValueError:
        return True
    return any(
        fnmatchcase(host, pattern) or ("/" in pattern and fnmatchcase(host + split.path, pattern))
        for pattern in excluded.lower().split()
    )
