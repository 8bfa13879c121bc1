"""Who a workspace may write as."""

from posthouse.core.kernel.cache import GenerationCache
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.model import Sender
from posthouse.core.workspaces.ports import WorkspaceStore


class Senders:
    """Knows the usable sending domains of each workspace, the oldest first.

    Args:
        store: where the domains are.
        clock: for the cache.
        fallback: the sender when neither message nor template names one; None means ``noreply@`` the first usable domain.
    """

    def __init__(self, store: WorkspaceStore, clock: Clock, fallback: Sender | None = None) -> None:
        self._store = store
        self._fallback = fallback
        self._domains: GenerationCache[Id, dict[str, str]] = GenerationCache(store.generation, clock)

    async def may_write_as(self, workspace_id: Id, email: str) -> bool:
        """Whether the address is in a usable domain of the workspace (exactly, not a sub-domain)."""
        return _domain_of(email) in await self._domains.get(workspace_id, self._read)

    async def tracking_url(self, workspace_id: Id, email: str) -> str:
        """What links in this sender's mail may begin with; empty when its domain has no tracking host."""
        return (await self._domains.get(workspace_id, self._read)).get(_domain_of(email), "")

    async def default(self, workspace_id: Id) -> Sender | None:
        """The sender of messages that name none; None when the workspace has no usable domain."""
        if self._fallback is not None:
            return self._fallback
        domains = await self._domains.get(workspace_id, self._read)
        return Sender(f"noreply@{next(iter(domains))}") if domains else None

    async def _read(self, workspace_id: Id) -> dict[str, str]:
        """Usable domains, the oldest first, and their tracking URLs."""
        return {domain.name: domain.tracking_url for domain in await self._store.domains(workspace_id) if domain.usable}


def _domain_of(email: str) -> str:
    domain = email.rpartition("@")[2].lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain
