"""What a reader sees of a page, and what not."""

import re
from collections.abc import Iterator
from typing import Final

from posthouse.rendering.lint.reader import Element

SILENT: Final = frozenset({"style", "script", "head", "title", "mj-style", "mj-title", "mj-head", "mj-attributes"})
"""Elements whose text nobody sees."""
_HIDDEN: Final = re.compile(r"display\s*:\s*none|max-height\s*:\s*0|mso-hide", re.IGNORECASE)


def is_hidden(element: Element | None) -> bool:
    """Whether it, or what it stands in, is not shown."""
    while element is not None:
        if _HIDDEN.search(element.get("style")) or element.name == "mj-preview":
            return True
        element = element.parent
    return False


def is_silent(element: Element | None) -> bool:
    """Whether it stands in what holds no words for readers."""
    while element is not None:
        if element.name in SILENT:
            return True
        element = element.parent
    return False


def texts_of(part: object) -> Iterator[str]:
    """Every text in the content of an SMS, a push or a WhatsApp message."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for inner in part.values():
            yield from texts_of(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from texts_of(inner)
