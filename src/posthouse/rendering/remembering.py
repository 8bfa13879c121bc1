"""Answers that are asked for again and again while programs are compiled: the same tags and pieces stand in every mail of a theme."""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_LONGEST: Final = 3_000
"""Characters of a text that is remembered: what somebody sends must not fill the memory."""


def remembered(most: int, longest: int = _LONGEST) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Keeps the answers for the ``most`` texts asked for last that have up to ``longest`` characters; the others are found each time."""

    def around(function: Callable[[str], T]) -> Callable[[str], T]:
        keeping = functools.lru_cache(maxsize=most)(function)

        @functools.wraps(function)
        def ask(text: str, /) -> T:
            return keeping(text) if len(text) <= longest else function(text)

        return ask

    return around


def remembered_with(most: int) -> Callable[[Callable[Concatenate[str, P], T]], Callable[Concatenate[str, P], T]]:
    """:func:`remembered` where more than the text is asked."""

    def around(function: Callable[Concatenate[str, P], T]) -> Callable[Concatenate[str, P], T]:
        keeping: Any = functools.lru_cache(maxsize=most)(function)  # its type knows of no hashable arguments

        @functools.wraps(function)
        def ask(text: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
            known: Callable[Concatenate[str, P], T] = keeping if len(text) <= _LONGEST else function
            return known(text, *args, **kwargs)

        return ask

    return around
