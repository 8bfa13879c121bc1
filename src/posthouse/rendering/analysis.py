"""Which variables a program reads, and which of them it cannot do without.

The analysis is deliberately simple: it follows paths (``order.lines``), loops (``for line in order.lines`` makes
``line.name`` a path of each item), ``set`` and ``with``, and three kinds of guard: ``default(…)``, ``is defined`` and
``if x``. What stands inside a condition is needed only when the condition is the thing itself (``if company`` …
``company.name``). Where it cannot tell, it asks for less; rendering stays strict.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from typing import Final

from posthouse.rendering.remembering import remembered
from posthouse.rendering.tags import Kind, pieces

Path = tuple[str, ...]
ITEM: Final = "[]"

_TOKEN: Final = re.compile(
    r"(?P<string>'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>[=!<>]=|//|\*\*|[^\s\w])",
    re.DOTALL,
)
_KEYWORDS: Final = frozenset(
    [
        "and",
        "or",
        "not",
        "in",
        "is",
        "if",
        "else",
        "true",
        "false",
        "none",
        "True",
        "False",
        "None",
        "loop",
        "recursive",
    ]
)
_DEFAULTS: Final = frozenset({"default", "d"})
_IN: Final = re.compile(r"\bin\b")
_TAGS: Final = frozenset({Kind.EXPRESSION, Kind.BLOCK})
_FEW: Final = 20_000
"""Characters of a program's tags that are remembered."""


class Node:
    """What is known about one variable or one of its parts."""

    __slots__ = ("children", "formats", "guarded", "item", "printed", "required", "used")

    def __init__(self) -> None:
        self.children: dict[str, Node] = {}
        self.item: Node | None = None
        self.formats: set[str] = set()
        self.required = False
        self.printed = False
        self.guarded = False
        self.used = False

    def step(self, name: str) -> "Node":
        """The part with this name, or each item."""
        if name == ITEM:
            self.item = self.item or Node()
            return self.item
        part = self.children.get(name)
        if part is None:
            part = self.children[name] = Node()
        return part

    def take(self, other: "Node") -> None:
        """Adds all that is known about another; what is new comes behind."""
        for name, part in other.children.items():
            self.step(name).take(part)
        if other.item is not None:
            self.step(ITEM).take(other.item)
        self.formats |= other.formats
        self.required = self.required or other.required
        self.printed = self.printed or other.printed
        self.guarded = self.guarded or other.guarded
        self.used = self.used or other.used


class _Token:
    __slots__ = ("kind", "text")

    def __init__(self, kind: str, text: str) -> None:
        self.kind = kind
        self.text = text


class _Read:
    """One path read in an expression, with what stands around it."""

    __slots__ = ("alone", "defaulted", "filter", "filtered", "path")

    def __init__(self, path: Path, *, defaulted: bool, filtered: str, alone: bool) -> None:
        self.path = path
        self.filter = filtered
        self.defaulted = defaulted
        self.filtered = bool(filtered) and not defaulted
        self.alone = alone

    def at(self, path: Path) -> "_Read":
        """The same read of another path."""
        return _Read(path, defaulted=self.defaulted, filtered=self.filter, alone=self.alone)


class Analysis:
    """Reads programs one after the other into one tree."""

    def __init__(self, known: frozenset[str]) -> None:
        self.root = Node()
        self._known = known
        self.seen: frozenset[str] = frozenset()
        """Names that the program added last asks for."""

    def add(self, source: str) -> None:
        """Follows one program from its first tag to its last."""
        tags = tuple([(piece.kind is Kind.BLOCK, piece.code) for piece in pieces(source) if piece.kind in _TAGS])
        few = sum([len(code) for _, code in tags]) <= _FEW
        walk = (_walked if few else _walked.__wrapped__)(tags, self._known)
        self.root.take(walk.root)
        self.seen = frozenset(walk.seen)


