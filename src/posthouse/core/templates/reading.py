"""Strict reading of typed JSON: what is wrong is told with a JSON pointer (RFC 6901)."""

import re
from typing import Any, Final, TypeVar

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError

_PATH: Final = re.compile(r" - at (?:`key` in )?`\$(?P<path>[^`]*)`$")
_STEP: Final = re.compile(r"\[(\d+)\]|\[(\.\.\.)\]|\.([A-Za-z_]\w*)")

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
    pointer = _pointer(found["path"]) if found else ""
    told = message[: found.start()] if found else message
    detail = f"{told[:1].lower()}{told[1:]}".replace("`", "'")
    raise ValidationError(f"The {what} is not valid: {detail}.", fields=[FieldProblem(pointer, detail, what)])


def _pointer(path: str) -> str:
    return "".join(f"/{number or rest or name}" for number, rest, name in _STEP.findall(path)).replace("/...", "/*")
