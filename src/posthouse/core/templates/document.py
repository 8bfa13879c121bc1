"""The e-mail document: typed JSON that the editor writes and the server turns into MJML (docs/explain/email-document.md).

The format is a contract: fields are only ever added, with a default; anything else is a new ``version``. Its JSON
Schema is docs/reference/email-document.schema.json.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from posthouse.core.templates.structured import About

VERSION: Final = 1

Locale = Annotated[
    str,
    Meta(pattern=r"^[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-(?:[A-Z]{2}|[0-9]{3}))?$", description="fr, fr-CA, zh-Hant-TW."),
]
Texts = Annotated[
    dict[Locale, Annotated[str, Meta(max_length=20_000)]],
    Meta(description="Words by locale; each may hold {{ expressions }}. fr-CA falls back to fr, then to the default."),
]
Value = Annotated[
    str | dict[Locale, str],
    Meta(description="An address or a value with {{ expressions }}: one for every locale, or one by locale."),
]
BlockId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$", description="Unique; kept through edits.")]
Condition = Annotated[str, Meta(max_length=500, description="Shown only if this holds: order.total > 100 and vip")]
Path = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$", max_length=200)]
LibraryKey = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$", description="As the library has it.")]
Pinned = Annotated[int, Meta(ge=1, le=2**31 - 1, description="Stay with this version; left out: the live one.")]
Identifier = Annotated[str, Meta(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=64)]

Ink = Literal["heading", "text", "muted", "primary", "on_primary", "link", "success", "warning", "danger"]
Ground = Literal["none", "page", "surface", "tint", "primary"]
Align = Literal["start", "center", "end"]
Space = Literal["none", "small", "medium", "large"]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Plain data, strictly read."""


class Style(_Part, frozen=True):
    """Look by theme tokens; what is left out is the block's own default.

    ``ground`` ``page`` on a block of the first level puts it on the page, outside the card.
    """

    align: Align | None = None
    color: Ink | None = None
    ground: Ground = "none"
    above: Space | None = None
    below: Space | None = None


class _Block(_Part, frozen=True, kw_only=True):
    """What every block has."""

    id: BlockId
    show_if: Condition = ""
    style: Style = Style()


class Heading(_Block, frozen=True, kw_only=True, tag="heading"):
    """A title; level 1 is the mail's own."""

    text: Texts
    level: Literal[1, 2, 3] = 1


class Text(_Block, frozen=True, kw_only=True, tag="text"):
    """Paragraphs. HTML of a small kind: p, br, strong, b, em, i, u, s, a, ul, ol, li; the rest is cleaned away."""

    text: Texts
    size: Literal["small", "normal", "large"] = "normal"


class Button(_Block, frozen=True, kw_only=True, tag="button"):
    """A link that looks like a button."""

    label: Texts
    url: Value
    look: Literal["primary", "outline"] = "primary"
    full_width: bool = False


class Image(_Block, frozen=True, kw_only=True, tag="image"):
    """A picture. ``src`` ``theme:logo`` is the theme's logo, or the brand's name where it has none.

    ``alt`` must be said: an empty text says that the picture is decoration. Width in pixels, at most the column's.
    """

    src: Value
    alt: Texts = {}
    width: Annotated[int, Meta(ge=8, le=800)] | None = None
    url: Value = ""


class Divider(_Block, frozen=True, kw_only=True, tag="divider"):
    """A thin line."""


class Spacer(_Block, frozen=True, kw_only=True, tag="spacer"):
    """Empty room."""

    size: Literal["small", "medium", "large"] = "medium"


class LineColumn(_Part, frozen=True):
    """A column of the table. ``detail`` stands small below the value."""

    value: Value
    header: Texts = {}
    detail: Value = ""
    align: Align = "start"
    width: Annotated[int, Meta(ge=5, le=90, description="Share of the table's width in percent.")] | None = None


class Total(_Part, frozen=True):
    """A line below the table."""

    label: Texts
    value: Value
    show_if: Condition = ""
    strong: bool = False


