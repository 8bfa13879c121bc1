"""What both stores do alike: every port method that is not hot, over two primitives that each store supplies."""

import abc
from collections.abc import Callable, Mapping, Sequence

from posthouse.core.delivery.model import CounterKey, ProviderRow, Route, SandboxMessage
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event, Message, Status
from posthouse.core.messages.stream import StreamQuery, Told
from posthouse.core.templates.library.model import Item, ItemKind, ItemVersion
from posthouse.core.templates.library.publication import Follower, LiveSource, Publication, Turn
from posthouse.core.templates.model import Edition, Made, Release, Template, TemplateSource, Version
from posthouse.core.templates.rollout import Rollout
from posthouse.core.tracking.model import Correction, Engagement, Shares, Tracked
from posthouse.core.webhooks.model import Attempt, Endpoint, Filter, Line, Pause, Step, Waiting
from posthouse.core.workspaces.model import ApiKey, Domain, Workspace
from posthouse.stores.shared import (
    delivery,
    events,
    library,
    maintenance,
    messages,
    publications,
    queue,
    sandbox,
    stream,
    templates,
    tracking,
    webhooks,
    workspaces,
)
from posthouse.stores.shared.alert_store import SharedAlerts
from posthouse.stores.shared.contact_store import SharedContacts
from posthouse.stores.shared.conversion_store import SharedConversions
from posthouse.stores.shared.files_store import SharedFiles
from posthouse.stores.shared.gentle import GentleBell
from posthouse.stores.shared.keeping_store import SharedKeeping
from posthouse.stores.shared.rating_store import SharedRatings
from posthouse.stores.shared.rollup_store import SharedRollups
from posthouse.stores.shared.suppression_store import SharedSuppressions
from posthouse.stores.shared.word_store import SharedWords


