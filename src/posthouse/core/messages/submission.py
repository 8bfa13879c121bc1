"""What a source may ask for: the body of ``POST /v1/messages`` and of every other way in."""

import enum
from typing import Any

import msgspec


class Party(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An e-mail address and a display name."""

    email: str
    name: str = ""


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An attachment: its bytes in base64 (``content``), or the id of an upload."""

    name: str = ""
    type: str = ""
    content: str | None = None
    upload: str | None = None
    inline_id: str = ""


class TrackingWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whether opens and clicks of this message are noticed; what is left out is left to the template, then the workspace."""

    opens: bool | None = None
    clicks: bool | None = None


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An order, or another goal, that the message itself confirms."""

    order: str
    """Its number: counted once."""
    amount: str
    """``49.90``."""
    currency: str
    """ISO 4217."""


class AutomationStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which step of which automation a message is, in the words of whoever automates: for statistics only."""

    key: str
    step: str


class Confirmed(enum.StrEnum):
    """What became of such an order."""

    COUNTED = "counted"
    REPEATED = "repeated"
    """It had been counted before."""
    OTHER_AMOUNT = "other_amount"
    """It is counted with another amount, or in another currency, and stays so."""


class Submission(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One message, as a source asks for it. Either ``template`` or inline ``subject`` with ``html`` and/or ``text``."""

    to: Party | str | None = None
    contact: str | None = None
    template: str | None = None
    version: int | None = None
    channel: str | None = None
    locale: str | None = None
    variables: dict[str, Any] = {}
    subject: str | None = None
    html: str | None = None
    text: str | None = None
    sender: Party | str | None = msgspec.field(default=None, name="from")
    reply_to: Party | str | None = None
    cc: list[Party | str] = []
    bcc: list[Party | str] = []
    attachments: list[File] = []
    headers: dict[str, str] = {}
    tags: list[str] = []
    metadata: dict[str, Any] = {}
    lane: str | None = None
    send_at: str | None = None
    """RFC 3339."""
    expires_at: str | None = None
    """RFC 3339."""
    supersedes: str | None = None
    correlation: str | None = None
    tracking: TrackingWish | None = None
    conversion: Order | None = None
    automation: AutomationStep | None = None
    idempotency_key: str | None = None


class Caller(msgspec.Struct, frozen=True):
    """Who asks: the workspace and, for API calls, the key."""

    workspace_id: bytes
    key_id: bytes | None
    live: bool
    scopes: tuple[str, ...] = ()
    locale: str = ""
    """The key's own language."""


class Receipt(msgspec.Struct, frozen=True):
    """The answer to an accepted message: JSON to hand out as it is, and whether it is a replay."""

    message_id: bytes
    body: bytes
    replayed: bool = False
