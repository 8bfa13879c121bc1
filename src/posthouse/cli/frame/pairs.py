"""``NAME=VALUE`` words of the command line."""

from typing import Any

import msgspec

from posthouse.core.kernel.errors import ValidationError


def pairs(words: list[str], option: str) -> dict[str, Any]:
    """The words as a dictionary; a value that is JSON is taken as such, any other as a word."""
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise ValidationError(f"{option} wants NAME=VALUE; {word!r} is not of that form")
        try:
            found[name] = msgspec.json.decode(value)
        except msgspec.DecodeError:
            found[name] = value
    return found
