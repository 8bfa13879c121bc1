"""Strict reading of typed JSON: what is wrong is told with a JSON pointer (RFC 6901), and what was probably meant."""

import functools
import re
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec import inspect

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.nearest import did_you_mean

_PATH: Final = re.compile(r" - at (?:`key` in )?`\$(?P<path>[^`]*)`$")
_STEP: Final = re.compile(r"\[(\d+)\]|\[(\.\.\.)\]|\.([A-Za-z_]\w*)")
_FIELD: Final = re.compile(r"(?P<unknown>Object contains unknown|Object missing required) field `(?P<name>[^`]*)`")
_VALUE: Final = re.compile(r"Invalid (?:enum )?value '(?P<value>[^']*)'")
_MANY: Final = 12
"""Choices that are listed."""

_Read = TypeVar("_Read")


def read_typed(raw: Any, kind: type[_Read], what: str) -> _Read:
    """Plain data as a struct.

    Args:
        raw: as decoded from JSON.
        kind: the struct.
        what: how the thing is called in messages.

    Raises:
        ValidationError: with the pointer of the first thing that does not fit.
    """
    try:
        return msgspec.convert(raw, kind)
    except msgspec.ValidationError as error:
        message = str(error)
    except RecursionError:
        message = "it is nested too deeply"
    found = _PATH.search(message)
    steps = [number or rest or name for number, rest, name in _STEP.findall(found["path"])] if found else []
    told = message[: found.start()] if found else message
    field = _FIELD.match(told)
    hint = _hint(told, field, kind, raw, steps)
    if field is not None:
        steps.append(field["name"].replace("~", "~0").replace("/", "~1"))
    pointer = "".join(f"/{step}" for step in steps).replace("/...", "/*")
    detail = f"{told[:1].lower()}{told[1:]}".replace("`", "'") + hint
    raise ValidationError(f"The {what} is not valid: {detail}.", fields=[FieldProblem(pointer, detail, what)])


def _hint(told: str, field: re.Match[str] | None, kind: type, raw: Any, steps: Sequence[str]) -> str:
    """What was probably meant, or what there is to choose from."""
    value = _VALUE.match(told)
    if field is not None and field["unknown"].endswith("unknown"):
        known = _names(_at(kind, raw, steps))
        return did_you_mean(field["name"], known)
    if value is None:
        return _described(kind, raw, steps) if "matching regex" in told else ""
    known = _choices(kind, raw, steps)
    there = f"; one of {', '.join(known)}" if len(known) <= _MANY and known else ""
    return did_you_mean(value["value"], known) or there


def _described(kind: type, raw: Any, steps: Sequence[str]) -> str:
    """What the type says of itself, for people who do not read expressions."""
    here = _beside(kind, raw, steps)
    words = (here.extra_json_schema or {}).get("description", "") if isinstance(here, inspect.Metadata) else ""
    return f"; {words[:1].lower()}{words[1:].rstrip('.')}" if words else ""


def _beside(kind: type, raw: Any, steps: Sequence[str]) -> inspect.Type | None:
    """The type of what a path leads to, as it stands in what is around it."""
    *above, last = steps or [""]
    return _into(_at(kind, raw, above), last)


def _at(kind: type, raw: Any, steps: Sequence[str]) -> inspect.Type | None:
    """The type of what a path leads to, of several the one that the data says it is."""
    here: inspect.Type | None = _type_of(kind)
    for step in steps:
        here = _into(_narrowed(here, raw), step)
        raw = _part(raw, step)
    return _narrowed(here, raw)


@functools.cache
def _type_of(kind: type) -> inspect.Type:
    return inspect.type_info(kind)


def _narrowed(here: inspect.Type | None, raw: Any) -> inspect.Type | None:
    while isinstance(here, inspect.Metadata):
        here = here.type
    if not isinstance(here, inspect.UnionType):
        return here
    several = [_narrowed(one, raw) for one in here.types]
    if isinstance(raw, dict):
        structs = [one for one in several if isinstance(one, inspect.StructType)]
        tagged = [one for one in structs if one.tag_field and raw.get(one.tag_field) == one.tag]
        alone = structs if len(structs) == 1 else []
        return next(iter([*tagged, *alone, *[one for one in several if isinstance(one, inspect.DictType)]]), None)
    return next((one for one in several if isinstance(one, _LISTS)), None) if isinstance(raw, list | tuple) else None


_LISTS: Final = (inspect.ListType, inspect.VarTupleType)


def _into(here: inspect.Type | None, step: str) -> inspect.Type | None:
    if isinstance(here, inspect.StructType):
        return next((field.type for field in here.fields if field.encode_name == step), None)
    if isinstance(here, inspect.DictType):
        return here.value_type
    return here.item_type if isinstance(here, _LISTS) else None


def _part(raw: Any, step: str) -> Any:
    if isinstance(raw, dict):
        return raw.get(step)
    return raw[int(step)] if isinstance(raw, list | tuple) and step.isdecimal() and int(step) < len(raw) else None


def _names(here: inspect.Type | None) -> list[str]:
    return [field.encode_name for field in here.fields] if isinstance(here, inspect.StructType) else []


def _choices(kind: type, raw: Any, steps: Sequence[str]) -> list[str]:
    """What may stand at a path: words of a list, or the kinds of a struct."""
    *above, last = steps or [""]
    around: inspect.Type | None = _type_of(kind)
    for step in above:
        around = _into(_narrowed(around, raw), step)
        raw = _part(raw, step)
    while isinstance(around, inspect.Metadata):
        around = around.type
    kinds = around.types if isinstance(around, inspect.UnionType) else (around,)
    tags = [str(one.tag) for one in kinds if isinstance(one, inspect.StructType) and one.tag_field == last]
    if tags:
        return tags
    here = _into(_narrowed(around, raw), last)
    while isinstance(here, inspect.Metadata):
        here = here.type
    parts = here.types if isinstance(here, inspect.UnionType) else (here,)
    found = [str(word) for one in parts if isinstance(one, inspect.LiteralType) for word in one.values]
    return found + [str(word.value) for one in parts if isinstance(one, inspect.EnumType) for word in one.cls]
