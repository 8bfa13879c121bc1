"""Expressions in a text: a translator moves them, and never changes them."""

import re
from collections.abc import Iterator
from typing import Final

_MARK: Final = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def marks_in(text: str) -> tuple[str, ...]:
    """The expressions and tags of a text, in order."""
    return tuple(_MARK.findall(text))


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
