"""What the writers of blocks share: theme, locale, and the problems met on the way."""

import secrets
from typing import Final, Literal

import msgspec

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.templates.document import Align, Ground, Ink, Space
from posthouse.core.templates.document_reading import nearest
from posthouse.core.templates.library.model import NO_LIBRARY, Library
from posthouse.core.templates.theme import Font, Theme
from posthouse.rendering.document import texts

_RIGHT_TO_LEFT: Final = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})


class Writing(msgspec.Struct):
    """One document on its way to MJML in one locale."""

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
    salt: str = msgspec.field(default_factory=lambda: "h" + secrets.token_hex(6))

    @property
    def direction(self) -> str:
        """``rtl`` for the languages written from right to left."""
        return "rtl" if self.locale.partition("-")[0].lower() in _RIGHT_TO_LEFT else "ltr"

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
        """The words for this locale as XML: literals escaped, expressions as they are."""
        return texts.escaped(self.chosen(value, pointer, optional=optional))

    def held(self, html: str) -> str:
        """A comment that stands for HTML until the MJML is compiled."""
        token = f"<!--{self.salt}{len(self.inserts)}y-->"
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


def stack(font: Font) -> str:
    """``'Helvetica Neue', Helvetica, Arial, sans-serif``."""
    return ", ".join(f"'{name}'" if " " in name else name for name in (font.family, *font.fallbacks))