class _Walk:
    """One program, from its first tag to its last."""

    def __init__(self, tags: Sequence[tuple[bool, str]], known: frozenset[str]) -> None:
        self.root = Node()
        self.seen: set[str] = set()
        self._known = known
        self._scopes: list[dict[str, Path | None]] = [{}]
        self._conditions: list[Path | None] = []
        for block, code in tags:
            if block:
                self._block(code)
            else:
                self._expression(code, printed=True)

    def _block(self, code: str) -> None:
        word = code.split(None, 1)[0] if code else ""
        rest = code[len(word) :].strip()
        match word:
            case "for":
                self._for(rest)
            case "if":
                self._conditions.append(self._condition(rest))
            case "elif":
                self._conditions[-1:] = [None]
                self._condition(rest)
            case "else":
                self._conditions[-1:] = [None]
            case "endif":
                self._conditions[-1:] = []
            case "endfor":
                self._conditions[-1:] = []
                self._leave()
            case "endwith" | "endmacro" | "endcall":
                self._leave()
            case "set" | "with":
                self._assign(rest, new_scope=word == "with")
            case "macro" | "call":
                self._enter(dict.fromkeys(re.findall(r"[A-Za-z_]\w*", rest)))
            case _:
                self._expression(rest, printed=False)

    def _enter(self, names: dict[str, Path | None]) -> None:
        self._scopes.append(names)

    def _leave(self) -> None:
        if len(self._scopes) > 1:
            self._scopes.pop()

    def _for(self, rest: str) -> None:
        found = _IN.search(rest)
        names, listed = (rest[: found.start()], rest[found.end() :]) if found else (rest, "")
        targets = re.findall(r"[A-Za-z_]\w*", names)
        subject, _, condition = listed.partition(" if ")
        reads = self._expression(subject, printed=False)
        path = reads[0].path if len(reads) == 1 and reads[0].alone and len(targets) == 1 else None
        if path is not None:
            self._node(path).step(ITEM)
            path = (*path, ITEM)
        self._enter({name: path if len(targets) == 1 else None for name in targets})
        self._conditions.append((ITEM,))
        if condition:
            self._condition(condition)

    def _assign(self, rest: str, *, new_scope: bool) -> None:
        name, sign, value = rest.partition("=")
        reads = self._expression(value, printed=False) if sign else []
        path = reads[0].path if len(reads) == 1 and reads[0].alone else None
        names: dict[str, Path | None] = dict.fromkeys(re.findall(r"[A-Za-z_]\w*", name), path)
        if new_scope:
            self._enter(names)
        else:
            self._scopes[-1].update(names)

    def _condition(self, code: str) -> Path | None:
        """Notes what a condition asks for; the path when the condition is that path alone."""
        tokens = _tokens(code)
        compound = any(token.text in {"and", "or"} for token in tokens)
        reads = list(self._reads(code))
        for read in reads:
            if read.defaulted:
                self._note(read.path, required=False, guarded=True)
            elif read.filtered:
                self._note(read.path, required=not compound)
            else:
                self._note(read.path[:-1], required=not compound)
                self._note(read.path, required=False, guarded=True)
        if len(reads) == 1 and not compound and not any(token.text == "not" for token in tokens):
            return reads[0].path if reads[0].alone or reads[0].defaulted else None
        return None

    def _expression(self, code: str, *, printed: bool) -> list[_Read]:
        choosing = _chooses(code)
        reads = list(self._reads(code))
        for read in reads:
            self._note(read.path, required=not (choosing or read.defaulted), guarded=choosing)
            if read.filtered:
                self._node(read.path).formats.add(read.filter)
            if printed and len(reads) == 1 and (read.alone or read.defaulted) and not read.filtered:
                self._node(read.path).printed = True
        return reads

    def _reads(self, code: str) -> Iterator[_Read]:
        for path, read in _read_in(code):
            whole = self._resolve(path)
            if whole is not None:
                yield read if whole == path else read.at(whole)

    def _resolve(self, path: Path) -> Path | None:
        for scope in reversed(self._scopes):
            if path[0] in scope:
                base = scope[path[0]]
                return None if base is None else (*base, *path[1:])
        return None if path[0] in self._known else path

    def _note(self, path: Path, *, required: bool, guarded: bool = False) -> None:
        needed_from = self._needed_from(path) if required else len(path)
        node = self.root
        self.seen.update(path[:1])
        for depth, name in enumerate(path):
            node = node.step(name)
            node.required = node.required or (depth >= needed_from and name != ITEM)
        node.used = True
        node.guarded = node.guarded or guarded

    def _needed_from(self, path: Path) -> int:
        """From which step on a path is needed here: 0 outside conditions, after the guard inside its own."""
        needed = 0
        for condition in self._conditions:
            if condition == (ITEM,):
                continue
            if condition is None or path[: len(condition)] != condition:
                return len(path)
            needed = max(needed, len(condition))
        return needed

    def _node(self, path: Path) -> Node:
        node = self.root
        for name in path:
            node = node.step(name)
        return node


