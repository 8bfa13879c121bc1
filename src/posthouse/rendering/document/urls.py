"""Addresses in links and pictures: http, https, mailto, tel and posthouse (ours), or an expression that gives one."""

import re
from typing import Final

from posthouse.rendering.document.texts import Shield
from posthouse.rendering.document.writing import Writing

_LINK: Final = re.compile(r"(?:https?://|mailto:|tel:|posthouse:)[^\s<>\"\\]+", re.IGNORECASE)
_PICTURE: Final = re.compile(r"https?://[^\s<>\"\\]+|cid:[a-z0-9][a-z0-9_-]*", re.IGNORECASE)
"""``cid:ticket`` is a code or file that travels with the mail (docs/explain/attachments.md)."""
_AFTER_EXPRESSION: Final = re.compile(r"(?:[^\s<>\"\\:/?#]*[/?#][^\s<>\"\\]*|[^\s<>\"\\:/?#]*)")


def url_problem(url: str, *, picture: bool = False) -> str:
    """What speaks against an address; empty when nothing does. An expression may give its beginning, not a scheme alone."""
    shield = Shield()
    shielded = shield.over(url)
    found = shield.token.match(shielded)
    if found:
        fine = _AFTER_EXPRESSION.fullmatch(shield.token.sub("x", shielded[found.end() :]))
    else:
        fine = (_PICTURE if picture else _LINK).fullmatch(shielded)
    if fine:
        return ""
    kinds = "https://, http:// or cid:" if picture else "https://, http://, mailto: or tel:"
    shown = url if len(url) <= 60 else url[:57] + "…"
    return (
        f"{shown!r} is no address: it must begin with {kinds}, or with an expression that gives it, and has no blanks"
    )


def written_url(writing: Writing, value: str | dict[str, str], pointer: str, *, picture: bool = False) -> str:
    """The address for this locale, checked; not escaped. Empty when refused."""
    url = writing.chosen(value, pointer).strip()
    if (isinstance(value, str) or value) and (problem := url_problem(url, picture=picture)):
        if not writing.problems or not writing.problems[-1].pointer.startswith(pointer):
            writing.refuse(pointer, problem, "url")
        return ""
    return url
