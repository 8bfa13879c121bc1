"""What a filter cannot show."""

from collections.abc import Iterable
from typing import Any

from posthouse.core.kernel.nearest import did_you_mean


class FormatError(ValueError):
    """A filter refuses its input. ``filter`` is its name in templates."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.filter = name


def unknown(name: str, what: str, word: Any, known: Iterable[str], example: str) -> FormatError:
    """A word that is none of those known, with the nearest one."""
    shown = str(word)[:40]
    return FormatError(name, f"{shown!r} is no {what}{did_you_mean(shown, list(known))}; write for example {example}")


def unreadable(name: str, value: Any, what: str, example: str) -> FormatError:
    """A value of the wrong kind."""
    if value is None:
        return FormatError(name, f"a value is missing or null where {what} is expected, such as {example}")
    return FormatError(name, f"{str(value)[:40]!r} is not {what}; write it as {example}")
