"""From msgspec's refusals to one :class:`FieldProblem` for each bad field, with what to write instead."""

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.nearest import did_you_mean

_WHERE: Final = re.compile(r" - at (?:`key` in )?`\$(.*)`$", re.DOTALL)
_STEP: Final = re.compile(r"\[(\d+|\.\.\.)\]|\.([^.\[\]]+)")
_EXPECTED: Final = re.compile(r"^Expected `(.+?)`(?:, got `(.+?)`)?$")
_UNKNOWN: Final = re.compile(r"^Object contains unknown field `(.*)`$", re.DOTALL)
_MISSING: Final = re.compile(r"^Object missing required field `(.*)`$")

_WORDS: Final = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}
_ELSEWHERE: Final = {
    "recipient": "to", "recipients": "to", "email": "to", "sender": "from", "data": "variables", "params": "variables",
    "context": "variables", "substitutions": "variables", "template_id": "template", "template_key": "template",
    "template_name": "template", "language": "locale", "lang": "locale", "body": "html", "html_body": "html", "text_body": "text",
    "scheduled_at": "send_at", "deliver_at": "send_at", "category": "tags", "priority": "lane", "order": "correlation",
}  # fmt: skip
"""What other interfaces call our fields, where the words are not alike."""
_JSON_NAME: Final = {str: "str", int: "int", float: "float", bool: "bool", dict: "object", list: "array"}


def field_problems(value: Any, type_: Any, refusal: msgspec.ValidationError) -> list[FieldProblem]:
    """Everything that is wrong with a decoded document, at least one.

    Args:
        value: the document, decoded without a type.
        type_: what it should have been.
        refusal: what msgspec said first; used when a second look finds no more.
    """
    found: list[FieldProblem] = []
    if isinstance(value, dict) and isinstance(type_, type) and issubclass(type_, msgspec.Struct):
        found = _struct_problems(value, type_)
    return found or [_translate(str(refusal), "", value, _names(type_))]


def pointer(*parts: str | int) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def shown(word: str, limit: int = 64) -> str:
    """A word from outside, shortened, for use in a sentence."""
    return word if len(word) <= limit else word[: limit - 1] + "…"


def _struct_problems(value: dict[str, Any], type_: type[msgspec.Struct]) -> list[FieldProblem]:
    fields = {field.encode_name: field for field in msgspec.structs.fields(type_)}
    found = []
    for name, item in value.items():
        field = fields.get(name)
        if field is None:
            if type_.__struct_config__.forbid_unknown_fields:
                found.append(_unknown(name, pointer(name), fields))
            continue
        try:
            msgspec.convert(item, field.type)
        except msgspec.ValidationError as refusal:
            found.append(_translate(str(refusal), pointer(name), item, _names(field.type)))
        except RecursionError:
            found.append(FieldProblem(pointer(name), "is nested too deeply", "too-deep"))
    found += [_missing(name, pointer(name)) for name, field in fields.items() if field.required and name not in value]
    return found


def _translate(words: str, prefix: str, value: Any, known: set[str]) -> FieldProblem:
    """One refusal of msgspec as a problem. ``value`` is what stands at ``prefix``."""
    where = _WHERE.search(words)
    sentence = _WHERE.sub("", words)
    expected = _EXPECTED.match(sentence)
    place = prefix + _resolve(where.group(1) if where else "", value, expected.group(2) if expected else None)
    if unknown := _UNKNOWN.match(sentence):
        return _unknown(unknown.group(1), place + pointer(unknown.group(1)), known)
    if missing := _MISSING.match(sentence):
        return _missing(missing.group(1), place + pointer(missing.group(1)))
    if expected:
        return _ill_typed(place, expected.group(1), expected.group(2))
    return FieldProblem(place, f"{_last(place)}: {sentence[:1].lower()}{sentence[1:]}", "invalid")


def _ill_typed(place: str, wanted: str, got: str | None) -> FieldProblem:
    want = " or ".join(_WORDS.get(word, word) for word in wanted.split(" | ") if word != "null")
    tail = f", got {_WORDS.get(got, got)}" if got else ""
    return FieldProblem(place, f"{_last(place)} must be {want or 'null'}{tail}", "wrong-type")


def _unknown(name: str, place: str, known: Iterable[str]) -> FieldProblem:
    names = set(known)
    ours = _ELSEWHERE.get(name.lower().replace("-", "_"))
    hint = f"; did you mean {ours!r}?" if ours in names else did_you_mean(name, names)
    return FieldProblem(place, f'"{shown(name)}" is not a known field{hint}', "unknown-field")


def _missing(name: str, place: str) -> FieldProblem:
    return FieldProblem(place, f'"{name}" is missing', "missing")


def _last(place: str) -> str:
    name = place.rpartition("/")[2]
    return f'"{shown(name)}"' if name else "the document"


def _resolve(path: str, value: Any, got: str | None) -> str:
    """A path of msgspec as a pointer; for ``[...]`` (some member) the first that has the type complained about."""
    place = ""
    for index, name in _STEP.findall(path):
        step: str | int = name or index
        if index == "...":
            if not isinstance(value, dict):
                break
            step = next((key for key, item in value.items() if _json_name(item) == got), next(iter(value), ""))
        elif index:
            step = int(index)
        place += pointer(step)
        value = _child(value, step)
    return place


def _child(value: Any, step: str | int) -> Any:
    try:
        return value[step]
    except (KeyError, IndexError, TypeError):
        return None


def _json_name(value: Any) -> str:
    return _JSON_NAME.get(type(value), "null")


def _names(type_: Any) -> set[str]:
    """The field names of all structs within a type, for suggestions."""
    names: set[str] = set()
    waiting, seen = [msgspec.inspect.type_info(type_)], set[type]()
    while waiting:
        info = waiting.pop()
        if isinstance(info, msgspec.inspect.StructType):
            if info.cls in seen:
                continue
            seen.add(info.cls)
            names.update(field.encode_name for field in info.fields)
            waiting += [field.type for field in info.fields]
        elif isinstance(info, msgspec.inspect.UnionType):
            waiting += info.types
        elif isinstance(info, msgspec.inspect.ListType | msgspec.inspect.VarTupleType):
            waiting.append(info.item_type)
        elif isinstance(info, msgspec.inspect.DictType):
            waiting.append(info.value_type)
    return names
