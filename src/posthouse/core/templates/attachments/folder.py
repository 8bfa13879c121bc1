"""Attachments among a template's files: ``[[attachments]]`` in template.toml, ``pdf.SOURCE.LOCALE.html`` beside it."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.attachments.model import Declared, Pdf
from posthouse.core.templates.reading import read_typed

MOST: Final = 10
"""Attachments of one template."""
_SETTINGS: Final = "template.toml"
_PAGE: Final = re.compile(
    r"pdf(?:\.(?P<source>[a-z0-9][a-z0-9_-]*))??(?:\.(?P<locale>[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*))?\.html"
)

Add = Callable[[str, str, str], None]
"""Takes a problem: file with its place, detail, code."""


def take_attachments(
    texts: dict[str, str], settings: Mapping[str, Any], default_locale: str, locale: Callable[[str], str], add: Add
) -> tuple[Declared, ...]:
    """Takes the pages of PDFs out of ``texts``, and reads what is declared.

    Args:
        texts: contents by name.
        settings: of template.toml.
        default_locale: of pages whose name holds none.
        locale: brings a locale into its normal form.
        add: takes the problems.
    """
    given = settings.get("attachments", [])
    if not isinstance(given, list) or len(given) > MOST:
        add(_SETTINGS, f"attachments is a list of at most {MOST} tables: [[attachments]]", "invalid")
        given = []
    declared = [one for index, raw in enumerate(given) if (one := _read(index, raw, add)) is not None]
    pages: dict[str, dict[str, str]] = {}
    sources = {one.source for one in declared if isinstance(one, Pdf)}
    for name in sorted(name for name in texts if name.startswith("pdf.") and _PAGE.fullmatch(name)):
        source, spoken = _parts(name, sources)
        pages.setdefault(source, {})[locale(spoken) or default_locale] = texts.pop(name)
        if source not in sources:
            add(name, f"no attachment of the kind pdf has the source {source!r}", "unknown")
    return tuple(
        [
            msgspec.structs.replace(one, html=pages.get(one.source, {})) if isinstance(one, Pdf) else one
            for one in declared
        ]
    )


def _parts(name: str, sources: set[str]) -> tuple[str, str]:
    """Source and locale in a name: ``pdf.main.fr.html``, ``pdf.fr.html`` and ``pdf.html`` are those of ``main``."""
    words = name.removesuffix(".html").split(".")[1:]
    if words and words[0] in sources:
        return words[0], words[1] if len(words) > 1 else ""
    return ("main", words[0] if words else "") if len(words) < 2 else (words[0], words[1])


def _read(index: int, raw: Any, add: Add) -> Declared | None:
    if isinstance(raw, dict) and "html" in raw:
        add(_SETTINGS, "the pages of a PDF stand in pdf.SOURCE.LOCALE.html, not in html", "unknown")
        return None
    try:
        declared: Declared = read_typed(raw, Declared, "attachment")  # type: ignore[arg-type] # mypy takes a union for no type
    except ValidationError as error:
        for found in error.fields:
            add(f"{_SETTINGS}/attachments/{index}{found.pointer}", found.detail, found.code)
        return None
    return declared
