"""Settings of a provider: read strictly, all mistakes told at once, each with what to write instead."""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeVar, get_args, get_origin

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.nearest import did_you_mean, nearest

T = TypeVar("T", bound=msgspec.Struct)

_GOT: Final = re.compile(r", got `[^`]+`")
_KIND: Final = re.compile(r"`([^`]+)`")
_KINDS: Final = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "null": "nothing",
    "array": "a list",
}


def read_fields(struct: type[T], given: Mapping[str, Any], pointer: str) -> T:
    """Makes the Struct from loosely typed words (the command line gives only strings).

    Raises:
        ValidationError: an unknown name, a missing one, a wrong value: one problem for each.
    """
    fields = {field.name: field for field in msgspec.structs.fields(struct)}
    problems: list[FieldProblem] = []
    values: dict[str, Any] = {}
    for name, value in given.items():
        if name not in fields:
            problems.append(FieldProblem(f"{pointer}/{name}", _unknown(name, list(fields)), "unknown"))
            continue
        try:
            values[name] = msgspec.convert(value, fields[name].type, strict=False)
        except msgspec.ValidationError as error:
            problems.append(FieldProblem(f"{pointer}/{name}", _wrong(value, fields[name].type, error), "invalid"))
    problems += [
        FieldProblem(f"{pointer}/{name}", f"{name} is required", "missing")
        for name, field in fields.items()
        if field.required and name not in given
    ]
    if problems:
        raise refused(problems)
    return struct(**values)


def refused(problems: list[FieldProblem]) -> ValidationError:
    """The error that carries them, its message naming each."""
    return ValidationError("; ".join(f"{problem.pointer}: {problem.detail}" for problem in problems), fields=problems)


def _wrong(value: Any, kind: Any, error: msgspec.ValidationError) -> str:
    """What is wrong with a value; for a closed list of words, the nearest of them."""
    if get_origin(kind) is not Literal:
        return f'"{value}" will not do: write {_in_words(error)}'
    words = [str(word) for word in get_args(kind)]
    return f'"{value}" is not known{did_you_mean(str(value), words)}; write one of {", ".join(words)}'


def _in_words(error: msgspec.ValidationError) -> str:
    """What is wanted, without the names of Python's types: ``a whole number <= 65535``."""
    wanted = _GOT.sub("", str(error)).removeprefix("Expected ")
    return _KIND.sub(lambda kinds: " or ".join(_KINDS.get(kind, kind) for kind in kinds[1].split(" | ")), wanted)


def _unknown(name: str, known: list[str]) -> str:
    close = nearest(name, known)
    hint = f'write "{close}"' if close else f"the known ones are {', '.join(known)}"
    return f'there is no setting "{name}": {hint}'
