"""How much a render may print before it is stopped: fuel counts instructions, not the letters they print.

A name of half a megabyte inside a loop over the lines of an order is gigabytes, long before anybody measures the result. So
where it could matter each printed value is counted as it is printed; elsewhere the arithmetic says that it cannot.
"""

from typing import Any, Final

from posthouse.rendering.tags import Kind, pieces

SMALL: Final = 8_192
"""Bytes of variables (as JSON) that fuel alone keeps within bounds: 16,000 prints of them are 130 MB at the very worst."""
MAX_CONSTANT: Final = 100_000_000
"""Characters that the constant text of a program may come to in loops."""
_STEPS_OF_A_LOOP: Final = 3
_LEAST_FUEL: Final = 1_000
_OTHER: Final = 40
"""Characters that a number, a date or a truth value has at most."""
_CONSTANT: Final = frozenset({Kind.LITERAL, Kind.RAW})
_CAPTURES: Final = frozenset({"set", "macro", "call", "filter"})


class Room:
    """Counts what is printed; a finalizer of minijinja.

    Args:
        characters: how many may be printed in one render.
    """

    __slots__ = ("_all", "_left")

    def __init__(self, characters: int) -> None:
        self._all = self._left = characters

    def empty(self) -> None:
        """Before each render."""
        self._left = self._all

    def __call__(self, value: Any) -> Any:
        """The value as it is.

        Raises:
            ValueError: there is no room for it.
        """
        if isinstance(value, str):
            self._left -= len(value)
        else:
            self._left -= _OTHER if isinstance(value, int | float) or value is None else len(str(value))
        if self._left < 0:
            raise ValueError(f"more than {self._all:,} characters are printed; are the variables too long?")
        return value


def captures(source: str) -> bool:
    """Whether a program takes hold of what it printed, so that it could print it again and again."""
    return any(piece.kind is Kind.BLOCK and piece.word in _CAPTURES for piece in pieces(source))


def fuel_for(source: str, most: int) -> int:
    """The instructions that a program may take: fewer when its constant pieces are so long that a loop would be a flood."""
    longest = max([len(piece.code) for piece in pieces(source) if piece.kind in _CONSTANT], default=0)
    return max(_LEAST_FUEL, min(most, _STEPS_OF_A_LOOP * MAX_CONSTANT // max(1, longest)))
