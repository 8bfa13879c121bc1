"""Workspaces, API keys, sending domains."""

import enum
from typing import Any

import msgspec

from posthouse.core.kernel.ids import Id


class Workspace(msgspec.Struct, frozen=True):
    """One brand or tenant; everything else lives in exactly one."""

    id: Id
    name: str
    created_at: int
    default_locale: str = "en"
    time_zone: str = "UTC"
    settings: dict[str, Any] = {}


class ApiKey(msgspec.Struct, frozen=True):
    """A source's credential. Its secret has 256 bits; only a keyed hash of it is stored.

    ``live`` false marks a test key: everything is done, but the sandbox provider delivers.
    ``networks`` limits where it may come from (CIDR notation); empty means anywhere.
    """

    id: Id
    workspace_id: Id
    name: str
    live: bool
    scopes: tuple[str, ...]
    hint: str
    created_at: int
    networks: tuple[str, ...] = ()
    last_used_at: int | None = None
    revoked_at: int | None = None
    locale: str = ""
    """Language of its messages when neither the request nor the contact says; empty: the workspace's."""


class Verification(enum.StrEnum):
    """How a domain was proved to be ours."""

    PENDING = "pending"
    DNS = "dns"
    MANUAL = "manual"
    """Skipped by the operator: only providers on loopback may carry it."""


class DkimKey(msgspec.Struct, frozen=True):
    """One signing key of a domain. ``private`` is encrypted (see SecretBox), ``public`` is the p= value."""

    selector: str
    algorithm: str
    """``rsa-sha256`` or ``ed25519-sha256``."""
    private: bytes
    public: str


class Domain(msgspec.Struct, frozen=True):
    """A sending domain: who we may write as, and the keys that prove it."""

    id: Id
    workspace_id: Id
    name: str
    """Lower-case A-label form (IDNA), as it stands in DNS."""
    verification: Verification
    created_at: int
    return_path: str
    """Host of the envelope sender, ``bounces.example.com``."""
    tracking_host: str
    keys: tuple[DkimKey, ...] = ()
    checked_at: int | None = None
    tracking_url: str = ""
    """What links of ours begin with, ``https://links.example.com``; empty: nothing of this domain's mail is tracked."""

    @property
    def usable(self) -> bool:
        """Whether mail may leave in this domain's name."""
        return self.verification is not Verification.PENDING
