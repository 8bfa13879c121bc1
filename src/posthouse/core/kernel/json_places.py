"""Where in a JSON text a pointer (RFC 6901) leads, for people who look for the line."""

import json
import re
from typing import Final

_TOKEN: Final = re.compile(r'"(?>(?:[^"\\]++|\\.)*)"|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)


def line_of(text: str, pointer: str) -> int:
    """The line, counted from 1, of what a pointer leads to, or of the last that is there on the way; 0: there is no such text."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    reader = _Reader(text)
    reader.follow(steps)
    return text.count("\n", 0, reader.found) + 1 if reader.found >= 0 else 0


class _Reader:
    """Goes through a text once. What is no JSON is read as far as it is."""

    def __init__(self, text: str) -> None:
        self._tokens = [(found[0], found.start()) for found in _TOKEN.finditer(text)]
        self._at = 0
        self.found = self._tokens[0][1] if self._tokens else -1

    def follow(self, steps: list[str]) -> None:
        """Goes on to the value that the steps lead to."""
        for step in steps:
            if not self._enter(step):
                return

    def _enter(self, step: str) -> bool:
        """Into the part of the value that begins here; whether there is such a part."""
        opening = self._take()
        if opening not in {"{", "["}:
            return False
        number = 0
        while self._peek() not in {"}", "]", ""}:
            start = self._at
            name = str(number)
            if opening == "{":
                name = _unquoted(self._take())
                self._take()
            if name == step:
                self.found = self._tokens[start][1]
                return True
            self._skip()
            number += 1
            if self._peek() == ",":
                self._take()
        return False

    def _skip(self) -> None:
        depth = 0
        while self._at < len(self._tokens):
            sign = self._take()
            depth += (sign in {"{", "["}) - (sign in {"}", "]"})
            if depth <= 0:
                return

    def _peek(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token


def _unquoted(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token
