"""Where a touch on a telephone may lead."""

import re
from typing import Final

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_NEVER: Final = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "intent", "content"})
"""Schemes that run something, or reach into the telephone, instead of showing something."""
_BLANK: Final = re.compile(r"[\x00-\x20\x7f]")


def link_problem(link: str) -> str:
    """What speaks against an address, empty when nothing does: https, or a scheme that an application has for itself."""
    if _BLANK.search(link):
        return f"the address {link[:80]!r} holds blanks or control characters"
    found = _SCHEME.match(link)
    if found is None:
        return f"the address {link[:80]!r} has no scheme; write https://… or the application's own, such as shop://…"
    if found[1].lower() in _NEVER:
        return f"addresses that begin with {found[1]}: are not allowed"
    return ""
