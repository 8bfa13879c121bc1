"""Words with ``{{ expressions }}`` in them: checked, escaped, and shielded from HTML tools."""

import functools
import re
import secrets
from html import escape
from typing import Final, NamedTuple

import minijinja

from posthouse.rendering import engine, policy
from posthouse.rendering.controls import without_controls
from posthouse.rendering.tags import Kind, TagError, pieces

_SAFE: Final = re.compile(r"\|\s*safe\b")
_NONCHARACTERS: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_ENVIRONMENT: Final = engine.environment()
_NO_BLOCKS: Final = (
    "only {{ expressions }} stand in a text; for conditions use show_if, or {{ 'this' if condition else 'that' }}"
)


class Checked(NamedTuple):
    """A source that may be used, or what speaks against it."""

    source: str
    problem: str = ""


@functools.lru_cache(maxsize=1_024)
def checked(source: str, *, blocks: bool = False) -> Checked:
    """Judges one text of a document; ``blocks`` allows ``{% tags %}`` and ``safe``, for developers' own sources."""
    source = _NONCHARACTERS.sub("", without_controls(source))
    try:
        kinds = {piece.kind for piece in pieces(source)}
        if kinds <= {Kind.LITERAL}:
            return Checked(source)
        refusal = next((told for _, told in policy.refusals(source)), "")
        if refusal or (not blocks and (refusal := _no_words(source, kinds))):
            return Checked("", refusal)
        _ENVIRONMENT.undeclared_variables_in_str(source)
    except TagError as error:
        return Checked("", str(error))
    except minijinja.TemplateError as error:
        return Checked("", f"line {error.line or 1}: {error.detail or error.message}")
    return Checked(source)


def _no_words(source: str, kinds: set[Kind]) -> str:
    """What speaks against a text that is no developer's; empty when nothing does."""
    if kinds - {Kind.LITERAL, Kind.EXPRESSION}:
        return _NO_BLOCKS
    unsafe = any(piece.kind is Kind.EXPRESSION and _SAFE.search(piece.code) for piece in pieces(source))
    return "values are always escaped in a document: leave out the filter safe" if unsafe else ""


@functools.lru_cache(maxsize=1_024)
def escaped(source: str) -> str:
    """XML for text and for attributes alike; expressions stay as they are."""
    return "".join([escape(p.source) if p.kind is Kind.LITERAL else p.source for p in pieces(source)])


_SALT: Final = f"x{secrets.token_hex(6)}x"
_SHIELDED: Final = re.compile(f"{_SALT}([0-9]+)y")


class Shield:
    """Replaces expressions by words that no HTML tool touches, and puts them back."""

    def __init__(self) -> None:
        self._held: list[str] = []
        self.token = _SHIELDED

    def over(self, source: str) -> str:
        """The source with words in place of its tags."""
        return "".join(
            [p.source.replace(_SALT, "") if p.kind is Kind.LITERAL else self._hold(p.source) for p in pieces(source)]
        )

    def lost(self, result: str) -> list[str]:
        """The tags whose words are not in the result."""
        there = {int(found[1]) for found in self.token.finditer(result)}
        return [tag for number, tag in enumerate(self._held) if number not in there]

    def off(self, result: str) -> str:
        """The result with its tags again."""
        return self.token.sub(lambda found: self._held[int(found[1])], result)

    def _hold(self, tag: str) -> str:
        self._held.append(tag)
        return f"{_SALT}{len(self._held) - 1}y"
