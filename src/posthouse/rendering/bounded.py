"""minijinja's filters that make much out of little, written anew with bounds: fuel counts steps, not what a step makes.

``range(100000)|join(name)`` or ``x|replace('a', x)`` was gigabytes in one step, and a thousand million slices end the process.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final

import minijinja
import msgspec

MAX_TEXT: Final = 1_000_000
"""Characters that a filter may make; as much as a whole part of a mail may have."""
MAX_GROUPS: Final = 10_000


def join(values: Any, joiner: Any = "") -> str:
    """The values one after the other. Where one of them is safe HTML, so is the result, and the others are escaped."""
    listed = _listed(values)
    safe = any(hasattr(value, "__html__") for value in (*listed, joiner))
    words = [str(minijinja.escape(value)) if safe else str(value) for value in listed]
    between = str(minijinja.escape(joiner)) if safe else str(joiner)
    _check_room(sum(map(len, words)) + len(between) * len(words))
    joined = between.join(words)
    return minijinja.safe(joined) if safe else joined


def replace(value: Any, old: Any, new: Any) -> str:
    """The text with every ``old`` replaced; what comes into safe HTML is escaped."""
    text, old, safe = str(value), str(old), hasattr(value, "__html__")
    new = str(minijinja.escape(new)) if safe else str(new)
    _check_room(len(text) + text.count(old) * len(new))
    replaced = text.replace(old, new)
    return minijinja.safe(replaced) if safe else replaced


def batch(values: Any, size: int, fill: Any = None) -> list[list[Any]]:
    """The values in lists of so many, the last one filled up when ``fill`` is given."""
    size = _groups(size)
    listed = _listed(values)
    made = [listed[at : at + size] for at in range(0, len(listed), size)]
    if fill is not None and made:
        made[-1] += [fill] * (size - len(made[-1]))
    return made


def slices(values: Any, count: int, fill: Any = None) -> list[list[Any]]:
    """The values in so many lists, the longer ones first."""
    count = _groups(count)
    listed = _listed(values)
    size, longer = divmod(len(listed), count)
    made: list[list[Any]] = []
    at = 0
    for index in range(count):
        end = at + size + (index < longer)
        filler = [fill] if fill is not None and index >= longer else []
        made.append([*listed[at:end], *filler])
        at = end
    return made


def tojson(value: Any) -> str:
    """JSON that is safe inside HTML, its scripts and its attributes."""
    written = msgspec.json.encode(value).decode()
    for sign in "<>&'":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return minijinja.safe(written)


BOUNDED: Final[dict[str, Callable[..., Any]]] = {
    "join": join,
    "replace": replace,
    "batch": batch,
    "slice": slices,
    "tojson": tojson,
}


def _listed(values: Any) -> list[Any]:
    if values is None:
        return []
    if not isinstance(values, Iterable):
        raise TypeError(f"{str(values)[:40]!r} is no list")
    return list(values)


def _groups(count: int) -> int:
    if not isinstance(count, int) or not 1 <= count <= MAX_GROUPS:
        raise ValueError(f"write a whole number from 1 to {MAX_GROUPS:,} here")
    return count


def _check_room(size: int) -> None:
    if size > MAX_TEXT:
        raise ValueError(f"the result would have over {MAX_TEXT:,} characters")
