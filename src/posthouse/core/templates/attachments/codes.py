"""What QR and bar codes can hold: told when a template is published, when a message is accepted, and when its code is made.

The library that draws them cuts what is too long and mends a wrong check digit: neither may happen to a ticket.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from posthouse.core.templates.attachments.model import Barcode, Declared, Qr

MOST_IN_BARS: Final = 80
"""Characters of a bar code; a longer one fits no label."""
MOST_IN_QR: Final = 7_089
"""Characters of a QR code: as many digits as the largest holds (ISO/IEC 18004)."""
_DIGITS: Final = {"ean13": (12, 13), "ean8": (7, 8), "upca": (11, 12)}
"""How many digits are read, without and with the one that checks."""
_SIGNS: Final = {
    "code128": (re.compile(r"[\x00-\x7f]+"), "letters without accents, digits and signs of ASCII"),
    "gs1_128": (re.compile(r"[\x00-\x7f]+"), "letters without accents, digits and signs of ASCII"),
    "code39": (re.compile(r"[0-9A-Za-z .$/+%-]+"), "letters without accents, digits, blanks and - . $ / + %"),
    "itf": (re.compile(r"[0-9]+"), "digits"),
}
"""What the others hold (ISO/IEC 15417, 16388, 16390)."""
FORMAT: Final = "posthouse-"
"""Before the symbology, the format of a variable that a bar code is made of, in the schema of a release."""
SYMBOLOGIES: Final = (*_DIGITS, *_SIGNS)
_VARIABLE: Final = re.compile(r"\{\{-?\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*-?\}\}")
_SHOWN: Final = 40


def code_problem(one: Qr | Barcode) -> str:
    """Why a code cannot be made of its data, which holds no more expressions; empty when it can, as far as its characters tell."""
    if isinstance(one, Barcode):
        return bar_problem(one.symbology, one.data)
    if not one.data:
        return "there is nothing to show in a QR code"
    return f"{len(one.data)} characters are too many for a QR code" if len(one.data) > MOST_IN_QR else ""


def bar_problem(symbology: str, data: str) -> str:
    """Why a bar code cannot be made; empty when it can."""
    shown = repr(data if len(data) <= _SHOWN else f"{data[:_SHOWN]}…")
    if not data:
        return "there is nothing to show in a bar code"
    if len(data) > MOST_IN_BARS:
        return f"{len(data)} characters are too many for a bar code; the limit is {MOST_IN_BARS}"
    if symbology in _SIGNS:
        signs, words = _SIGNS[symbology]
        return "" if signs.fullmatch(data) else f"{shown} is no {symbology}: it holds {words} only"
    short, whole = _DIGITS[symbology]
    if not (data.isascii() and data.isdecimal() and len(data) in {short, whole}):
        return f"{shown} is no {symbology}: {short} or {whole} digits"
    if len(data) == whole and (right := _check_digit(data[:-1])) != data[-1]:
        return f"the last digit of {shown} does not check: it would be {right}"
    return ""


def constant_problems(declared: Sequence[Declared]) -> list[tuple[int, str]]:
    """Codes whose data is written out and cannot be one: their places and why."""
    return [
        (index, f"the code {one.id!r} cannot be made: {problem}")
        for index, one in enumerate(declared)
        if isinstance(one, Qr | Barcode) and not _is_program(one.data) and (problem := code_problem(one))
    ]


def sample_problems(planned: Sequence[Declared], declared: Sequence[Declared]) -> list[tuple[int, str]]:
    """Codes that cannot be made of what a sample gave: their places and why. What is written out is not judged again.

    Args:
        planned: those that are shown, with their texts filled in.
        declared: all of them, as the template declares them.
    """
    places = {one.id: at for at, one in enumerate(declared) if isinstance(one, Qr | Barcode) and _is_program(one.data)}
    return [
        (places[one.id], f"the code {one.id!r} cannot be made: {problem}")
        for one in planned
        if isinstance(one, Qr | Barcode) and one.id in places and (problem := code_problem(one))
    ]


def with_formats(schema: dict[str, Any], declared: Sequence[Declared]) -> dict[str, Any]:
    """The schema of a release, asking of each variable that is a bar code by itself that it can be one.

    Not where the code has a condition: without it nobody looks at the variable.
    """
    for one in declared:
        named = _VARIABLE.fullmatch(one.data.strip()) if isinstance(one, Barcode) and not one.show_if else None
        if named is not None and isinstance(one, Barcode):
            schema = _with_format(schema, named[1].split("."), f"{FORMAT}{one.symbology}")
    return schema


def _with_format(schema: dict[str, Any], path: Sequence[str], name: str) -> dict[str, Any]:
    """A copy in which the variable has the format, unless the schema says another or does not know the variable."""
    if not path:
        return schema if "format" in schema else {**schema, "format": name}
    parts = schema.get("properties", {})
    part = parts.get(path[0]) if isinstance(parts, Mapping) else None
    if not isinstance(part, dict):
        return schema
    return {**schema, "properties": {**parts, path[0]: _with_format(part, path[1:], name)}}


def _is_program(data: str) -> bool:
    return any(tag in data for tag in ("{{", "{%", "{#"))


def _check_digit(digits: str) -> str:
    """GS1 General Specifications §7.9: weights 3 and 1 from the end on."""
    weighted = sum(int(digit) * (1 if at % 2 else 3) for at, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)
