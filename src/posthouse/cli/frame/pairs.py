"""Variables and settings as the command line takes them: ``NAME=VALUE`` words, and files with a JSON object."""

import sys
from pathlib import Path
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


def json_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; ``-`` is standard input."""
    raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ValidationError(f"{path} must hold a JSON object: {error}") from None
