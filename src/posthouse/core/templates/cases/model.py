"""One case: values, and what the message made of them must hold. Kept in ``tests/NAME.json`` of a template's folder."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

NOON: Final = "2026-01-15T12:00:00Z"
"""The instant of a case that names none: "in 3 days" must be the same tomorrow."""

Words = Annotated[str, Meta(min_length=1, max_length=2_000)]


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Plain data, strictly read."""


class Expect(_Part, frozen=True):
    """What must hold; all of it. Blanks of every kind are one blank, in the words and in the message."""

    subject: Words | None = None
    """The whole subject; of a push the title."""
    contains: tuple[Words, ...] = ()
    """Words that are seen, in the HTML and in the text part."""
    not_contains: tuple[Words, ...] = ()
    """Words that are seen in neither, and not in the subject."""
    amounts: tuple[Words, ...] = ()
    """Amounts that are shown as a whole: ``1,5`` is not found in ``11,50``."""
    links: dict[Words, Words] = {}
    """Words of a link, and the address that it leads to."""
    addresses: tuple[Words, ...] = ()
    """Addresses that some link leads to, whatever its words."""
    attachments: tuple[Words, ...] = ()
    """Names of files that travel with it."""
    segments: Annotated[int, Meta(ge=1)] | None = None
    """Of an SMS: at most so many."""
    refused: Annotated[str, Meta(pattern=r"^(/|$)")] | None = None
    """The values are refused before accepting, with this pointer into them."""
    golden: bool = False
    """The whole rendering is the one kept beside the case (``NAME.golden.html``, ``.txt``, ``.json``)."""


class Written(_Part, frozen=True):
    """A case as it stands in its file."""

    expect: Expect
    description: str = ""
    channel: Literal["email", "sms", "whatsapp", "push"] | None = None
    """None: the template's own."""
    locale: str | None = None
    """None: the template's default; it falls back as for a message."""
    variables: dict[str, Any] | None = None
    """None: sample.json."""
    changes: dict[str, Any] = {}
    """Laid over the variables (RFC 7396): a null takes a value out."""
    at: str = NOON
    """When the message is written (RFC 3339)."""
    zone: str = "UTC"


class Case(msgspec.Struct, frozen=True):
    """A case with its name and its golden files, by their ending (``html``, ``txt``, ``json``)."""

    name: str
    written: Written
    golden: dict[str, str] = {}


class Failure(msgspec.Struct, frozen=True):
    """One expectation that does not hold. ``pointer`` leads into the case's file."""

    pointer: str
    detail: str


class Outcome(msgspec.Struct, frozen=True):
    """What became of one case. ``golden`` is what its golden files would hold now, by their ending."""

    name: str
    channel: str
    locale: str
    failures: tuple[Failure, ...] = ()
    golden: dict[str, str] = {}