class SharedStore(
    SharedRatings,
    SharedRollups,
    SharedSuppressions,
    SharedWords,
    SharedContacts,
    SharedConversions,
    SharedAlerts,
    SharedKeeping,
    SharedFiles,
):
    """The ordinary half of a store, over two primitives (``_read``, ``_write``) that each store supplies.

    Args:
        shard: keeps this process off other processes' counter rows.
        tell: wakes those who follow the stream of events, in every process.
    """

    def __init__(self, shard: int, tell: Callable[[], None]) -> None:
        self._shard = shard
        self._told = GentleBell(tell)

    @abc.abstractmethod
    async def _notify(self) -> None:
        """Wakes every dispatcher of every process."""

    # --- WorkspaceStore

    async def generation(self) -> int:
        """See WorkspaceStore. A store may answer faster."""
        return await self._read(workspaces.generation)

    async def add_workspace(self, workspace: Workspace) -> None:
        """See WorkspaceStore."""
        await self._write(workspaces.add_workspace, workspace)

    async def update_workspace(self, before: Workspace, after: Workspace) -> None:
        """See WorkspaceStore."""
        await self._write(workspaces.update_workspace, before, after)

    async def workspaces(self) -> list[Workspace]:
        """See WorkspaceStore."""
        return await self._read(workspaces.all_workspaces)

    async def add_key(self, key: ApiKey, digest: bytes) -> None:
        """See WorkspaceStore."""
        await self._write(workspaces.add_key, key, digest)

    async def key_by_digest(self, digest: bytes) -> ApiKey | None:
        """See WorkspaceStore."""
        return await self._read(workspaces.key_by_digest, digest)

    async def keys(self, workspace_id: Id) -> list[ApiKey]:
        """See WorkspaceStore."""
        return await self._read(workspaces.keys_of, workspace_id)

    async def revoke_key(self, workspace_id: Id, key_id: Id, at: int) -> ApiKey:
        """See WorkspaceStore."""
        return await self._write(workspaces.revoke_key, workspace_id, key_id, at)

    async def touch_keys(self, used: Mapping[Id, int]) -> None:
        """See WorkspaceStore."""
        await self._write(workspaces.touch_keys, used)

    async def add_domain(self, domain: Domain) -> None:
        """See WorkspaceStore."""
        await self._write(workspaces.add_domain, domain)

    async def domains(self, workspace_id: Id) -> list[Domain]:
        """See WorkspaceStore."""
        return await self._read(workspaces.domains_of, workspace_id)

    async def update_domain(self, before: Domain, after: Domain) -> None:
        """See WorkspaceStore."""
        await self._write(workspaces.update_domain, before, after)

    async def remove_domain(self, workspace_id: Id, name: str) -> None:
        """See WorkspaceStore."""
        await self._write(workspaces.remove_domain, workspace_id, name)

    # --- TemplateStore

    async def template(self, workspace_id: Id, key: str) -> Template | None:
        """See TemplateStore."""
        return await self._read(templates.template, workspace_id, key)

    async def rollout(self, workspace_id: Id, key: str) -> Rollout | None:
        """See TemplateStore."""
        return await self._read(templates.rollout, workspace_id, key)

    async def templates(self, workspace_id: Id) -> list[Template]:
        """See TemplateStore."""
        return await self._read(templates.all_templates, workspace_id)

    async def save_draft(self, template: Template, expected_hash: str | None) -> None:
        """See TemplateStore."""
        await self._write(templates.save_draft, template, expected_hash)

    async def publish(
        self, template: Template, releases: Sequence[Release], source: TemplateSource | None = None
    ) -> None:
        """See TemplateStore."""
        await self._write(templates.publish, template, releases, source)

    async def edition(self, template_id: Id, version: int) -> tuple[Edition, TemplateSource | None] | None:
        """See TemplateStore."""
        return await self._read(templates.edition, template_id, version)

    async def set_live(self, template: Template, version: int, beside: Rollout | None = None) -> None:
        """See TemplateStore."""
        await self._write(templates.set_live, template, version, beside)

    async def releases(self, workspace_id: Id, key: str, version: int | None) -> list[Release]:
        """See TemplateStore."""
        return await self._read(templates.releases_of, workspace_id, key, version)

    async def versions(self, workspace_id: Id, key: str, before: int | None, limit: int) -> list[Version]:
        """See TemplateStore."""
        return await self._read(templates.versions, workspace_id, key, before, limit)

    async def release(self, release_id: Id) -> Release | None:
        """See TemplateStore."""
        return await self._read(templates.release, release_id)

    # --- LibraryStore

    async def items(self, workspace_id: Id, kind: ItemKind | None = None) -> list[Item]:
        """See LibraryStore."""
        return await self._read(library.all_items, workspace_id, kind)

    async def item(self, workspace_id: Id, kind: ItemKind, key: str) -> Item | None:
        """See LibraryStore."""
        return await self._read(library.item, workspace_id, kind, key)

    async def save_item(self, item: Item, expected_hash: str | None) -> None:
        """See LibraryStore."""
        await self._write(library.save_item, item, expected_hash)

    async def remove_item(self, workspace_id: Id, kind: ItemKind, key: str) -> None:
        """See LibraryStore."""
        await self._write(library.remove_item, workspace_id, kind, key)

    async def item_versions(self, item_id: Id) -> list[ItemVersion]:
        """See LibraryStore."""
        return await self._read(library.versions_of, item_id)

    async def item_version(self, item_id: Id, number: int) -> ItemVersion | None:
        """See LibraryStore."""
        return await self._read(library.version_of, item_id, number)

    async def followers(self, workspace_id: Id) -> list[Follower]:
        """See LibraryStore."""
        return await self._read(publications.followers, workspace_id)

    async def live_sources(self, template_ids: Sequence[Id]) -> dict[Id, LiveSource]:
        """See LibraryStore."""
        return await self._read(publications.live_sources, template_ids)

    async def begin_publication(self, publication: Publication, now: int) -> None:
        """See LibraryStore."""
        await self._write(publications.begin, publication, now)

    async def stage(self, publication: Publication, releases: Sequence[Made]) -> None:
        """See LibraryStore."""
        await self._write(publications.stage, publication, releases)

    async def go_live(
        self, publication: Publication, item: Item, version: ItemVersion, turns: Sequence[Turn]
    ) -> list[Id]:
        """See LibraryStore."""
        return await self._write(publications.go_live, publication, item, version, turns)

    async def end_publication(self, publication: Publication) -> None:
        """See LibraryStore."""
        await self._write(publications.end, publication)

    async def undo_publication(self, publication: Publication, item: Item, turns: Sequence[Turn], now: int) -> list[Id]:
        """See LibraryStore."""
        return await self._write(publications.undo, publication, item, turns, now)

    async def publication(self, workspace_id: Id, publication_id: Id) -> Publication | None:
        """See LibraryStore."""
        return await self._read(publications.publication, workspace_id, publication_id)

    async def publications(self, workspace_id: Id, limit: int) -> list[Publication]:
        """See LibraryStore."""
        return await self._read(publications.newest, workspace_id, limit)

    # --- MessageStore, but accept and search

    async def message(self, workspace_id: Id, message_id: Id, now: int) -> Message | None:
        """See MessageStore."""
        return await self._read(messages.message, workspace_id, message_id, now)

    async def events_of(self, workspace_id: Id, message_id: Id) -> list[Event]:
        """See MessageStore."""
        return await self._read(events.events_of, workspace_id, message_id)

    async def cancel(self, workspace_id: Id, message_id: Id, at: int, why: str = "") -> Status | None:
        """See MessageStore."""
        if await self._write(queue.cancel, self._shard, workspace_id, message_id, at, why):
            self._told.ring()
            return Status.CANCELLED
        return await self._read(messages.status_now, workspace_id, message_id, at)

    async def append(self, new: Sequence[Event]) -> None:
        """See MessageStore. Events of messages that do not exist are dropped."""
        await self._write(events.write_events, self._shard, new)
        self._told.ring()

    async def add_blob(self, workspace_id: Id, digest: bytes, data: bytes, at: int) -> None:
        """See MessageStore."""
        await self._write(messages.add_blob, workspace_id, digest, data, at)

    async def blob(self, workspace_id: Id, digest: bytes) -> bytes | None:
        """See MessageStore."""
        return await self._read(messages.blob, workspace_id, digest)

    async def blob_sizes(self, workspace_id: Id, digests: Sequence[bytes]) -> dict[bytes, int]:
        """See MessageStore."""
        return await self._read(messages.blob_sizes, workspace_id, digests)

    async def kept_answer(self, workspace_id: Id, key: str) -> tuple[bytes, bytes] | None:
        """See MessageStore."""
        return await self._read(messages.kept_answer, workspace_id, key)

    # --- TrackingStore

    async def tracked(self, message_ids: Sequence[Id]) -> dict[Id, Tracked]:
        """See TrackingStore."""
        return await self._read(tracking.tracked, message_ids)

    async def variables_of(self, message_ids: Sequence[Id]) -> dict[Id, bytes]:
        """See TrackingStore."""
        return await self._read(tracking.variables_of, message_ids)

    async def add_hits(self, events: Sequence[Event], messages: Mapping[Id, Tracked]) -> None:
        """See TrackingStore. A store may do it faster."""
        await self._write(tracking.add_hits, self._shard, events, messages)
        self._told.ring()

    async def engagements_of(self, workspace_id: Id, message_id: Id) -> list[Engagement]:
        """See TrackingStore."""
        return await self._read(tracking.engagements_of, workspace_id, message_id)

    async def shares(
        self, workspace_id: Id, template_id: Id | None, since: int | None, until: int | None
    ) -> list[Shares]:
        """See TrackingStore."""
        return await self._read(tracking.shares, workspace_id, template_id, since, until)

    async def engaged_after(self, message_id: Id, limit: int) -> list[Id]:
        """See TrackingStore."""
        return await self._read(tracking.engaged_after, message_id, limit)

    async def hits_of(self, message_ids: Sequence[Id]) -> list[Event]:
        """See TrackingStore."""
        return await self._read(tracking.hits_of, message_ids)

    async def correct(self, corrections: Sequence[Correction], message_ids: Sequence[Id]) -> None:
        """See TrackingStore."""
        await self._write(tracking.correct, corrections, message_ids)

    # --- StreamStore, but stream_end and stream_wake

    async def stream(self, query: StreamQuery, until: int) -> list[Told]:
        """See StreamStore."""
        return await self._read(stream.between, query, until)

    # --- WebhookStore

    async def add_endpoint(self, endpoint: Endpoint, cursor: int) -> None:
        """See WebhookStore."""
        await self._write(webhooks.add_endpoint, endpoint, cursor)

    async def endpoints(self, workspace_id: Id | None) -> list[tuple[Endpoint, Line]]:
        """See WebhookStore."""
        return await self._read(webhooks.endpoints_of, workspace_id)

    async def update_endpoint(self, before: Endpoint, after: Endpoint) -> None:
        """See WebhookStore."""
        await self._write(webhooks.update_endpoint, before, after)

    async def remove_endpoint(self, workspace_id: Id, endpoint_id: Id) -> None:
        """See WebhookStore."""
        await self._write(webhooks.remove_endpoint, workspace_id, endpoint_id)

    async def pause_endpoint(self, endpoint_id: Id, why: Pause | None, now: int) -> None:
        """See WebhookStore."""
        await self._write(webhooks.pause_endpoint, endpoint_id, why, now)

    async def hold_line(self, endpoint_id: Id, token: int, now: int, until: int) -> bool:
        """See WebhookStore."""
        return await self._write(webhooks.hold_line, endpoint_id, token, now, until)

    async def let_line_go(self, token: int) -> None:
        """See WebhookStore."""
        await self._write(webhooks.let_line_go, token)

    async def due(self, endpoint_id: Id, now: int, limit: int) -> list[Waiting]:
        """See WebhookStore."""
        return await self._read(webhooks.due, endpoint_id, now, limit)

    async def keep_step(self, endpoint_id: Id, token: int, step: Step, now: int) -> int | None:
        """See WebhookStore."""
        return await self._write(webhooks.keep_step, endpoint_id, token, step, now)

    async def ask_again(self, endpoint_id: Id, seqs: Sequence[int], now: int) -> None:
        """See WebhookStore."""
        await self._write(webhooks.ask_again, endpoint_id, seqs, now)
        self._told.ring()

    async def add_attempt(self, attempt: Attempt) -> None:
        """See WebhookStore."""
        await self._write(webhooks.add_attempt, attempt)

    async def attempts(self, workspace_id: Id, which: Filter) -> list[Attempt]:
        """See WebhookStore."""
        return await self._read(webhooks.attempts_of, workspace_id, which)

    async def purge_attempts(self, before: Id, limit: int) -> int:
        """See WebhookStore."""
        return await self._write(webhooks.purge_attempts, before, limit)

    # --- QueueStore, but claim, extend, record, depth and wake

    async def next_due(self, now: int) -> int | None:
        """See QueueStore."""
        return await self._read(queue.next_due, now)

    async def hold_before(self, instant: int, at: int) -> int:
        """See QueueStore."""
        held = await self._write(queue.hold_before, self._shard, instant, at)
        self._told.ring()
        return held

    async def release_held(self, workspace_id: Id | None, message_ids: Sequence[Id] | None, at: int) -> int:
        """See QueueStore."""
        released = await self._write(queue.release_held, self._shard, workspace_id, message_ids, at)
        if released:
            self._told.ring()
            await self._notify()
        return released

    # --- DeliveryStore

    async def add_provider(self, provider: ProviderRow) -> None:
        """See DeliveryStore."""
        await self._write(delivery.add_provider, provider)

    async def providers(self, workspace_id: Id) -> list[ProviderRow]:
        """See DeliveryStore."""
        return await self._read(delivery.providers_of, workspace_id)

    async def update_provider(self, provider: ProviderRow) -> None:
        """See DeliveryStore."""
        await self._write(delivery.update_provider, provider)

    async def remove_provider(self, workspace_id: Id, name: str) -> None:
        """See DeliveryStore."""
        await self._write(delivery.remove_provider, workspace_id, name)

    async def routes(self, workspace_id: Id) -> list[Route]:
        """See DeliveryStore."""
        return await self._read(delivery.routes_of, workspace_id)

    async def save_route(self, route: Route) -> None:
        """See DeliveryStore."""
        await self._write(delivery.save_route, route)

    # --- SandboxStore

    async def keep_sandbox(
        self, message_id: Id, workspace_id: Id, at: int, sender: str, recipients: Sequence[str], content: bytes
    ) -> None:
        """See SandboxStore."""
        kept = SandboxMessage(message_id, workspace_id, at, sender, tuple(recipients), content)
        await self._write(sandbox.keep, kept)

    async def sandbox_list(self, workspace_id: Id, limit: int, before: Id | None) -> list[SandboxMessage]:
        """See SandboxStore."""
        return await self._read(sandbox.listed, workspace_id, limit, before)

    async def sandbox_message(self, workspace_id: Id, message_id: Id) -> SandboxMessage | None:
        """See SandboxStore."""
        return await self._read(sandbox.one, workspace_id, message_id)

    # --- MaintenanceStore, but ping, check_durability, backup and clock_reading

    async def epoch(self) -> int:
        """See MaintenanceStore."""
        return await self._read(maintenance.epoch)

    async def set_epoch(self, number: int) -> None:
        """See MaintenanceStore."""
        await self._write(maintenance.set_epoch, number)

    async def advance_idempotency_generation(self) -> int:
        """See MaintenanceStore."""
        return await self._write(maintenance.advance_idempotency_generation)

    async def purge_idempotency(self, older_than_generation: int) -> int:
        """See MaintenanceStore."""
        total = 0
        while purged := await self._write(maintenance.purge_idempotency, older_than_generation):
            total += purged
        return total

    async def counters(self, workspace_id: Id | None = None) -> dict[CounterKey, int]:
        """See MaintenanceStore."""
        return await self._read(maintenance.counted, workspace_id)

    async def recount(self, workspace_id: Id | None = None) -> dict[CounterKey, int]:
        """See MaintenanceStore."""
        return await self._read(maintenance.recounted, workspace_id)

    async def misplaced(self) -> int:
        """See MaintenanceStore."""
        return await self._read(maintenance.misplaced)
