"""The JSON Schema (2020-12) of a template's variables: from the analysis, refined by the one that was given."""

from typing import Any, Final

from posthouse.rendering.analysis import Node

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SCALARS: Final = ["string", "number", "boolean"]


_NUMBER: Final = {"type": ["number", "string"], "pattern": r"^[+-]?[0-9]{1,31}(\.[0-9]{1,31})?([eE][+-]?[0-9]{1,2})?$"}
_DATE: Final = {"type": ["string", "number"], "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}($|[T ])"}
_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "money": _NUMBER,
    "number": _NUMBER,
    "percent": _NUMBER,
    "unit": _NUMBER,
    "plural": _NUMBER,
    "date": _DATE,
    "datetime": _DATE,
    "relative": _DATE,
    "list": {"type": "array", "items": {"type": ["string", "number"]}},
    "country": {"type": "string", "pattern": "^[A-Za-z]{2}$"},
    "phone": {"type": "string"},
}
"""What a format can read: told before a message is accepted rather than when it is rendered."""


def derive(root: Node) -> dict[str, Any]:
    """What the programs cannot do without."""
    return {"$schema": DIALECT, **_object(root)}


def merge(given: dict[str, Any], derived: dict[str, Any]) -> dict[str, Any]:
    """The given schema, completed: it wins wherever both speak, and what either requires is required."""
    merged = {**derived, **given}
    properties = {**derived.get("properties", {})}
    for name, schema in given.get("properties", {}).items():
        both = isinstance(schema, dict) and isinstance(properties.get(name), dict)
        properties[name] = _merge_part(schema, properties[name]) if both else schema
    if properties:
        merged["properties"] = properties
    required = [*given.get("required", ()), *derived.get("required", ())]
    if required:
        merged["required"] = list(dict.fromkeys(required))
    if isinstance(given.get("items"), dict) and isinstance(derived.get("items"), dict):
        merged["items"] = _merge_part(given["items"], derived["items"])
    return merged


def _merge_part(given: dict[str, Any], derived: dict[str, Any]) -> dict[str, Any]:
    """A part that refers or chooses (``$ref``, ``anyOf``…) is left as it was given."""
    if given.keys() & {"$ref", "anyOf", "oneOf", "allOf", "not", "const", "enum"}:
        return given
    if given.get("type", "object") not in ("object", "array"):
        return given
    return merge(given, derived)


def _object(node: Node) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    if node.children:
        schema["properties"] = {name: _part(child) for name, child in sorted(node.children.items())}
    required = sorted(name for name, child in node.children.items() if child.required)
    if required:
        schema["required"] = required
    return schema


def _part(node: Node) -> dict[str, Any]:
    if node.item is not None and not node.children:
        return _nullable(node, {"type": "array", "items": _part(node.item)})
    if node.item is not None:
        return {}
    if node.children:
        return _nullable(node, _object(node))
    if (known := node.formats & _FORMATS.keys()) and len(known) == len(node.formats):
        return _nullable(node, _formatted(node, min(known)))
    if node.printed:
        return _nullable(node, {"type": list(_SCALARS)})
    return {}


def _formatted(node: Node, name: str) -> dict[str, Any]:
    """The schema of a format; behind a condition an empty text is as good as none."""
    schema = dict(_FORMATS[name])
    if node.guarded:
        schema.pop("pattern", None)
    return schema


def _nullable(node: Node, schema: dict[str, Any]) -> dict[str, Any]:
    """What a condition asks for may be null: the condition is then false."""
    if node.required or not node.guarded:
        return schema
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return {**schema, "type": [*kinds, "null"]}
