"""What workspaces want, and who writes the links of a message: what the channels ask before a mail is built."""

from typing import Final, NamedTuple

from posthouse.core.kernel.cache import GenerationCache
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.model import Category, Release, Tracking
from posthouse.core.tracking.settings import TrackingSettings, settings_of
from posthouse.core.tracking.tokens import Kind, Tokens
from posthouse.core.tracking.writer import MessageLinks
from posthouse.core.workspaces.ports import WorkspaceStore

NOT_SENT: Final = "https://links.invalid"
"""The tracking host of test messages whose domain has none: they never leave."""
_NOTHING: Final = Tracking()


class _Known(NamedTuple):
    """What is known of a workspace."""

    settings: TrackingSettings
    hosts: dict[str, str]
    """Tracking URLs by sending domain."""


class TrackingPreferences:
    """Knows the settings and tracking hosts of each workspace, read anew when settings change.

    Args:
        store: where workspaces and domains are.
        tokens: makes the tokens of links.
        clock: for the cache.
    """

    def __init__(self, store: WorkspaceStore, tokens: Tokens, clock: Clock) -> None:
        self._store = store
        self._tokens = tokens
        self._known: GenerationCache[Id, _Known] = GenerationCache(store.generation, clock)

    async def of(self, workspace_id: Id) -> TrackingSettings:
        """The settings of a workspace."""
        return (await self._known.get(workspace_id, self._read)).settings

    async def links(
        self,
        workspace_id: Id,
        message_id: Id,
        release: Release | None,
        domain: str,
        *,
        live: bool,
        said: Tracking = _NOTHING,
    ) -> MessageLinks | None:
        """Who writes the links of a message; None when there is nothing to write.

        Args:
            workspace_id: whose message it is.
            message_id: the message.
            release: what it says; content of the source's own has no table of links.
            domain: of its sender, as A-labels.
            live: whether it may leave.
            said: what the message itself wants.
        """
        if release is None:
            return None
        settings, hosts = await self._known.get(workspace_id, self._read)
        base = hosts.get(domain)
        own = release.own_links or release.category is Category.COMMERCIAL
        opens = clicks = False
        if base is not None:
            opens = _first(said.opens, release.tracking.opens, settings.opens)
            clicks = _first(said.clicks, release.tracking.clicks, settings.clicks)
        if not (own or opens or clicks):
            return None
        return MessageLinks(
            self._tokens,
            message_id,
            base if base is not None or live else NOT_SENT,
            release.links,
            opens=opens,
            clicks=clicks,
            honeypot=settings.honeypot,
        )

    async def _read(self, workspace_id: Id) -> _Known:
        workspace = next((one for one in await self._store.workspaces() if one.id == workspace_id), None)
        domains = await self._store.domains(workspace_id)
        return _Known(
            settings_of(workspace),
            {domain.name: domain.tracking_url for domain in domains if domain.usable and domain.tracking_url},
        )


def unsubscribe_fields(release: Release | None, links: MessageLinks | None) -> list[tuple[str, str]]:
    """The fields by which a mail program unsubscribes (RFC 2369 §3.2, RFC 8058 §3.1): for commercial mail, and no other.

    Raises:
        ValidationError: there is no tracking host.
    """
    if release is None or release.category is not Category.COMMERCIAL or links is None:
        return []
    address = links.address(Kind.UNSUBSCRIBE)
    return [("List-Unsubscribe", f"<{address}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]


def _first(*said: bool | None) -> bool:
    return next((word for word in said if word is not None), False)
