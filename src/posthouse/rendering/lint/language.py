"""What the language of a variant asks for: known to CLDR, and all its plural forms."""

import re
from collections.abc import Iterator
from typing import Final

from posthouse.core.templates.lint.model import Finding
from posthouse.core.templates.lint.rules import finding
from posthouse.rendering.formats.tongue import known
from posthouse.rendering.formats.words import CATEGORIES, categories
from posthouse.rendering.tags import Kind, TagError, line_of, pieces

_PLURAL: Final = re.compile(r"\|\s*plural\s*\(")
_FORM: Final = re.compile(rf"\b({'|'.join(CATEGORIES)})\s*=(?!=)")
_STRING: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


def look_at_language(locale: str, source: str, file: str, pointer: str) -> Iterator[Finding]:
    """The locale itself, and each plural of one source."""
    if known(locale) is None:
        yield finding("locale-unknown", f"CLDR knows no language {locale!r}", pointer=pointer, file=file)
        return
    try:
        found = [piece for piece in pieces(source) if piece.kind in {Kind.EXPRESSION, Kind.BLOCK}]
    except TagError:
        return
    for piece in found:
        code = _STRING.sub("''", piece.code)
        if _PLURAL.search(code) and (missing := sorted(categories(locale) - set(_FORM.findall(code)))):
            detail = f"{{{{ {piece.code} }}}} has no form for {', '.join(missing)} in {locale!r}"
            yield finding("plural-forms", detail, pointer=pointer, file=file, line=line_of(source, piece.start))
