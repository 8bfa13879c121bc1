"""Attachments as a template declares them, ``[[attachments]]`` in template.toml. Texts may hold {{ expressions }}."""

import re
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

Program = Annotated[str, Meta(max_length=5_000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Inline = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
"""What the mail calls it: ``<img src="cid:ticket">``."""


class _Declared(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind"):
    """What every attachment has."""

    show_if: Annotated[str, Meta(max_length=500)] = ""
    """A condition (docs/explain/email-document.md, 4); without it, always."""


class Pdf(_Declared, frozen=True, kw_only=True, tag="pdf"):
    """A PDF made from ``pdf.SOURCE.LOCALE.html``; the locale falls back as everywhere."""

    name: Name
    source: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")] = "main"
    html: dict[str, str] = {}
    """By locale; read from the files."""


class Calendar(_Declared, frozen=True, kw_only=True, tag="calendar"):
    """A calendar file (RFC 5545, RFC 5546). The same ``uid`` with a higher ``sequence`` is the same event, changed."""

    uid: Name
    start: Name
    """ISO 8601: a date for a whole day, otherwise with its offset."""
    summary: Program
    name: Name = "invite.ics"
    method: Literal["request", "cancel", "publish"] = "publish"
    """``request`` asks for an answer, ``cancel`` takes it out of the calendar, ``publish`` only tells."""
    sequence: Program = "0"
    end: Program = ""
    description: Program = ""
    location: Program = ""
    url: Program = ""
    organizer: Program = ""
    """An address; ``request`` and ``cancel`` need it."""
    attendee: Program = ""
    """An address; ``request`` and ``cancel`` need it: the person's own."""
    reminder: Annotated[int, Meta(ge=0, le=40_320)] = 0
    """Minutes before the start; 0: none."""


class Qr(_Declared, frozen=True, kw_only=True, tag="qr"):
    """A QR code (ISO/IEC 18004) as an image inside the mail."""

    id: Inline
    data: Annotated[str, Meta(min_length=1, max_length=2_000)]
    scale: Annotated[int, Meta(ge=1, le=20)] = 6
    """Pixels of a module."""
    correction: Literal["L", "M", "Q", "H"] = "M"


class Barcode(_Declared, frozen=True, kw_only=True, tag="barcode"):
    """A bar code as an image inside the mail; the digits below it are the mail's own words."""

    id: Inline
    data: Annotated[str, Meta(min_length=1, max_length=80)]
    symbology: Literal["code128", "code39", "ean13", "ean8", "upca", "itf", "gs1_128"] = "code128"
    scale: Annotated[int, Meta(ge=1, le=10)] = 2
    """Pixels of the narrowest bar."""
    height: Annotated[int, Meta(ge=10, le=400)] = 80
    """Pixels."""


class Reference(_Declared, frozen=True, kw_only=True, tag="file"):
    """A file that was uploaded before (``POST /v1/uploads``), such as the terms of sale."""

    name: Name
    upload: Annotated[str, Meta(pattern=r"^upl_[0-9a-f]{64}-[0-9]{1,10}$")]
    type: Annotated[str, Meta(pattern=r"^[a-z]+/[A-Za-z0-9.+-]{1,100}$")] = "application/pdf"
    inline: Annotated[str, Meta(pattern=r"^(?:[A-Za-z0-9][A-Za-z0-9_-]{0,63})?$")] = ""
    """Set for an image that the mail shows by ``cid:``."""


FILE: Final = re.compile(r"upl_([0-9a-f]{64})-([0-9]{1,10})")
"""Hash and size of an uploaded file, in its identifier."""

Declared: TypeAlias = Pdf | Calendar | Qr | Barcode | Reference


def name_of(declared: Declared) -> str:
    """The file's name."""
    return f"{declared.id}.png" if isinstance(declared, Qr | Barcode) else declared.name
