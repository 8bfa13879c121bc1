"""What the rooms of workspaces need from outside."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.workspaces.model import ApiKey, Domain, Workspace


class WorkspaceStore(Protocol):
    """Workspaces, keys and domains. Every change raises :meth:`generation` in the same transaction."""

    async def generation(self) -> int:
        """A number that grows with every change of settings (workspaces, keys, domains, templates, providers, routes).

        Caches of such things compare it; it must cost microseconds.
        """
        ...

    async def add_workspace(self, workspace: Workspace) -> None:
        """Keeps a new workspace. ConflictError when the name is taken."""
        ...

    async def update_workspace(self, before: Workspace, after: Workspace) -> None:
        """Replaces name, locale, time zone and settings of one that is still as it was before.

        NotFoundError when there is none, StaleSettingsError when it has changed, ConflictError when the name is another's.
        """
        ...

    async def workspaces(self) -> Sequence[Workspace]:
        """All of them, oldest first."""
        ...

    async def add_key(self, key: ApiKey, digest: bytes) -> None:
        """Keeps a key under the keyed hash of its secret (32 bytes)."""
        ...

    async def key_by_digest(self, digest: bytes) -> ApiKey | None:
        """The key with this hash, revoked ones too."""
        ...

    async def keys(self, workspace_id: Id) -> Sequence[ApiKey]:
        """All keys of a workspace, oldest first."""
        ...

    async def revoke_key(self, workspace_id: Id, key_id: Id, at: int) -> ApiKey:
        """Marks a key as revoked (again is fine). NotFoundError when there is none."""
        ...

    async def touch_keys(self, used: dict[Id, int]) -> None:
        """Sets last use (microseconds); forward only, and without raising the generation."""
        ...

    async def add_domain(self, domain: Domain) -> None:
        """Keeps a new domain. ConflictError when the workspace has it already."""
        ...

    async def domains(self, workspace_id: Id) -> Sequence[Domain]:
        """All domains of a workspace, oldest first (the first is its default)."""
        ...

    async def update_domain(self, before: Domain, after: Domain) -> None:
        """Replaces verification, keys, hosts and checked_at. NotFoundError when there is none, StaleSettingsError when it has changed."""
        ...

    async def remove_domain(self, workspace_id: Id, name: str) -> None:
        """Forgets a domain. NotFoundError when there is none."""
        ...


class SecretBox(Protocol):
    """Encrypts what must not stand in the store in clear, and hashes keys. Its master key is never in the store."""

    def seal(self, secret: bytes, *, purpose: str) -> bytes:
        """Encrypted and authenticated; ``purpose`` is bound to it."""
        ...

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        """The secret again. ValueError when it was sealed by another master key or for another purpose."""
        ...

    def digest(self, secret: str) -> bytes:
        """Keyed hash, 32 bytes, of a secret that has 256 bits of its own (so it may be fast)."""
        ...


class DkimPair(NamedTuple):
    """A new signing key: ``private`` in clear (PKCS #8 PEM), ``public`` as it stands in ``p=`` (RFC 6376 §3.6.1)."""

    private: bytes
    public: str


class DkimKeyMaker(Protocol):
    """Makes signing keys. May take a second of CPU: it is called in a thread."""

    def __call__(self, algorithm: str) -> DkimPair:
        """A key for ``rsa-sha256`` (2,048 bits) or ``ed25519-sha256``."""
        ...


class DnsRecord(msgspec.Struct, frozen=True):
    """A record that the owner of a domain is asked to publish."""

    purpose: str
    """``dkim``, ``spf``, ``dmarc``, ``return-path``, ``tracking``."""
    name: str
    type: str
    """``TXT``, ``CNAME`` or ``MX``."""
    value: str
    required: bool = True
    """Whether the domain can be used only with it."""


class DnsFinding(msgspec.Struct, frozen=True):
    """What a look-up of one record came to."""

    record: DnsRecord
    ok: bool
    found: tuple[str, ...] = ()
    advice: str = ""
    """What to do; empty when all is well."""
    known: bool = True
    """False: the look-up itself failed, which says nothing about the record."""


class DomainDns(Protocol):
    """Knows which records a domain needs, and looks them up."""

    def records(self, domain: Domain) -> Sequence[DnsRecord]:
        """The records to publish."""
        ...

    async def check(self, domain: Domain) -> Sequence[DnsFinding]:
        """One finding for each record. Never raises for what DNS does: a failed look-up is a finding."""
        ...
