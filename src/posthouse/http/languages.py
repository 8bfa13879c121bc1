"""The languages that people are told things in, and how one is chosen."""

from collections.abc import Iterable
from typing import Final

from posthouse.core.kernel.errors import FieldProblem, ValidationError

LANGUAGES: Final = {"en": "English", "fr": "Français", "es": "Español", "ru": "Русский"}


def language(*wishes: str) -> str:
    """The first of some language tags that we speak, English when none is."""
    for wish in wishes:
        short = wish.strip().lower().partition("-")[0].partition("_")[0]
        if short in LANGUAGES:
            return short
    return "en"


def accepted(header: str) -> Iterable[str]:
    """The tags of an ``Accept-Language`` (RFC 9110 §12.5.4), the dearest first."""
    ranked = []
    for place, part in enumerate(header[:500].split(",")[:20]):
        tag, _, weight = part.partition(";")
        value = weight.strip().removeprefix("q=")
        try:
            ranked.append((-float(value) if value else -1.0, place, tag.strip()))
        except ValueError:
            continue
    return [tag for _, _, tag in sorted(ranked)]


def chosen(word: str) -> str:
    """A language that somebody named.

    Raises:
        ValidationError: we do not speak it.
    """
    if word not in LANGUAGES:
        known = ", ".join(f"{tag} ({name})" for tag, name in LANGUAGES.items())
        raise ValidationError(
            f"{word!r} is no language of Posthouse; there are {known}",
            fields=[FieldProblem("language", f"there are {', '.join(LANGUAGES)}")],
        )
    return word
