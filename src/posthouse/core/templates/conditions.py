"""The condition language: a small, safe part of minijinja's expressions.

    order.total > 100 and not customer.company
    coupon is defined and coupon.kind in ["gift", "voucher"]
    order.lines|length >= 2

Names with dots, texts, numbers, ``true false none``, lists of them; ``== != < <= > >= in``, ``is defined`` and
``is none`` (each with ``not``), ``and or not``, parentheses, and the filters ``length lower upper trim``. No calls, no
arithmetic: what is not here is refused with the place where it stands. The same words mean the same everywhere a
condition can be written.
"""

import functools
import re
from typing import Final

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<text>'[^'\\]*'|\"[^\"\\]*\")|(?P<number>\d+(?:\.\d+)?)(?![\w.])"
    r"|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)|(?P<sign>[=!<>]=|[<>()\[\],|]))"
)
_CONSTANTS: Final = frozenset({"true", "false", "none"})
_RESERVED: Final = frozenset({"and", "or", "not", "in", "is", "if", "else", "loop", "self", "True", "False", "None"})
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})
_FILTERS: Final = frozenset({"length", "lower", "upper", "trim"})
_DEEPEST: Final = 12


class ConditionError(ValueError):
    """What is wrong with a condition, and where."""


@functools.lru_cache(maxsize=512)
def check_condition(source: str) -> None:
    """Accepts a condition or says what is wrong. One that was accepted is remembered: every language of a document asks again.

    Raises:
        ConditionError: it is not written in the language; the message names the place.
    """
    reader = _Reader(source)
    reader.either()
    if reader.word:
        raise reader.unexpected("'and', 'or' or the end")


class _Reader:
    """Recursive descent over the tokens."""

    def __init__(self, source: str) -> None:
        self._tokens = list(_tokens(source))
        self._at = 0
        self._depth = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    @property
    def word(self) -> str:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else ""

    def either(self) -> None:
        """``both or both …``."""
        self._both()
        while self._took("or"):
            self._both()

    def unexpected(self, wanted: str) -> ConditionError:
        there = f"not {self.word!r}" if self.word else "but it ends there"
        return ConditionError(f"the condition needs {wanted} at word {self._at + 1}, {there}")

    def _both(self) -> None:
        self._negated()
        while self._took("and"):
            self._negated()

    def _negated(self) -> None:
        while self._took("not"):
            pass
        self._comparison()

    def _comparison(self) -> None:
        self._operand()
        if self.word in _COMPARISONS and self.kind == "sign":
            self._at += 1
            self._operand()
        elif self._took("is"):
            self._took("not")
            if not (self._took("defined") or self._took("none")):
                raise self.unexpected("'defined' or 'none'")
        elif self.word == "in" or (self.word == "not" and self._next() == "in"):
            self._took("not")
            self._took("in")
            self._operand()

    def _operand(self) -> None:
        if self._took("("):
            self._deeper()
            self.either()
            self._need(")")
            self._depth -= 1
        elif self._took("["):
            self._list()
        elif self.kind in {"text", "number"}:
            self._at += 1
        elif self.kind == "name" and self.word.partition(".")[0] not in _RESERVED:
            if "__" in self.word:
                raise ConditionError(f"{self.word!r} leads nowhere: names have no two underscores in a row")
            self._at += 1
            self._filters()
        else:
            raise self.unexpected("a name, a text, a number or a list")

    def _filters(self) -> None:
        while self._took("|"):
            if self.word not in _FILTERS:
                raise self.unexpected(f"one of the filters {', '.join(sorted(_FILTERS))}")
            self._at += 1

    def _list(self) -> None:
        while not self._took("]"):
            if not (self.kind in {"text", "number"} or self.word in _CONSTANTS):
                raise self.unexpected("a text or a number inside the list")
            self._at += 1
            if self.word != "]":
                self._need(",")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ConditionError(f"the condition has over {_DEEPEST} parentheses inside each other")

    def _next(self) -> str:
        return self._tokens[self._at + 1][1] if self._at + 1 < len(self._tokens) else ""

    def _took(self, word: str) -> bool:
        if self.word != word or self.kind == "text":
            return False
        self._at += 1
        return True

    def _need(self, word: str) -> None:
        if not self._took(word):
            raise self.unexpected(repr(word))


def _tokens(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    at, end = 0, len(source.rstrip())
    while at < end:
        token = _TOKEN.match(source, at)
        if token is None:
            rest = source[at:].lstrip()
            raise ConditionError(
                f"{rest[:20]!r} is not part of the condition language (letter {len(source) - len(rest) + 1})"
            )
        found.append((token.lastgroup or "", token[token.lastgroup or 0]))
        at = token.end()
    return found
