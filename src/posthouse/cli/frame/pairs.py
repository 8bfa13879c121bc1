"""Variables and settings as the command line takes them: ``NAME=VALUE`` words, and files with a JSON object."""

import contextlib
import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError

_OBJECT: Final = 'a JSON object such as {"name": "Ann"}'


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


def texts(words: list[str], option: str) -> dict[str, Any]:
    """The words as a dictionary of texts, so that a code stays ``0482`` and a price ``12.50``; other JSON than a number is JSON."""
    found = pairs(words, option)
    for word in words:
        name, _, value = word.partition("=")
        if isinstance(found[name], int | float) and not isinstance(found[name], bool):
            found[name] = value
    return found


def with_numbers(variables: Mapping[str, Any], wrong: Iterable[FieldProblem]) -> dict[str, Any] | None:
    """The variables with those texts as numbers that were refused for their type; None when there is nothing to change."""
    changed = dict(variables)
    for field in wrong:
        name = field.pointer.removeprefix("/variables/")
        if field.code == "type" and isinstance(changed.get(name), str):
            with contextlib.suppress(msgspec.DecodeError):
                changed[name] = msgspec.json.decode(changed[name], type=int | float)
    return changed if changed != variables else None


def json_object(path: Path) -> dict[str, Any]:
    """The object in a JSON file; ``-`` is standard input."""
    where = "standard input" if str(path) == "-" else str(path)
    if path.is_file():
        raw = path.read_bytes()
    elif str(path) == "-":
        raw = sys.stdin.buffer.read()
    else:
        raise ValidationError(f"there is no file {where!r}; name a file that holds {_OBJECT}, or - for standard input")
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.ValidationError as error:
        raise ValidationError(f"{where} holds something else than {_OBJECT}: {_lower(str(error))}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ValidationError(f"{where} breaks {_broken_at(raw, error)}; write {_OBJECT}") from None


def _broken_at(raw: bytes, error: Exception) -> str:
    """Where JSON breaks, as an editor counts, and how. What Python's own reader would take is told in msgspec's words."""
    try:
        json.loads(raw)
    except json.JSONDecodeError as told:
        return f"at line {told.lineno}, column {told.colno}: {_lower(told.msg)}"
    except (ValueError, RecursionError) as told:
        error = told
    return f"as JSON: {_lower(str(error))}"


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
