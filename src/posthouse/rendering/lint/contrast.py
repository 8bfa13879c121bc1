"""Contrast of text and background (WCAG 2.2, 1.4.3), where both are simple colours written inline."""

import re
from collections.abc import Iterator
from typing import Final

from posthouse.rendering.lint.reader import DYNAMIC, Document, Element
from posthouse.rendering.remembering import remembered

Colour = tuple[int, int, int]
_HEX: Final = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})")
_RGB: Final = re.compile(r"rgb\(\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*[, ]\s*(\d{1,3})\s*\)")
_NAMED: Final[dict[str, Colour]] = {
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "silver": (192, 192, 192),
    "yellow": (255, 255, 0),
    "orange": (255, 165, 0),
    "navy": (0, 0, 128),
}
_WHITE: Final[Colour] = (255, 255, 255)
_BLACK: Final[Colour] = (0, 0, 0)
_LARGE: Final = 24.0
_LARGE_BOLD: Final = 18.66
AA: Final = 4.5
"""What text of usual size needs."""
_AA_LARGE: Final = 3.0
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden")
_SILENT: Final = frozenset({"style", "title", "script", "head"})
_SIZE: Final = re.compile(r"([\d.]+)px")


class _Look:
    """How text inside an element looks. None: not known."""

    __slots__ = ("background", "bold", "colour", "seen", "size")

    def __init__(self) -> None:
        self.colour: Colour | None = _BLACK
        self.background: Colour | None = _WHITE
        self.size = 16.0
        self.bold = False
        self.seen = True


def look_at_contrast(document: Document) -> Iterator[tuple[str, str]]:
    """Each pair of colours that is too alike, once: the text it was found at and what is wrong."""
    looks = _looks(document)
    told: set[tuple[Colour, Colour]] = set()
    for words in document.words:
        look = looks[words.parent]
        if not look.seen or not look.size or look.colour is None or look.background is None:
            continue
        if not words.text.strip(DYNAMIC + " |·-"):
            continue
        pair = (look.colour, look.background)
        large = look.size >= _LARGE or (look.bold and look.size >= _LARGE_BOLD)
        ratio, wanted = contrast(*pair), _AA_LARGE if large else AA
        if ratio < wanted and pair not in told:
            told.add(pair)
            shown = words.text.replace(DYNAMIC, "…")[:40]
            yield words.text, f"{_hex(pair[0])} on {_hex(pair[1])} is {ratio:.1f} to 1, {wanted} is wanted ({shown!r})"


def contrast(one: Colour, other: Colour) -> float:
    """The ratio of relative luminances, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    linear = [part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _looks(document: Document) -> dict[Element | None, _Look]:
    """The look of every element; what contains it comes before it."""
    looks: dict[Element | None, _Look] = {None: _Look()}
    for element in document.elements:
        looks[element] = _inside(element, looks[element.parent])
    return looks


def _inside(element: Element, above: _Look) -> _Look:
    look, written = _Look(), element.get("style")
    style = _declared(written) if written else {}
    look.seen = above.seen and element.name not in _SILENT and not (written and _hides(written))
    look.colour = colour_of(style["color"]) if "color" in style else _inherited(element, above)
    look.background = _background(element, style, above)
    size = _SIZE.search(style.get("font-size", ""))
    look.size = float(size[1]) if size else above.size * {"h1": 2.0, "h2": 1.5}.get(element.name, 1.0)
    weight = style.get("font-weight", "")
    look.bold = weight in {"bold", "600", "700", "800", "900"} or (
        not weight and (above.bold or element.name in {"b", "strong", "th", "h1", "h2", "h3"})
    )
    return look


def _inherited(element: Element, above: _Look) -> Colour | None:
    """A link has a colour of its own, from a style sheet or the program: not known."""
    return None if element.name == "a" else above.colour


def _background(element: Element, style: dict[str, str], above: _Look) -> Colour | None:
    if element.get("background") or "background-image" in style:
        return None
    written = style.get("background-color") or style.get("background") or element.get("bgcolor")
    if not written or written in {"transparent", "none", "inherit", "initial"}:
        return above.background
    return colour_of(written)


@remembered(1_024)
def _declared(style: str) -> dict[str, str]:
    """The declarations of a style, which stands in many elements; not to be changed."""
    pairs = [declaration.partition(":") for declaration in style.lower().split(";")]
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs if value}


@remembered(1_024)
def _hides(style: str) -> bool:
    return _HIDDEN.search(style.lower()) is not None


def colour_of(written: str) -> Colour | None:
    """A simple colour, None for everything else (a variable, a gradient, half transparent)."""
    if found := _HEX.fullmatch(written):
        digits = found[1] if len(found[1]) == 6 else "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if found := _RGB.fullmatch(written):
        red, green, blue = (min(255, int(part)) for part in found.groups())
        return red, green, blue
    return _NAMED.get(written)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
