"""What the HTTP door is given: the rooms of the core that it speaks for, and its settings."""

import dataclasses
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import msgspec

from posthouse.core.alerts.measuring import LevelService
from posthouse.core.alerts.service import AlertService
from posthouse.core.alerts.telling import Speaker
from posthouse.core.analytics.rating_pages import RatingPages
from posthouse.core.analytics.ratings import RatingService
from posthouse.core.analytics.service import AnalyticsService
from posthouse.core.contacts.service import ContactService
from posthouse.core.conversions.service import ConversionService
from posthouse.core.delivery.admin import ProviderService
from posthouse.core.delivery.ports import SandboxStore
from posthouse.core.keeping.erasing import ErasureService
from posthouse.core.keeping.retention import RetentionService
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.paging import Page
from posthouse.core.messages.content import Content
from posthouse.core.messages.files import FileService
from posthouse.core.messages.following import Hub
from posthouse.core.messages.model import Event, Message, MessageQuery
from posthouse.core.messages.stream import StreamStore
from posthouse.core.messages.submission import Caller, Receipt, Submission
from posthouse.core.messages.trying import TestSends
from posthouse.core.messages.uploads import Upload
from posthouse.core.suppressions.service import SuppressionService
from posthouse.core.templates.library.impact import ImpactService
from posthouse.core.templates.library.publisher import LibraryPublisher
from posthouse.core.templates.library.service import LibraryService
from posthouse.core.templates.lifecycle import LifecycleService
from posthouse.core.templates.lint.pictures import PictureAsker
from posthouse.core.templates.rollouts import RolloutService
from posthouse.core.templates.service import TemplateService
from posthouse.core.tracking.reports import TrackingReports
from posthouse.core.tracking.service import TrackingService
from posthouse.core.webhooks.service import WebhookService
from posthouse.core.workspaces.domains import DomainService
from posthouse.core.workspaces.keys import KeyService
from posthouse.core.workspaces.service import WorkspaceService
from posthouse.http.ratelimit import Buckets

MEBIBYTE = 1_048_576


class HttpSettings(msgspec.Struct, frozen=True):
    """How much the door lets in. Bytes and seconds."""

    max_body: int = 10_000_000
    """The largest body of a request."""
    max_batch: int = 1_000
    """The most items of a batch."""
    max_batch_body: int = 10 * 2**20
    """The largest body of a batch, bytes; never more than ``max_body``."""
    body_seconds: float = 30.0
    """How long a body may take to arrive."""
    max_reading: int = 128 * MEBIBYTE
    """All unfinished bodies together; beyond it the largest wait is a 503 instead of memory."""
    rate: float | None = None
    """Messages a second and key; None: no limit."""
    burst: int = 100
    """How many may come at once within that rate."""
    trusted_proxies: tuple[str, ...] = ()
    """Networks (CIDR) whose ``X-Forwarded-For`` is believed."""
    heartbeat_seconds: float = 15.0
    """How often a live stream without events says that it is alive, and looks whether its key is still good."""
    stream_seconds: float = 3600.0
    """How long a live stream may last; its client comes back with ``Last-Event-ID``."""

    def proxies(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The trusted proxies as networks."""
        return tuple(ipaddress.ip_network(word) for word in self.trusted_proxies)


class AccessRecord(msgspec.Struct, frozen=True):
    """One served request, without anything personal: ``route`` has ``{id}`` where the path had the identifier."""

    request_id: str
    method: str
    route: str
    status: int
    microseconds: int
    key_id: Id | None = None
    problem: str = ""
    """The slug of the problem that the request was answered with (docs/reference/problems.md)."""


class Messages(Protocol):
    """What the door needs of the room of messages (core/messages/service.py)."""

    async def accept(self, caller: Caller, items: Sequence[Submission]) -> list[Receipt | PosthouseError]:
        """Keeps messages; answers in order."""
        ...

    async def get(self, workspace_id: Id, message_id: Id) -> Message:
        """One message."""
        ...

    async def search(
        self, query: MessageQuery, *, subject: str | None = None, provider_id: str | None = None
    ) -> Page[Message]:
        """A page of messages."""
        ...

    def place(self, cursor: str) -> Id:
        """Where the page after a cursor begins. InvalidIdError: it is none."""
        ...

    async def timeline(self, workspace_id: Id, message_id: Id) -> list[Event]:
        """What happened, oldest first."""
        ...

    async def content(self, workspace_id: Id, message_id: Id) -> Content:
        """What it says."""
        ...

    async def cancel(self, workspace_id: Id, message_id: Id) -> Message:
        """Withdraws it."""
        ...

    async def resend(self, caller: Caller, message_id: Id) -> Receipt:
        """Makes a new message from it."""
        ...

    async def upload(self, workspace_id: Id, name: str, type_: str, data: bytes) -> Upload:
        """Keeps a file for later messages."""
        ...


class HeldMessages(Protocol):
    """Lets held messages go (a part of QueueStore)."""

    async def release_held(self, workspace_id: Id | None, message_ids: Sequence[Id] | None, at: int) -> int:
        """How many were let go; None means all."""
        ...


class Health(msgspec.Struct, frozen=True):
    """Whether requests can be served just now; ``checks`` says why not, by part."""

    ready: bool
    checks: dict[str, str] = {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Services:
    """Everything the door is given."""

    messages: Messages
    events: StreamStore
    live: Hub
    analytics: AnalyticsService
    alerts: AlertService
    levels: LevelService
    speaker: Speaker
    templates: TemplateService
    lifecycle: LifecycleService
    rollouts: RolloutService
    library: LibraryService
    publisher: LibraryPublisher
    impact: ImpactService
    keys: KeyService
    domains: DomainService
    providers: ProviderService
    workspaces: WorkspaceService
    webhooks: WebhookService
    suppressions: SuppressionService
    held: HeldMessages
    tracking_reports: TrackingReports
    conversions: ConversionService
    ratings: RatingService
    rating_pages: RatingPages
    files: FileService
    test_sends: TestSends
    contacts: ContactService
    pictures: PictureAsker
    retention: RetentionService
    erasures: ErasureService
    sandbox: SandboxStore
    clock: Clock
    entropy: Callable[[int], bytes]
    health: Callable[[], Awaitable[Health]]
    metrics: Callable[[], Awaitable[tuple[str, bytes]]]
    """(content type, Prometheus text)."""
    settings: HttpSettings = dataclasses.field(default_factory=HttpSettings)
    tracking: TrackingService | None = None
    """None: addresses in mails are answered elsewhere."""
    buckets: Buckets | None = None
    """Where the rate limit counts; None: in this process."""
    on_access: Callable[[AccessRecord], None] | None = None
    on_refused: Callable[[str], None] | None = None
    """The slug of the problem of each item of a batch that was refused; a refused request is told to ``on_access``."""
    on_defect: Callable[[str, BaseException], None] | None = None
    """(request id, exception) for every answer with status 500."""
