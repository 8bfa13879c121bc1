"""Expressions in a text: a translator moves them, and changes of them the words between quotes only."""

import re
from collections.abc import Iterator
from typing import Final

_MARK: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_SIGN: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[()]", re.DOTALL)
_CALLED: Final = re.compile(r"\|\s*([a-z_]+)\s*$")
_WORDY: Final = re.compile("plural|default|d|join|list|replace")
"""Filters that are given words; what they are given is not compared."""


def marks_in(text: str) -> tuple[str, ...]:
    """The expressions and tags of a text, in order."""
    return tuple(_MARK.findall(text))


def meaning_of(mark: str) -> str:
    """An expression without the words in it, which are another language's in every translation.

    ``{{ 'Hello ' ~ name }}`` and ``{{ 'Bonjour ' ~ name }}`` mean the same, and so do two plurals; ``money('EUR')`` and ``money('USD')`` do not.
    """
    made, inside = list[str](), [""]
    at = 0
    for found in _SIGN.finditer(mark):
        sign, between = found[0], mark[at : found.start()]
        if _WORDY.fullmatch(inside[-1]) is None:
            made.append(between)
        if sign == "(":
            called = _CALLED.search(between)
            outer = inside[-1] if _WORDY.fullmatch(inside[-1]) else ""
            inside.append(outer or (called[1] if called else ""))
            made.append("(")
        elif sign == ")":
            inside = inside[:-1] or [""]
            made.append(")")
        elif inside[-1] and not _WORDY.fullmatch(inside[-1]):
            made.append(sign)  # a currency, a skeleton of a date
        elif not inside[-1]:
            made.append("''")
        at = found.end()
    return "".join("".join([*made, mark[at:]]).split())


def parts_of(text: str) -> Iterator[tuple[bool, str]]:
    """A text in pieces: (whether it is an expression, the piece)."""
    at = 0
    for found in _MARK.finditer(text):
        if found.start() > at:
            yield False, text[at : found.start()]
        yield True, found[0]
        at = found.end()
    if at < len(text):
        yield False, text[at:]
