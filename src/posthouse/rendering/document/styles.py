"""The head of a document: what cannot stand inline (dark mode, phones), and the fonts."""

from collections.abc import Iterator
from html import escape
from typing import Final

from posthouse.core.templates.theme import Palette
from posthouse.rendering.document.markup import element
from posthouse.rendering.document.writing import Writing

_INKS: Final = ("heading", "text", "muted", "primary", "on_primary", "link", "success", "warning", "danger")
_GROUNDS: Final = ("page", "surface", "tint", "primary")
_PHONE: Final = 479
"""Pixels of the widest screen that counts as a phone: MJML's breakpoint less one."""
_PHONE_GUTTER: Final = 20


def head(writing: Writing, title: str, markup: str, *, own: bool) -> str:
    """``mj-head`` with the rules that the markup has use for; ``own``: there is MJML of a developer's in it."""
    meta = (
        '<meta name="color-scheme" content="light dark" /><meta name="supported-color-schemes" content="light dark" />'
    )
    fonts = "".join(
        [
            element("mj-font", name=font.family, href=escape(font.url, quote=True))
            for font in (writing.theme.fonts.heading, writing.theme.fonts.text, writing.theme.fonts.code)
            if font.url
        ]
    )
    usual = _usual(writing) if own else ""
    style = element("mj-style", "\n".join(_rules(writing, markup + usual)))
    return element("mj-head", element("mj-title", title) + element("mj-raw", meta) + fonts + usual + style)


def _usual(writing: Writing) -> str:
    """What a developer's own MJML starts from, so that it looks like the rest, in dark mode too."""
    size = writing.theme.font_size
    look = {"css_class": "c-text", "font_family": writing.font("text"), "color": writing.color("text")}
    look |= {"font_size": f"{size}px", "line_height": f"{round(size * 1.6)}px", "padding": "0 0 16px 0"}
    gutter = f"0 {writing.theme.spacing.gutter}px"
    return element(
        "mj-attributes",
        element("mj-text", **look) + element("mj-table", **look) + element("mj-section", padding=gutter),
    )


def _rules(writing: Writing, markup: str) -> Iterator[str]:
    gutter = min(_PHONE_GUTTER, writing.theme.spacing.gutter)
    dark = list(_dark(writing.theme.dark, markup))
    yield ":root { color-scheme: light dark; supported-color-schemes: light dark; }"
    if "ph-dark" in markup:
        yield ".ph-dark { display: none; mso-hide: all; }"
    narrow = [
        f".ph-section > table > tbody > tr > td {{ padding-left: {gutter}px !important; padding-right: {gutter}px !important; }}"
    ]
    if "ph-score-10" in markup:
        narrow.append(".ph-score-10 { width: 26px !important; margin: 0 0 4px 1px !important; }")
    if "ph-column" in markup:
        narrow.append(
            ".ph-column > table > tbody > tr > td { padding-left: 0 !important; padding-right: 0 !important; }"
        )
    yield f"@media only screen and (max-width: {_PHONE}px) {{ {' '.join(narrow)} }}"
    yield f"@media (prefers-color-scheme: dark) {{ {' '.join(f'{selector} {{ {rule} }}' for selector, rule in dark)} }}"
    outlook = [(selector, rule) for selector, rule in dark if selector.startswith((".c-", ".k-", ".g-"))]
    yield " ".join(f"[data-ogsc] {selector.replace(', ', ', [data-ogsc] ')} {{ {rule} }}" for selector, rule in outlook)


def _dark(colours: Palette, markup: str) -> Iterator[tuple[str, str]]:
    """Selectors and declarations for dark mode, only of classes that are there."""
    yield from _dark_tokens(colours, markup)
    filled = f"background: {colours.primary} !important; color: {colours.on_primary} !important;"
    edge = f"border-color: {colours.primary} !important;"
    parts = (
        ("k-line", ".k-line", f"border-color: {colours.border} !important;"),
        ("ph-divider", ".ph-divider > p", f"border-top-color: {colours.border} !important;"),
        ("ph-primary", ".ph-primary td, .ph-primary a", f"{filled} {edge}"),
        ("ph-outline", ".ph-outline td, .ph-outline a", f"color: {colours.primary} !important; {edge}"),
        ("ph-dark", ".ph-light", "display: none !important;"),
        ("ph-dark", ".ph-dark", "display: table-cell !important;"),
    )
    yield from ((selector, rule) for name, selector, rule in parts if name in markup)


def _dark_tokens(colours: Palette, markup: str) -> Iterator[tuple[str, str]]:
    yield "body, .g-page", f"background-color: {colours.page} !important;"
    for name in _GROUNDS:
        if f"g-{name}" in markup:
            colour = f"background-color: {getattr(colours, name)} !important;"
            yield f".g-{name}, .g-{name} > table", f"background: {getattr(colours, name)} !important; {colour}"
    for name in _INKS:
        if f"c-{name}" in markup:
            yield f".c-{name} > div, .c-{name} > table", f"color: {getattr(colours, name)} !important;"
        if f"k-{name}" in markup:
            yield f".k-{name}", f"color: {getattr(colours, name)} !important;"
