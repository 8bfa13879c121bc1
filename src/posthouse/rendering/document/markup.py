"""Small helpers that write elements."""

import functools
from html import escape

from posthouse.core.templates.document import Style
from posthouse.rendering.document.writing import Writing


def element(name: str, content: str | None = None, /, **attributes: str) -> str:
    """An element; ``_`` in an attribute's name is ``-``, empty attributes are left out. Values are XML already."""
    given = _attributes(tuple(attributes.items()))
    return f"<{name}{given} />" if content is None else f"<{name}{given}>{content}</{name}>"


@functools.lru_cache(maxsize=1_024)
def _attributes(attributes: tuple[tuple[str, str], ...]) -> str:
    """The same few stand in every language, and in every document of a theme."""
    return "".join([f' {key.rstrip("_").replace("_", "-")}="{value}"' for key, value in attributes if value])


def shown_if(condition: str, markup: str) -> str:
    """The markup inside its condition."""
    return f"{{% if {condition.strip()} %}}{markup}{{% endif %}}" if condition else markup


@functools.lru_cache(maxsize=512)
def css(**properties: str | int) -> str:
    """Declarations for a style attribute; whole numbers are pixels."""
    written = [
        f"{key.replace('_', '-')}:{value}{'px' if type(value) is int else ''}" for key, value in properties.items()
    ]
    return escape(";".join(written), quote=True)


def room(writing: Writing, style: Style, below: str) -> str:
    """Padding of a block: its own steps, or the usual one below."""
    after = writing.space(style.below or below)  # type: ignore[arg-type]  # callers name a step
    return f"{writing.space(style.above or 'none')}px 0 {after}px 0"


def ground(writing: Writing, style: Style) -> str:
    """The colour behind a block in its column, if it has one of its own."""
    return "" if style.ground in {"none", "page", "surface"} else writing.color(style.ground)


def classes(block_id: str, style: Style, ink: str = "", *more: str) -> str:
    """Classes that the editor and the dark style sheet find a block by."""
    behind = f"g-{style.ground}" if style.ground in {"tint", "primary"} else ""
    return " ".join([word for word in (f"b-{block_id}", f"c-{ink}" if ink else "", behind, *more) if word])
