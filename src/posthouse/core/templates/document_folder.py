"""A document among a template's files: ``email.json`` speaks every locale, ``theme.json`` says how it looks."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.templates.document_reading import locales_of, nearest, read_theme
from posthouse.core.templates.model import VariantSource

DOCUMENT: Final = "email.json"
THEME: Final = "theme.json"

Add = Callable[[str, str, str], None]
"""Takes a problem: file with its place, detail, code."""


def with_theme(folders: Mapping[str, Mapping[str, bytes]], folder: str) -> dict[str, bytes]:
    """A folder's files; a document without a theme of its own takes the one of the nearest folder above."""
    files = dict(folders[folder])
    above = folder
    while DOCUMENT in files and THEME not in files and above:
        above = above.rpartition("/")[0]
        if THEME in folders.get(above, {}):
            files[THEME] = folders[above][THEME]
    return files


def document_variants(
    document: dict[str, Any],
    theme: dict[str, Any] | None,
    default_locale: str,
    texts: Mapping[str, str],
    subjects: Collection[str],
    add: Add,
) -> Iterator[VariantSource]:
    """One variant for each locale of the document.

    Args:
        document: what ``email.json`` holds.
        theme: what ``theme.json`` holds.
        default_locale: whose words stand in for missing ones.
        texts: text parts written by hand, by locale.
        subjects: locales that have a subject outside the document.
        add: takes the problems.
    """
    locales: tuple[str, ...] = ()
    try:
        locales = locales_of(document)
        if not locales:
            add(f"{DOCUMENT}/subject", "there are no words in any locale", "missing")
        if theme is not None:
            read_theme(theme)
    except ValidationError as error:
        file = DOCUMENT if not locales else THEME
        for found in error.fields:
            add(f"{file}{found.pointer}", found.detail, found.code)
        return
    for locale in sorted(subjects):
        add(
            DOCUMENT,
            f"the subject stands in {DOCUMENT}; there is one in {locale!r} elsewhere too: keep one",
            "ambiguous",
        )
    for locale in sorted(texts.keys() - set(locales)):
        add(f"email.{locale}.txt", f"{DOCUMENT} has no words in {locale!r} (there: {', '.join(locales)})", "missing")
    for locale in locales:
        found_subject = nearest(document["subject"], locale, default_locale)
        subject = document["subject"][found_subject] if found_subject else ""
        yield VariantSource("email", locale, subject.strip(), text=texts.get(locale), document=document, theme=theme)
