"""What the store's contract suite is written with: the whole store as one protocol, and makers of messages."""

import itertools
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from hashlib import sha256
from typing import Any, Protocol, TypeAlias

from posthouse.core.alerts.ports import AlertStore, CircuitStore, LevelStore
from posthouse.core.analytics.ports import RollupStore, SumStore
from posthouse.core.contacts.ports import ContactStore
from posthouse.core.conversions.ports import ConversionStore
from posthouse.core.delivery.model import Claimed, Settlement
from posthouse.core.delivery.ports import DeliveryStore, MaintenanceStore, QueueStore, SandboxStore
from posthouse.core.keeping.ports import ErasureStore, RetentionStore
from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.ids import Id, Uuid7Source
from posthouse.core.messages.files import FileStore
from posthouse.core.messages.model import Channel, Event, EventType, Lane, NewMessage, Status
from posthouse.core.messages.ports import MessageStore
from posthouse.core.messages.stream import StreamStore
from posthouse.core.messages.words import WordStore
from posthouse.core.returned.ports import ReturnedStore
from posthouse.core.suppressions.ports import SuppressionStore
from posthouse.core.templates.library.ports import LibraryStore
from posthouse.core.templates.model import Category, Release, Template, UnknownPolicy
from posthouse.core.templates.ports import TemplateStore
from posthouse.core.tracking.ports import TrackingStore
from posthouse.core.tracking.ratings import RatingStore
from posthouse.core.webhooks.ports import WebhookStore
from posthouse.core.workspaces.ports import WorkspaceStore
from posthouse.testing.clock import FakeClock


class Store(
    WorkspaceStore,
    TemplateStore,
    LibraryStore,
    MessageStore,
    WordStore,
    StreamStore,
    WebhookStore,
    RollupStore,
    SumStore,
    SuppressionStore,
    ReturnedStore,
    QueueStore,
    DeliveryStore,
    SandboxStore,
    MaintenanceStore,
    TrackingStore,
    RatingStore,
    ConversionStore,
    ContactStore,
    AlertStore,
    CircuitStore,
    LevelStore,
    RetentionStore,
    FileStore,
    ErasureStore,
    Protocol,
):
    """Every port at once, as a store implements them."""

    async def open(self) -> None:
        """Gets ready."""
        ...

    async def close(self) -> None:
        """Lets go."""
        ...


OpenStore: TypeAlias = Callable[[], Awaitable[Store]]
"""Opens one more store object on the same data, as another process would; closed when the test ends."""
FreshStore: TypeAlias = Callable[[], AbstractAsyncContextManager[Store]]
"""A store without data, for tests that need many of them."""

LEASE: int = 30 * SECOND
EVENT_OF_STATUS = {
    Status.SENT: EventType.SENT,
    Status.DELIVERED: EventType.DELIVERED,
    Status.BOUNCED: EventType.BOUNCED,
    Status.FAILED: EventType.FAILED,
    Status.EXPIRED: EventType.EXPIRED,
    Status.UNKNOWN: EventType.UNKNOWN,
    Status.DEFERRED: EventType.DEFERRED,
    Status.HELD: EventType.HELD,
}


class Kit:
    """Makes things for one workspace; time stands still unless told."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.ids = Uuid7Source(self.clock.now)
        self.workspace = self.ids()
        self.template_id = self.ids()
        self.release_id = self.ids()
        self._leases = itertools.count(1)

    def new(self, **changes: Any) -> NewMessage:
        """A message due now; any field may be given."""
        now = self.clock.now()
        fields: dict[str, Any] = {
            "id": self.ids(),
            "workspace_id": self.workspace,
            "key_id": None,
            "flow": 7,
            "live": True,
            "channel": Channel.EMAIL,
            "lane": Lane.NORMAL,
            "template_id": self.template_id,
            "release_id": self.release_id,
            "locale": "en",
            "recipient": "ann@example.net",
            "recipient_name": "Ann",
            "variables": b'{"order": {"number": "A-1"}}',
            "created_at": now,
            "due_at": now,
        }
        return NewMessage(**(fields | changes))

    def keyed(self, key: str, body: bytes = b"body", **changes: Any) -> NewMessage:
        """A message with an idempotency key; its answer names it."""
        new = self.new(idempotency_key=key, idempotency_hash=sha256(body).digest(), **changes)
        new.answer = b'{"id":"' + new.id.hex().encode() + b'"}'
        return new

    def lease(self) -> int:
        """A fencing token that was never used before."""
        return next(self._leases)

    async def claim(self, store: Store, places: int = 10, lane: Lane = Lane.NORMAL) -> list[Claimed]:
        """Claims in one lane for half a minute from now."""
        now = self.clock.now()
        return await store.claim([(lane, places)], now=now, until=now + LEASE, lease=self.lease())

    def settle(self, claimed: Claimed, status: Status = Status.SENT, **changes: Any) -> Settlement:
        """A settlement of a claim, with the event that belongs to its status."""
        now, attempts = self.clock.now(), claimed.attempts + (status is not Status.QUEUED)
        kind = EVENT_OF_STATUS.get(status)
        events = (
            ()
            if kind is None
            else (Event(claimed.id, claimed.workspace_id, kind, now, f"{claimed.lease}", {"attempt": attempts}),)
        )
        fields: dict[str, Any] = {
            "message_id": claimed.id,
            "workspace_id": claimed.workspace_id,
            "lease": claimed.lease,
            "status": status,
            "at": now,
            "attempts": attempts,
            "events": events,
            "template_id": claimed.template_id,
            "channel": claimed.channel,
            "lane": claimed.lane,
            "live": claimed.live,
        }
        return Settlement(**(fields | changes))

    def template(self, key: str = "order-confirmation", version: int = 0, **changes: Any) -> Template:
        """A template's settings."""
        now = self.clock.now()
        fields: dict[str, Any] = {
            "id": self.template_id,
            "workspace_id": self.workspace,
            "key": key,
            "name": "Order confirmation",
            "description": "",
            "kind": "order.confirmation",
            "category": Category.TRANSACTIONAL,
            "version": version,
            "created_at": now,
            "updated_at": now,
            "source_hash": f"hash-{version}",
        }
        return Template(**(fields | changes))

    def release(self, template: Template, locale: str = "en", release_id: Id | None = None) -> Release:
        """One variant of a template's version."""
        return Release(
            id=release_id or self.ids(),
            workspace_id=self.workspace,
            template_id=template.id,
            template_key=template.key,
            version=template.version,
            channel="email",
            locale=locale,
            category=template.category,
            lane="normal",
            default_channel="email",
            default_locale="en",
            unknown_policy=UnknownPolicy.RESEND,
            programs={"subject": "Order {{ order.number }}"},
            variables=("order",),
            schema={"type": "object"},
            created_at=self.clock.now(),
        )


async def check_invariants(store: Store) -> None:
    """What must hold at every moment: each message in exactly one place, counters equal to the events."""
    assert await store.misplaced() == 0
    counted = {key: count for key, count in (await store.counters()).items() if count}
    assert counted == await store.recount()
