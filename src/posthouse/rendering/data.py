"""Variables as templates may see them: no Python attribute or method within reach.

minijinja looks up ``order.items`` as a key and, when there is none, as an attribute of the Python dict. So nested
dicts are given as :class:`Data`, whose methods are hidden, and lists as tuples (which minijinja copies). Programs
that name no such attribute and compute no names need none of this, and are given the variables as they are.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from posthouse.rendering.remembering import remembered
from posthouse.rendering.tags import Kind, pieces

ABSENT: Final = "\x00items\x00"
"""What a missing ``items`` prints: rendering refuses what holds it (it cannot raise from inside minijinja)."""

_METHODS: Final = frozenset(name for kind in (dict, list, str, int, float) for name in dir(kind) if name[0] != "_")
_WORD_ACCESS: Final = re.compile(r"\.\s*([A-Za-z_]\w*)")
_COMPUTED: Final = re.compile(
    r"\battribute\b|\b(?:attr|groupby|dictsort)\b|\[\s*(?![\d'\"\]-])|\w\s*\[\s*-?[^\]]*[~+|(]"
)
_STRINGS: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")


class _Absent:
    """Stands for ``items`` where there is no such key: false, empty, and a word that no mail may hold when printed."""

    def __str__(self) -> str:
        return ABSENT

    def __bool__(self) -> bool:
        return False

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class _Hidden:
    """A method that cannot be seen from outside."""

    def __get__(self, instance: object, owner: type | None = None) -> NoReturn:
        raise AttributeError("templates read keys, they call no methods")


class _Items:
    """minijinja takes for a mapping only what has an attribute ``items``; ours leads nowhere."""

    def __get__(self, instance: object, owner: type | None = None) -> _Absent:
        return _ABSENT


_ABSENT: Final = _Absent()


class Data(dict[str, Any]):
    """A dict whose methods templates cannot reach."""

    __slots__ = ()


for _name in dir(dict):
    if not _name.startswith("_"):
        setattr(Data, _name, _Items() if _name == "items" else _Hidden())


def guarded(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables with every nested dict and list wrapped."""
    return {name: _wrapped(value) for name, value in variables.items()}


def reads_only_keys(source: str) -> bool:
    """Whether a program can be given the variables as they are: it names no method and computes no name."""
    return not any(_reaches(piece.code) for piece in pieces(source) if piece.kind in {Kind.EXPRESSION, Kind.BLOCK})


@remembered(4_096)
def _reaches(code: str) -> bool:
    """Asked of the same few expressions for each program of each release."""
    words = _WORD_ACCESS.findall(code)
    strings = [first or second for first, second in _STRINGS.findall(code)] if "[" in code else []
    return any(word in _METHODS for word in (*words, *strings)) or _COMPUTED.search(code) is not None


def _wrapped(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return Data({name: _wrapped(item) if type(item) in _NESTED else item for name, item in value.items()})
    if kind is list:
        return tuple([_wrapped(item) if type(item) in _NESTED else item for item in value])
    return value


_NESTED: Final = (dict, list)
