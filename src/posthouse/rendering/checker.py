"""Checks variables against a release's JSON Schema before a message is accepted."""

import difflib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import jsonschema_rs
import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.templates.attachments.codes import FORMAT, SYMBOLOGIES, bar_problem
from posthouse.core.templates.model import Release
from posthouse.rendering.remembering import remembered

_KEPT: Final = 1024
_SHOWN: Final = 50
"""Problems told at once; a list of a thousand bad lines needs no thousand messages."""
_WORDS: Final = {
    "string": "text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_KINDS: Final = {"str": "text", "int": "a number", "float": "a number", "bool": "true or false", "list": "a list",
                 "tuple": "a list", "dict": "an object", "NoneType": "null"}  # fmt: skip


def _can_be(symbology: str) -> Callable[[str], bool]:
    return lambda given: not bar_problem(symbology, given)


_CODES: Final = {f"{FORMAT}{symbology}": _can_be(symbology) for symbology in SYMBOLOGIES}
"""Formats of variables that bar codes are made of."""


class SchemaChecker:
    """Keeps the compiled schemas of the 1,024 releases used last."""

    def __init__(self) -> None:
        self._compiled: OrderedDict[Id, Any] = OrderedDict()

    def problems(self, release: Release, variables: Mapping[str, Any]) -> Sequence[FieldProblem]:
        """One problem for each missing or ill-typed variable, pointers relative to ``/variables``."""
        validator = self._compiled.get(release.id)
        if validator is None:
            validator = self._compiled[release.id] = _validator(msgspec.json.encode(release.schema).decode())
            if len(self._compiled) > _KEPT:
                self._compiled.popitem(last=False)
        try:
            if validator.is_valid(variables):
                return ()
            return _told(validator.iter_errors(variables), release.schema, variables)
        except (ValueError, TypeError, OverflowError) as error:
            return (FieldProblem("", f"The variables cannot be read as JSON: {error}.", "invalid"),)


@remembered(64)
def _validator(schema: str) -> Any:
    """The languages of a template mostly have one schema."""
    return compiled(msgspec.json.decode(schema))


def compiled(schema: dict[str, Any]) -> Any:
    """A validator for a schema.

    Raises:
        ValidationError: it is no JSON Schema, or refers to something outside itself.
    """
    try:
        return jsonschema_rs.validator_for(schema, validate_formats=True, offline=True, formats=_CODES)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError, TypeError) as error:
        detail = str(getattr(error, "message", error)).splitlines()[0]
        raise ValidationError(
            f"The schema is no JSON Schema (2020-12): {detail}", fields=[FieldProblem("/schema", detail, "schema")]
        ) from None


def _told(errors: Iterable[Any], schema: dict[str, Any], variables: Mapping[str, Any]) -> tuple[FieldProblem, ...]:
    told: list[FieldProblem] = []
    for error in errors:
        told.extend(_problem(error, schema, variables))
        if len(told) >= _SHOWN:
            break
    return tuple(dict.fromkeys(told[:_SHOWN]))


def _problem(error: Any, schema: dict[str, Any], variables: Mapping[str, Any]) -> Iterator[FieldProblem]:
    path = list(error.instance_path)
    explain = _EXPLAINED.get(error.kind.name)
    if explain is None:
        yield FieldProblem(_pointer(path), f"{error.message}.", error.kind.name)
    else:
        yield from explain(error, path, _Around(schema, error.schema_path, variables))


class _Around:
    """The part of the schema and of the variables that an error is about."""

    def __init__(self, schema: dict[str, Any], path: Sequence[str | int], variables: Mapping[str, Any]) -> None:
        part: Any = schema
        for step in list(path)[:-1]:
            part = part[int(step)] if isinstance(part, list) else part.get(step, {})
        self.known: dict[str, Any] = part.get("properties", {}) if isinstance(part, dict) else {}
        self.variables = variables


def _missing(error: Any, path: list[str | int], around: _Around) -> Iterator[FieldProblem]:
    name = error.kind.as_dict()["property"]
    given = error.instance if isinstance(error.instance, Mapping) else {}
    near = difflib.get_close_matches(name, [str(key) for key in given if key not in around.known], 1, 0.7)
    expected = _expected(around.known.get(name, {}))
    hint = f" (there is {near[0]!r}: is it meant?)" if near else ""
    shown = ".".join(str(step) for step in [*path, name])
    yield FieldProblem(_pointer([*path, name]), f"The variable {shown!r} is missing{expected}{hint}.", "missing")


def _ill_typed(error: Any, path: list[str | int], around: _Around) -> Iterator[FieldProblem]:
    del around
    words = [_WORDS.get(kind, kind) for kind in error.kind.as_dict()["types"]]
    given = _KINDS.get(type(error.instance).__name__, "something else")
    shown = ".".join(str(step) for step in path) or "variables"
    yield FieldProblem(_pointer(path), f"{shown!r} is {given}; {_listed(words)} is expected.", "type")


def _ill_formed(error: Any, path: list[str | int], around: _Around) -> Iterator[FieldProblem]:
    """What cannot be a bar code says why; of other formats the library tells."""
    del around
    name = str(error.kind.as_dict()["format"])
    shown = ".".join(str(step) for step in path)
    told = f"{error.message}."
    if name in _CODES:
        told = f"{shown!r} cannot be a bar code: {bar_problem(name.removeprefix(FORMAT), error.instance)}."
    yield FieldProblem(_pointer(path), told, "format")


def _unexpected(error: Any, path: list[str | int], around: _Around) -> Iterator[FieldProblem]:
    for name in error.kind.as_dict()["unexpected"]:
        hint = did_you_mean(name, around.known) or "; leave it out"
        yield FieldProblem(_pointer([*path, name]), f"The variable {name!r} is unknown to the schema{hint}.", "unknown")


_EXPLAINED: Final[dict[str, Callable[[Any, list[str | int], _Around], Iterator[FieldProblem]]]] = {
    "required": _missing,
    "type": _ill_typed,
    "format": _ill_formed,
    "additionalProperties": _unexpected,
}


def _expected(schema: Any) -> str:
    kinds = schema.get("type") if isinstance(schema, dict) else None
    if kinds is None:
        return ""
    listed: list[str] = kinds if isinstance(kinds, list) else [kinds]
    words = [_WORDS.get(kind, kind) for kind in listed if kind != "null"]
    return f"; {_listed(words)} is expected"


def _listed(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}" if len(words) > 1 else "".join(words)


def _pointer(path: Sequence[str | int]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
