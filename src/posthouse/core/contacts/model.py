"""One person."""

from typing import Any

import msgspec

from posthouse.core.kernel.ids import Id


class Contact(msgspec.Struct, frozen=True):
    """One person: addresses by channel, language, time zone and what else the business knows."""

    id: Id
    workspace_id: Id
    created_at: int
    updated_at: int
    key: str | None = None
    """What the business application calls this person: a customer number. Once in a workspace."""
    name: str = ""
    email: str | None = None
    """In its normal form."""
    phone: str | None = None
    """E.164: ``+33612345678``."""
    locale: str | None = None
    time_zone: str | None = None
    """IANA name."""
    attributes: dict[str, Any] = {}
    """Read by templates as ``contact.NAME``."""


class ContactQuery(msgspec.Struct, frozen=True):
    """Which contacts: all that is given must hold."""

    workspace_id: Id
    email: str | None = None
    before: Id | None = None
    """Older than this one."""
    limit: int = 50
