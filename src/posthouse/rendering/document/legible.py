"""Whether the dark colours of a theme can be read. The light ones stand inline, where the lint compares what is printed."""

import functools
from typing import Final

from posthouse.core.templates.theme import Palette
from posthouse.rendering.document.writing import Writing
from posthouse.rendering.lint.contrast import AA, colour_of, contrast

_INKS: Final = ("heading", "text", "muted", "link", "success", "warning", "danger")
_GROUNDS: Final = ("page", "surface", "tint")
_ALWAYS: Final = ("page", "surface")


def look_at_dark_mode(writing: Writing, markup: str) -> None:
    """Warns of inks that are too like a ground, where a document has both. What stands on which is the document's choice, and may change."""
    for ink, ground, detail in _unreadable(writing.theme.dark):
        there = "ph-primary" in markup if ground == "primary" else f"c-{ink}" in markup or f"k-{ink}" in markup
        if there and (ground in _ALWAYS or f"g-{ground}" in markup or ground == "primary"):
            writing.warn("/theme", f"in dark mode the theme's {detail}", "contrast")


@functools.lru_cache(maxsize=256)
def _unreadable(dark: Palette) -> tuple[tuple[str, str, str], ...]:
    """Pairs of tokens, and what to say of them."""
    pairs = [*((ink, ground) for ink in _INKS for ground in _GROUNDS), ("on_primary", "primary")]
    found = []
    for ink, ground in pairs:
        one, other = getattr(dark, ink), getattr(dark, ground)
        inks = colour_of(one.lower()), colour_of(other.lower())
        if inks[0] is not None and inks[1] is not None and (ratio := contrast(inks[0], inks[1])) < AA:
            found.append((ink, ground, f"{ink} {one} on {ground} {other} is {ratio:.1f} to 1, {AA} is wanted"))
    return tuple(found)
