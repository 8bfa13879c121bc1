"""What the writers of blocks share: theme, locale, and the problems met on the way."""

import functools
import re
import secrets
from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.templates.document import Align, Ground, Ink, Space
from posthouse.core.templates.document_reading import nearest
from posthouse.core.templates.library.model import NO_LIBRARY, Library
from posthouse.core.templates.theme import Font, Theme
from posthouse.rendering.controls import without_controls
from posthouse.rendering.document import texts

_RIGHT_TO_LEFT: Final = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})

_SALT: Final = f"h{secrets.token_hex(6)}"
"""What the words of this process begin with that stand for what an author wrote. Nobody can know it."""
_SPOKEN: Final = re.compile(f"{_SALT}([0-9]+)w")


class Writing(msgspec.Struct):
    """One document on its way to MJML in one locale.

    What somebody wrote does not stand in the MJML but a word for it (:meth:`spoken`): so that of all languages is the same, and
    compiled once.
    """

    theme: Theme
    locale: str
    default: str
    library: Library = NO_LIBRARY
    problems: list[FieldProblem] = []
    warnings: list[FieldProblem] = []
    inserts: dict[str, str] = {}
    """HTML that the MJML compiler must not see, by the comment that stands for it."""
    own_mjml: bool = False
    """Whether a developer's own MJML was written."""
    said: list[str] = []
    """What the words stand for, by their numbers."""

    @property
    def direction(self) -> str:
        """``rtl`` for the languages written from right to left."""
        return _direction(self.locale)

    def refuse(self, pointer: str, detail: str, code: str = "invalid") -> None:
        """Notes what stops the publication."""
        self.problems.append(FieldProblem(pointer, detail, code))

    def warn(self, pointer: str, detail: str, code: str) -> None:
        """Notes what the author should hear."""
        self.warnings.append(FieldProblem(pointer, detail, code))

    def chosen(self, value: str | dict[str, str], pointer: str, *, optional: bool = False) -> str:
        """The words for this locale, checked: only ``{{ expressions }}`` of the allowed kind. Empty when refused."""
        if isinstance(value, dict):
            if optional and not value:
                return ""
            found = self.locale_of(value, pointer)
            if found is None:
                return ""
            pointer, value = f"{pointer}/{found}", value[found]
        checked = texts.checked(value)
        if checked.problem:
            self.refuse(pointer, checked.problem, "syntax")
            return ""
        return checked.source

    def locale_of(self, value: dict[str, str], pointer: str) -> str | None:
        """Whose words are taken; None and a problem when nobody's can be. Another language's are taken with a warning."""
        found = nearest(value, self.locale, self.default)
        if found is None:
            there = ", ".join(sorted(value)) or "none"
            detail = f"there are no words for {self.locale!r} nor for the default {self.default!r} (there: {there})"
            self.refuse(pointer, detail, "missing")
        elif found.partition("-")[0] != self.locale.partition("-")[0]:
            self.warn(pointer, f"not translated to {self.locale!r}: {found!r} is taken", "translation")
        return found

    def words(self, value: str | dict[str, str], pointer: str, *, optional: bool = False) -> str:
        """What stands for the words of this locale (as XML: literals escaped, expressions as they are). Empty where there are none."""
        return self.spoken(texts.escaped(self.chosen(value, pointer, optional=optional)))

    def spoken(self, markup: str) -> str:
        """A word that stands for a text, or elements inside one, until the MJML is compiled. Nothing for nothing."""
        if not markup:
            return ""
        self.said.append(without_controls(markup))
        return f"{_SALT}{len(self.said) - 1}w"

    def held(self, html: str) -> str:
        """A comment that stands for HTML until the MJML is compiled."""
        token = f"<!--{_SALT}{len(self.inserts)}y-->"
        self.inserts[token] = html
        return token

    def color(self, name: Ink | Ground | Literal["border"]) -> str:
        """The light colour of a token."""
        return str(getattr(self.theme.light, name))

    def space(self, step: Space) -> int:
        """Pixels of a step."""
        return 0 if step == "none" else int(getattr(self.theme.spacing, step))

    def side(self, align: Align) -> str:
        """``start`` and ``end`` as the writing goes."""
        if align == "center":
            return "center"
        return "left" if (align == "start") == (self.direction == "ltr") else "right"

    def font(self, which: str) -> str:
        """The family with its stand-ins, for CSS inside an attribute."""
        return stack(getattr(self.theme.fonts, which))


@functools.lru_cache(maxsize=256)
def _direction(locale: str) -> str:
    return "rtl" if locale.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"


def speaking(markup: str, said: Sequence[str]) -> str:
    """MJML, or what was made of it, with the words themselves."""
    return _SPOKEN.sub(lambda found: said[int(found[1])], markup)


def stack(font: Font) -> str:
    """``'Helvetica Neue', Helvetica, Arial, sans-serif``."""
    return ", ".join(f"'{name}'" if " " in name else name for name in (font.family, *font.fallbacks))