class Lines(_Block, frozen=True, kw_only=True, tag="lines"):
    """A table with one row for each item of a list; expressions in the columns name the item with ``item``."""

    each: Annotated[Path, Meta(description="The list: order.lines")]
    item: Identifier = "line"
    columns: Annotated[tuple[LineColumn, ...], Meta(min_length=1, max_length=6)]
    totals: Annotated[tuple[Total, ...], Meta(max_length=20)] = ()
    empty: Texts = {}
    """Said in place of the rows when the list is empty."""


class Fact(_Part, frozen=True):
    """A label and its value."""

    label: Texts
    value: Value
    show_if: Condition = ""


class Facts(_Block, frozen=True, kw_only=True, tag="facts"):
    """Labels and values, one pair a row or one below the other."""

    items: Annotated[tuple[Fact, ...], Meta(min_length=1, max_length=40)]
    layout: Literal["rows", "stacked"] = "rows"


class Code(_Block, frozen=True, kw_only=True, tag="code"):
    """A one-time code, big, selected by one touch; it stands in the mail without blanks inside."""

    value: Value
    label: Texts = {}


class Rating(_Block, frozen=True, kw_only=True, tag="rating"):
    """One link for each score; ``{score}`` in the address is the score."""

    url: Value
    scale: Literal["1-5", "0-10"] = "1-5"
    look: Literal["numbers", "stars"] = "numbers"
    low: Texts = {}
    high: Texts = {}


class SocialLink(_Part, frozen=True):
    """One place where the brand is found."""

    label: Texts
    url: Value


class Social(_Block, frozen=True, kw_only=True, tag="social"):
    """Links to the brand elsewhere, as words: icons would need a host and are blocked by half of the readers."""

    links: Annotated[tuple[SocialLink, ...], Meta(min_length=1, max_length=12)]


class Slot(_Block, frozen=True, kw_only=True, tag="slot"):
    """A place for a promotion. Filled by the variable ``slots.NAME`` (heading, text, image, alt, url, label), else by a block of the library."""

    name: Identifier
    block: LibraryKey | None = None
    """What stands there when the message brings nothing, in its live version; None: nothing."""


class Shared(_Block, frozen=True, kw_only=True, tag="shared"):
    """A block of the library, in its live version or a pinned one.

    ``show_if`` holds for all that it brings; what its own blocks leave open of ``style`` is taken from here.
    """

    key: LibraryKey
    version: Pinned | None = None


class Mjml(_Block, frozen=True, kw_only=True, tag="mjml"):
    """A developer's own MJML: elements of a column, or whole sections (``level`` ``section``), which stand outside the card."""

    source: Value
    level: Literal["content", "section"] = "content"


class Html(_Block, frozen=True, kw_only=True, tag="html"):
    """A developer's own HTML, every element closed; no scripts, frames or forms."""

    source: Value


Leaf = (
    Heading | Text | Button | Image | Divider | Spacer | Lines | Facts | Code | Rating | Social | Slot | Shared | Mjml
    | Html
)  # fmt: skip


class Column(_Part, frozen=True):
    """One of several columns; widths are shares, even when none is given."""

    blocks: Annotated[tuple[Leaf, ...], Meta(max_length=50)] = ()
    width: Annotated[int, Meta(ge=10, le=90, description="Percent.")] | None = None


class Columns(_Block, frozen=True, kw_only=True, tag="columns"):
    """One to four columns side by side; on a phone one below the other, unless ``stack`` is off."""

    columns: Annotated[tuple[Column, ...], Meta(min_length=1, max_length=4)]
    stack: bool = True


Block = Leaf | Columns


class ThemeUse(_Part, frozen=True):
    """A theme of the library, in its live version or a pinned one."""

    key: LibraryKey
    version: Pinned | None = None


class EmailDocument(_Part, frozen=True, kw_only=True):
    """A whole mail: its subject, the line after it in lists of mails, its blocks from top to bottom.

    Without ``theme`` it looks as ``theme.json`` beside it says, else as the workspace's default theme, else as the built-in one.
    """

    version: Literal[1]
    subject: Texts
    preheader: Texts = {}
    blocks: Annotated[tuple[Block, ...], Meta(min_length=1, max_length=200)]
    theme: ThemeUse | None = None
    about: About | None = None
    """What it is about, for machines (core/templates/structured.py): written as JSON-LD."""
