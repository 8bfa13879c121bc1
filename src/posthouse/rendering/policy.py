"""What a template may not do, whatever minijinja would allow.

Templates call no methods (``order.items()`` would be a Python call), load no other template, and cannot grow a value
by doubling it again and again: fuel counts instructions, not memory.
"""

import math
import re
from collections.abc import Iterator
from typing import Final

from posthouse.rendering.remembering import remembered, remembered_with
from posthouse.rendering.tags import Kind, pieces

_STRINGS: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_METHOD: Final = re.compile(r"([A-Za-z_]\w*)\s*\.\s*([A-Za-z_]\w*)\s*\(|[\])]\s*(?:\.\s*([A-Za-z_]\w*)\s*)?\(")
_LOOP_METHODS: Final = frozenset({"cycle", "changed"})
_NO_STATEMENTS: Final = frozenset({"include", "import", "from", "extends", "block", "endblock", "do"})
_UNDERSCORES: Final = re.compile(r"__\w+__")
_GROWS: Final = re.compile(r"[~+*]|\|\s*(?:join|list|plural|replace|urlencode|tojson|escape|e)\b")
_NAME: Final = re.compile(r"(?<![|.\s])\s*\b[A-Za-z_]\w*")
_CALL: Final = re.compile(r"(?<![|.\w])(?<!\|\s)(?<!\bis )(?<!\bnot )([A-Za-z_]\w*)\s*\(")
_MACRO: Final = re.compile(r"\{%[-+]?\s*macro\s+(\w+)")
_HARMLESS_CALLS: Final = frozenset(
    {"range", "dict", "in", "not", "and", "or", "if", "else", "is", "for", "call", "elif", "set"}
)
_MAX_GROWTH: Final = 20.0
"""Doublings that all ``set`` statements together may amount to."""


def refusals(source: str) -> Iterator[tuple[int, str]]:
    """Places and what is refused there.

    Raises:
        TagError: a tag is not closed.
    """
    growth = 0.0
    names = frozenset(_MACRO.findall(source))
    for piece in pieces(source):
        if piece.kind not in {Kind.EXPRESSION, Kind.BLOCK}:
            continue
        block = piece.kind is Kind.BLOCK
        if names:
            refused, grown = _looked_at(piece.code, names, block=block)
        else:
            refused, grown = _block(piece.code) if block else _expression(piece.code)
        for detail in refused:
            yield piece.start, detail
        growth += grown
        if grown and growth > _MAX_GROWTH:
            yield piece.start, "too many values are built from others here; prepare them in the application"
            return


@remembered(2_048)
def _block(code: str) -> tuple[tuple[str, ...], float]:
    return _looked_at(code, frozenset(), block=True)


@remembered(2_048)
def _expression(code: str) -> tuple[tuple[str, ...], float]:
    return _looked_at(code, frozenset(), block=False)


@remembered_with(2_048)
def _looked_at(source: str, macros: frozenset[str], *, block: bool) -> tuple[tuple[str, ...], float]:
    """What is refused of one tag, and by how much it lets values grow. The same few stand in all programs of a template."""
    code, refused = _STRINGS.sub("''", source), list[str]()
    word = source.split(None, 1)[0] if block and source else ""
    if _grows_by_calls(code, macros):
        refused.append("a macro or loop is given a value built from others here; set it before the call")
    if word in _NO_STATEMENTS:
        refused.append(f"{{% {word} %}} is not available: a template stands alone")
    refused.extend(_calls_in(source, code))
    return tuple(refused), _doublings(code) if word in {"set", "with", "macro", "for"} else 0.0


def _grows_by_calls(code: str, macros: frozenset[str]) -> bool:
    """Whether a call hands on something longer than what it has: calling itself so, it would double it each time.

    A macro may also come in as a variable, so every call but the known harmless ones is looked at.
    """
    for found in _CALL.finditer(code):
        if found[1] in _HARMLESS_CALLS and found[1] not in macros:
            continue
        if code.startswith("macro"):
            continue
        if _GROWS.search(_arguments(code, found.end())):
            return True
    return False


def _arguments(code: str, at: int) -> str:
    """What stands between the bracket before ``at`` and the one that closes it."""
    depth = 1
    for end in range(at, len(code)):
        depth += (code[end] in "([{") - (code[end] in ")]}")
        if not depth:
            return code[at:end]
    return code[at:]


def _calls_in(original: str, code: str) -> Iterator[str]:
    if _UNDERSCORES.search(original):
        yield "names with two underscores lead nowhere"
    for found in _METHOD.finditer(code):
        if found[1] == "loop" and found[2] in _LOOP_METHODS:
            continue
        if found[1] or found[3] or found[0].lstrip()[0] in "])":
            name = found[2] or found[3] or "this"
            yield f"{name}() cannot be called: templates have filters (value|upper), no methods"


def _doublings(code: str) -> float:
    """How many times the value could double: by how many names go into it, when it grows at all."""
    if not _GROWS.search(code):
        return 0.0
    given = code.partition(" in ")[2] if code.startswith("for") else code.partition("=")[2]
    return math.log2(max(1, len(_NAME.findall(given))) + 1)
