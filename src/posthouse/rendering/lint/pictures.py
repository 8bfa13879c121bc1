"""The pictures that a source shows: images, grounds of tables and sections, and those that inline styles name."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Final

from posthouse.core.templates.lint.model import Picture
from posthouse.rendering.lint.reader import DYNAMIC, Document, Element

_SHOWING: Final = {
    "img": ("src",),
    "mj-image": ("src",),
    "mj-carousel-image": ("src",),
    "mj-social-element": ("src",),
}
_GROUNDS: Final = ("background", "background-url")
_STYLE: Final = re.compile(r"\bbackground(?:-image)?\s*:[^;{}]*?\burl\(\s*['\"]?([^'\")]*)", re.IGNORECASE)
_MOST: Final = 500
"""Pictures of one source that are told; no mail has so many."""


def pictures_of(document: Document, file: str, pointer: str) -> list[Picture]:
    """Every picture once, at its first place. An address that a variable gives holds :data:`DYNAMIC`."""
    found: dict[str, Picture] = {}
    for address, line in _addresses(document):
        if len(found) < _MOST:
            found.setdefault(address, Picture(address, pointer, file, line))
    return list(found.values())


def sorted_out(pictures: list[Picture]) -> tuple[tuple[Picture, ...], bool]:
    """Those whose address is written out, and whether there are others."""
    written = tuple([one for one in pictures if DYNAMIC not in one.address])
    return written, len(written) < len(pictures)


def _addresses(document: Document) -> Iterator[tuple[str, int]]:
    for element in document.elements:
        given = element.attributes
        if not given or (element.parent is not None and element.parent.name == "mj-attributes"):
            continue  # defaults, no pictures
        for attribute in (*_SHOWING.get(element.name, ()), *_GROUNDS):
            if attribute in given and not _is_colour(element, attribute):
                yield given[attribute].strip(), element.line
        style = given.get("style")
        if style and "(" in style:
            for address in _STYLE.findall(style):
                yield unescape(address).strip(), element.line


def _is_colour(element: Element, attribute: str) -> bool:
    """``background`` of an HTML table is a picture, but some write a colour into it."""
    value = element.attributes[attribute]
    return attribute == "background" and not any(sign in value for sign in ("/", ".", ":", DYNAMIC))
