"""Which variant speaks to whom: ``fr-CA`` falls back to ``fr`` and then to the template's default."""

from collections.abc import Iterable, Sequence

import msgspec

from posthouse.core.templates.errors import UnknownTemplateError
from posthouse.core.templates.model import Release, TemplateSource


def fallbacks(locale: str | None, default: str) -> Iterable[str]:
    """Locales to try, best first, in lower case with hyphens (BCP 47, RFC 4647 §3.4 "lookup")."""
    word = (locale or "").replace("_", "-").lower()
    while word:
        yield word
        word = word.rpartition("-")[0]
    word = default.replace("_", "-").lower()
    while word:
        yield word
        word = word.rpartition("-")[0]


def choose(releases: Sequence[Release], channel: str, locale: str | None, key: str) -> Release:
    """The release of a channel in the nearest locale.

    Raises:
        UnknownTemplateError: the channel has no variant, or none in a locale that could do.
    """
    by_locale = {
        release.locale.replace("_", "-").lower(): release for release in releases if release.channel == channel
    }
    if not by_locale:
        there = ", ".join(sorted({release.channel for release in releases}))
        raise UnknownTemplateError(f"The template {key!r} has no {channel} variant (there: {there}).")
    for word in fallbacks(locale, releases[0].default_locale):
        if word in by_locale:
            return by_locale[word]
    there = ", ".join(sorted(by_locale))
    raise UnknownTemplateError(f"The template {key!r} has no {channel} variant in {locale!r} (there: {there}).")


def nearest(source: TemplateSource, channel: str, locale: str | None) -> tuple[int, TemplateSource]:
    """The place of the one variant that would speak, and the source with it alone, so that no other is compiled; all of it where none would."""
    known = {
        one.locale.replace("_", "-").lower(): at for at, one in enumerate(source.variants) if one.channel == channel
    }
    for word in fallbacks(locale, source.default_locale):
        if word in known:
            only = source.variants[known[word]]
            alone = msgspec.structs.replace(
                source, variants=(only,), default_locale=only.locale, default_channel=channel
            )
            return known[word], alone
    return 0, source
