"""A brand's look as plain data: colours for light and dark, fonts, logo, radii, spacing, buttons.

Documents name tokens and never colours or pixels, so a change here reaches every document.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

Colour = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$", description="Six hexadecimal digits, such as #1f5a43.")]
FontName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9 -]{0,63}$", description="As CSS names it.")]
Https = Annotated[str, Meta(pattern=r"^https://[^\s\"'<>{}]+$", max_length=2000)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
Pixels = Annotated[int, Meta(ge=0, le=96)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Plain data, strictly read."""


class Palette(_Part, frozen=True):
    """The colours of one scheme. Each stands for a purpose; a document names the purpose."""

    page: Colour = "#f3f4f1"
    """Around the card."""
    surface: Colour = "#ffffff"
    """The card."""
    tint: Colour = "#eef3ef"
    """Behind what should stand out a little: codes, bands."""
    border: Colour = "#dfe4df"
    heading: Colour = "#14271f"
    text: Colour = "#2f3b36"
    muted: Colour = "#5b6862"
    primary: Colour = "#1b6248"
    """Buttons."""
    on_primary: Colour = "#ffffff"
    """Words on what is primary."""
    link: Colour = "#1b6248"
    success: Colour = "#18663f"
    warning: Colour = "#8a5200"
    danger: Colour = "#a8261d"


class DarkPalette(Palette, frozen=True):
    """The colours of dark mode. What a theme leaves out is dark too: one colour of its own must not bring the light ones back."""

    page: Colour = "#101412"
    surface: Colour = "#191f1c"
    tint: Colour = "#232c27"
    border: Colour = "#36413b"
    heading: Colour = "#f1f5f2"
    text: Colour = "#d6ddd9"
    muted: Colour = "#a3aea8"
    primary: Colour = "#7fd0a9"
    on_primary: Colour = "#0d2118"
    link: Colour = "#8bd8b3"
    success: Colour = "#7fd6a1"
    warning: Colour = "#f0b95e"
    danger: Colour = "#ff9c92"


class Font(_Part, frozen=True):
    """A family and what stands in for it where it is not installed; ``url`` is a style sheet that brings it."""

    family: FontName = "Helvetica Neue"
    fallbacks: tuple[FontName, ...] = ("Helvetica", "Arial", "sans-serif")
    url: Https | None = None


class CodeFont(Font, frozen=True):
    """A family of even width, and what stands in for it."""

    family: FontName = "SFMono-Regular"
    fallbacks: tuple[FontName, ...] = ("Menlo", "Consolas", "Liberation Mono", "monospace")


class Fonts(_Part, frozen=True):
    """One family for headings, one for text, one of even width for codes."""

    heading: Font = Font()
    text: Font = Font()
    code: CodeFont = CodeFont()


class Logo(_Part, frozen=True):
    """The brand's sign. ``dark`` is another picture for dark mode; width in pixels."""

    url: Https
    alt: Name
    width: Annotated[int, Meta(ge=16, le=600)] = 140
    dark: Https | None = None


class Radii(_Part, frozen=True):
    """How round corners are, in pixels."""

    card: Pixels = 12
    button: Pixels = 8
    image: Pixels = 8


class Spacing(_Part, frozen=True):
    """The steps that documents choose from, and the card's inner edge; in pixels."""

    small: Pixels = 8
    medium: Pixels = 16
    large: Pixels = 28
    gutter: Pixels = 32


class ButtonStyle(_Part, frozen=True):
    """How buttons are made."""

    padding_x: Pixels = 26
    padding_y: Pixels = 13
    weight: Annotated[int, Meta(ge=400, le=800)] = 600
    upper_case: bool = False


class Theme(_Part, frozen=True):
    """All tokens of a brand. Every field has a default: an empty object is the built-in theme."""

    name: Name = "Posthouse"
    """The brand as it is written where there is no logo."""
    light: Palette = Palette()
    dark: DarkPalette = DarkPalette()
    fonts: Fonts = Fonts()
    logo: Logo | None = None
    radii: Radii = Radii()
    spacing: Spacing = Spacing()
    button: ButtonStyle = ButtonStyle()
    width: Annotated[int, Meta(ge=320, le=800)] = 600
    """Of the card, in pixels."""
    font_size: Annotated[int, Meta(ge=12, le=20)] = 15
    tone: Annotated[str, Meta(max_length=2000)] = ""
    """Notes for writers: how the brand speaks. Not printed."""


DEFAULT_THEME = Theme()