@functools.lru_cache(maxsize=256)
def _walked(tags: tuple[tuple[bool, str], ...], known: frozenset[str]) -> _Walk:
    """The languages of a template say other words around the same tags. Not to be changed."""
    return _Walk(tags, known)


@remembered(2_048)
def _tokens(code: str) -> tuple[_Token, ...]:
    """Programs of one template in several languages hold the same expressions."""
    return tuple([_Token(found.lastgroup or "", found[0]) for found in _TOKEN.finditer(code)])


@remembered(2_048)
def _chooses(code: str) -> bool:
    """Whether an expression takes one value or another."""
    return any(token.kind == "name" and token.text in {"if", "and", "or"} for token in _tokens(code))


@remembered(2_048)
def _read_in(code: str) -> tuple[tuple[Path, _Read], ...]:
    """The paths that are read in an expression, as they stand there."""
    tokens, found, at = _tokens(code), list[tuple[Path, _Read]](), 0
    while at < len(tokens):
        token = tokens[at]
        before = tokens[at - 1].text if at else ""
        after = tokens[at + 1].text if at + 1 < len(tokens) else ""
        if token.kind != "name" or token.text in _KEYWORDS or before in {".", "|", "is"} or after == "(":
            at += 1
            continue
        if (before == "not" and at > 1 and tokens[at - 2].text == "is") or (after == "=" and before in {"(", ","}):
            at += 1
            continue
        start, path, at = at, *_chain(tokens, at)
        filtered = at < len(tokens) and tokens[at].text == "|"
        defaulted = (filtered and at + 1 < len(tokens) and tokens[at + 1].text in _DEFAULTS) or _asks(tokens, at)
        alone = start == 0 and at == len(tokens)
        named = tokens[at + 1].text if filtered and at + 1 < len(tokens) else ""
        found.append((path, _Read(path, defaulted=defaulted, filtered=named, alone=alone)))
    return tuple(found)


def _chain(tokens: Sequence[_Token], at: int) -> tuple[Path, int]:
    """The path that starts here and where it ends: names after dots, string and number subscripts."""
    path = [tokens[at].text]
    at += 1
    while at < len(tokens):
        text = tokens[at].text
        if text == "." and at + 1 < len(tokens) and tokens[at + 1].kind == "name":
            path.append(tokens[at + 1].text)
            at += 2
        elif text == "[" and at + 2 < len(tokens) and tokens[at + 2].text == "]" and tokens[at + 1].kind == "string":
            path.append(tokens[at + 1].text[1:-1])
            at += 3
        elif text == "[" and at + 2 < len(tokens) and tokens[at + 2].text == "]" and tokens[at + 1].kind == "number":
            path.append(ITEM)
            at += 3
        else:
            break
    return tuple(path), at


def _asks(tokens: Sequence[_Token], at: int) -> bool:
    words = [token.text for token in tokens[at : at + 3]]
    return words[:2] in (["is", "defined"], ["is", "undefined"]) or words == ["is", "not", "defined"]
