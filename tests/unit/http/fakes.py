"""Small in-memory stand-ins for the rooms behind the HTTP door."""

import hashlib
import itertools
from collections.abc import Sequence

import msgspec
from tests.unit.http.fake_alerts import FakeAlertStore, FakeTeller, alert_services
from tests.unit.http.fake_analytics import FakeSums, analytics_service
from tests.unit.http.fake_files import FakeFiles, NoAttachments
from tests.unit.http.fake_sandbox import FakeSandbox
from tests.unit.http.fake_stream import FakeStream
from tests.unit.http.fake_suppressions import FakeSuppressions
from tests.unit.http.fake_templates import FakeTemplates, NoPictures
from tests.unit.http.fake_webhooks import FakeWebhookStore, webhook_service
from tests.unit.http.library_store import FakeLibraryStore, FakeLifecycle, FakeRollouts
from tests.unit.http.small_fakes import (
    FakeDns,
    FakeHeld,
    FakeRatings,
    contact_service,
    conversion_service,
    erasure_service,
    make_key,
    retention_service,
    suppression_service,
    tracking_reports,
    tracking_service,
    validate_provider,
)

from posthouse.core.analytics.rating_pages import RatingPages
from posthouse.core.analytics.ratings import RatingService
from posthouse.core.delivery.admin import ProviderService
from posthouse.core.delivery.model import ProviderRow, Route
from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import ConflictError, FieldProblem, NotFoundError, PosthouseError, ValidationError
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.paging import Page
from posthouse.core.messages.content import Content
from posthouse.core.messages.errors import KeyReusedError, TooLateError
from posthouse.core.messages.files import FileService
from posthouse.core.messages.following import Hub
from posthouse.core.messages.model import Channel, Event, EventType, Lane, Message, MessageQuery, Status
from posthouse.core.messages.submission import Caller, Receipt, Submission
from posthouse.core.messages.trying import TestSends
from posthouse.core.messages.uploads import Upload, make_upload_id
from posthouse.core.templates.library.impact import ImpactService
from posthouse.core.templates.library.publisher import LibraryPublisher
from posthouse.core.templates.library.service import LibraryService
from posthouse.core.templates.model import UnknownPolicy
from posthouse.core.workspaces.domains import DomainService
from posthouse.core.workspaces.errors import StaleSettingsError
from posthouse.core.workspaces.keys import KeyService
from posthouse.core.workspaces.model import ApiKey, Domain, Workspace
from posthouse.core.workspaces.service import WorkspaceService
from posthouse.http.app import create_app
from posthouse.http.schemas.events import frame
from posthouse.http.services import AccessRecord, Health, HttpSettings, Services
from posthouse.rendering.press import make_press
from posthouse.rendering.pressroom import InlineRoom
from posthouse.testing.clock import FakeClock


class FakeBox:
    """Seals by naming the purpose; hashes with a fixed key."""

    def seal(self, secret: bytes, *, purpose: str) -> bytes:
        return f"sealed:{purpose}:".encode() + secret

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        head = f"sealed:{purpose}:".encode()
        if not sealed.startswith(head):
            raise ValueError("another purpose")
        return sealed.removeprefix(head)

    def digest(self, secret: str) -> bytes:
        return hashlib.blake2b(secret.encode(), key=b"test").digest()[:32]


class FakeSettingsStore:
    """Workspaces, keys, domains, providers and routes in dictionaries; counts what is asked."""

    def __init__(self) -> None:
        self.number = 0
        self.asked_generation = 0
        self.asked_keys = 0
        self.down = False
        self.workspace_rows: list[Workspace] = []
        self.key_rows: dict[bytes, ApiKey] = {}
        self.touched: dict[bytes, int] = {}
        self.domain_rows: dict[tuple[bytes, str], Domain] = {}
        self.provider_rows: list[ProviderRow] = []
        self.route_rows: dict[Channel, Route] = {}

    async def generation(self) -> int:
        self.asked_generation += 1
        return self.number

    async def add_workspace(self, workspace: Workspace) -> None:
        if any(row.name == workspace.name for row in self.workspace_rows):
            raise ConflictError(f"{workspace.name} is taken")
        self.number += 1
        self.workspace_rows.append(workspace)

    async def update_workspace(self, before: Workspace, after: Workspace) -> None:
        if before not in self.workspace_rows:
            raise StaleSettingsError
        self.number += 1
        self.workspace_rows = [after if row.id == after.id else row for row in self.workspace_rows]

    async def workspaces(self) -> Sequence[Workspace]:
        return self.workspace_rows

    async def add_key(self, key: ApiKey, digest: bytes) -> None:
        self.number += 1
        self.key_rows[digest] = key

    async def key_by_digest(self, digest: bytes) -> ApiKey | None:
        self.asked_keys += 1
        return self.key_rows.get(digest)

    async def keys(self, workspace_id: bytes) -> Sequence[ApiKey]:
        return [key for key in self.key_rows.values() if key.workspace_id == workspace_id]

    async def revoke_key(self, workspace_id: bytes, key_id: bytes, at: int) -> ApiKey:
        for digest, key in self.key_rows.items():
            if (key.workspace_id, key.id) == (workspace_id, key_id):
                self.number += 1
                self.key_rows[digest] = msgspec.structs.replace(key, revoked_at=key.revoked_at or at)
                return self.key_rows[digest]
        raise NotFoundError("no such key")

    async def touch_keys(self, used: dict[bytes, int]) -> None:
        self.touched.update(used)

    async def add_domain(self, domain: Domain) -> None:
        if (domain.workspace_id, domain.name) in self.domain_rows:
            raise ConflictError("there already")
        self.number += 1
        self.domain_rows[domain.workspace_id, domain.name] = domain

    async def domains(self, workspace_id: bytes) -> Sequence[Domain]:
        return [domain for (owner, _), domain in self.domain_rows.items() if owner == workspace_id]

    async def update_domain(self, before: Domain, after: Domain) -> None:
        if self.domain_rows[after.workspace_id, after.name] != before:
            raise StaleSettingsError
        self.number += 1
        self.domain_rows[after.workspace_id, after.name] = after

    async def remove_domain(self, workspace_id: bytes, name: str) -> None:
        self.number += 1
        del self.domain_rows[workspace_id, name]

    async def add_provider(self, provider: ProviderRow) -> None:
        if any(row.name == provider.name for row in self.provider_rows):
            raise ConflictError("there already")
        self.provider_rows.append(provider)

    async def providers(self, workspace_id: bytes) -> Sequence[ProviderRow]:
        return [row for row in self.provider_rows if row.workspace_id == workspace_id]

    async def update_provider(self, provider: ProviderRow) -> None:
        self.provider_rows = [provider if row.id == provider.id else row for row in self.provider_rows]

    async def remove_provider(self, workspace_id: bytes, name: str) -> None:
        self.provider_rows = [row for row in self.provider_rows if (row.workspace_id, row.name) != (workspace_id, name)]

    async def routes(self, workspace_id: bytes) -> Sequence[Route]:
        return [route for route in self.route_rows.values() if route.workspace_id == workspace_id]

    async def save_route(self, route: Route) -> None:
        if route.steps:
            self.route_rows[route.channel] = route
        else:
            self.route_rows.pop(route.channel, None)


class FakeMessages:
    """Accepts everything but what ``refuse`` names by its template; remembers idempotency keys."""

    def __init__(self, new_id: ids.IdSource, clock: FakeClock) -> None:
        self.new_id = new_id
        self.clock = clock
        self.kept: dict[bytes, Message] = {}
        self.submissions: list[Submission] = []
        self.first: dict[tuple[bytes, str], tuple[Submission, Receipt]] = {}
        self.uploads: dict[str, bytes] = {}
        self.refuse: dict[str, PosthouseError] = {}
        self.fail: BaseException | None = None
        self.queries: list[MessageQuery] = []
        self.words: list[tuple[str | None, str | None]] = []

    async def accept(self, caller: Caller, items: Sequence[Submission]) -> list[Receipt | PosthouseError]:
        if self.fail is not None:
            raise self.fail
        return [self._accept(caller, item) for item in items]

    def _accept(self, caller: Caller, item: Submission) -> Receipt | PosthouseError:
        if item.template in self.refuse:
            return self.refuse[item.template]
        if item.to is None:
            return ValidationError("nobody to write to", fields=[FieldProblem("/to", "is missing", "missing")])
        if item.idempotency_key is not None:
            key = (caller.workspace_id, item.idempotency_key)
            if key in self.first:
                body, receipt = self.first[key]
                return msgspec.structs.replace(receipt, replayed=True) if body == item else KeyReusedError()
        receipt = self._keep(caller, item)
        if item.idempotency_key is not None:
            self.first[caller.workspace_id, item.idempotency_key] = (item, receipt)
        return receipt

    def _keep(self, caller: Caller, item: Submission) -> Receipt:
        self.submissions.append(item)
        now = self.clock.now()
        message_id = self.new_id()
        self.kept[message_id] = Message(
            id=message_id,
            workspace_id=caller.workspace_id,
            key_id=caller.key_id,
            live=caller.live,
            channel=Channel.EMAIL,
            lane=Lane.NORMAL,
            template_id=None,
            template_key=item.template,
            release_id=None,
            version=1,
            locale="en",
            recipient=item.to if isinstance(item.to, str) else item.to.email,
            recipient_name="",
            variables=msgspec.json.encode(item.variables),
            created_at=now,
            due_at=now,
            expires_at=None,
            policy=UnknownPolicy.RESEND,
            extras=None,
            tags=tuple(item.tags),
            correlation=item.correlation,
            supersedes=item.supersedes,
            status=Status.QUEUED,
            next_at=now,
        )
        body = {
            "id": ids.show(ids.MESSAGE, message_id),
            "status": "queued",
            "mode": "live" if caller.live else "test",
            "template": item.template,
            "version": 1,
            "channel": "email",
            "locale": "en",
            "lane": "normal",
            "created_at": show_moment(now),
            "send_at": show_moment(now),
        }
        return Receipt(message_id, msgspec.json.encode(body))

    async def get(self, workspace_id: bytes, message_id: bytes) -> Message:
        message = self.kept.get(message_id)
        if message is None or message.workspace_id != workspace_id:
            raise NotFoundError("there is no such message")
        return message

    def place(self, cursor: str) -> bytes:
        return ids.read(ids.MESSAGE, cursor)

    async def search(
        self, query: MessageQuery, *, subject: str | None = None, provider_id: str | None = None
    ) -> Page[Message]:
        self.queries.append(query)
        self.words.append((subject, provider_id))
        found = [
            message
            for message in sorted(self.kept.values(), key=lambda message: message.id, reverse=True)
            if message.workspace_id == query.workspace_id
            and (query.live is None or message.live is query.live)
            and (query.before is None or message.id < query.before)
            and query.recipient in (None, message.recipient)
            and query.status in (None, message.status)
        ]
        shown = found[: query.limit]
        return Page(shown, ids.show(ids.MESSAGE, shown[-1].id) if len(found) > len(shown) else None)

    async def timeline(self, workspace_id: bytes, message_id: bytes) -> list[Event]:
        return [Event(message_id, workspace_id, EventType.ACCEPTED, self.clock.now(), data={"lane": "normal"})]

    async def content(self, workspace_id: bytes, message_id: bytes) -> Content:
        return Content(
            "Hello", "<p>Hello</p>", "Hello", (("Subject", "Hello"),), (), b"Subject: Hello\r\n\r\nHello\r\n"
        )

    async def cancel(self, workspace_id: bytes, message_id: bytes) -> Message:
        message = await self.get(workspace_id, message_id)
        if message.status is not Status.QUEUED:
            raise TooLateError("only a waiting one can be cancelled")
        message.status = Status.CANCELLED
        return message

    async def resend(self, caller: Caller, message_id: bytes) -> Receipt:
        message = await self.get(caller.workspace_id, message_id)
        return self._keep(caller, Submission(to=message.recipient, template=message.template_key))

    async def upload(self, workspace_id: bytes, name: str, type_: str, data: bytes) -> Upload:
        word, _ = make_upload_id(data)
        self.uploads[word] = data
        return Upload(word, name, type_, len(data))


class Stage:
    """A whole application over fakes, with a live and a test key that may do everything."""

    def __init__(
        self,
        settings: HttpSettings | None = None,
        *,
        clock: Clock | None = None,
        messages: type[FakeMessages] = FakeMessages,
        logged: bool = True,
    ) -> None:
        self.clock = clock or FakeClock()
        counter = itertools.count(1)
        self.new_id = ids.Uuid7Source(self.clock.now)
        self.entropy = lambda size: hashlib.shake_256(str(next(counter)).encode()).digest(size)
        self.store = FakeSettingsStore()
        self.box = FakeBox()
        self.messages = messages(self.new_id, self.clock)
        self.sandbox = FakeSandbox()
        self.ratings = FakeRatings()
        self.files = FakeFiles()
        self.stream = FakeStream()
        self.sums = FakeSums()
        self.endpoints = FakeWebhookStore()
        self.alerts, self.teller = FakeAlertStore(), FakeTeller()
        self.suppressions = FakeSuppressions()
        self.templates = FakeTemplates(self.clock)
        self.dns = FakeDns()
        self.held = FakeHeld()
        self.health = Health(ready=True, checks={"store": "ok"})
        self.refused: list[str] = []
        self.access: list[AccessRecord] = []
        self.defects: list[tuple[str, BaseException]] = []
        common = {"clock": self.clock, "new_id": self.new_id}
        self.keys = KeyService(store=self.store, box=self.box, entropy=self.entropy, **common)
        shelves, room = FakeLibraryStore(), InlineRoom(make_press)
        library = LibraryService(shelves, make_press(), self.new_id, self.clock)
        publisher = LibraryPublisher(shelves, library, room, self.new_id, self.clock)
        self.services = Services(
            messages=self.messages,
            events=self.stream,
            live=Hub(self.stream, frame),
            analytics=analytics_service(self.sums, self.templates, self.store, self.clock),
            **alert_services(self.alerts, self.teller, self.sums, self.templates, self.store, self.box, self.clock),
            templates=self.templates,
            lifecycle=FakeLifecycle(self.templates),
            rollouts=FakeRollouts(self.templates),
            library=library,
            publisher=publisher,
            impact=ImpactService(shelves, library, publisher, room),
            keys=self.keys,
            domains=DomainService(store=self.store, box=self.box, make_key=make_key, dns=self.dns, **common),
            providers=ProviderService(store=self.store, box=self.box, validate=validate_provider, **common),
            workspaces=WorkspaceService(store=self.store, **common),
            webhooks=webhook_service(self.endpoints, self.stream, self.box, self.entropy, **common),
            suppressions=suppression_service(self.suppressions, self.new_id, self.clock),
            held=self.held,
            tracking=tracking_service(self.clock),
            rating_pages=RatingPages("https://post.example/", bytes(32)),
            ratings=RatingService(
                self.ratings, self.templates, WorkspaceService(store=self.store, **common), self.clock
            ),
            files=FileService(self.files),
            test_sends=TestSends(self.templates, self.messages, NoAttachments(), self.clock.now),
            tracking_reports=tracking_reports(self.templates, WorkspaceService(store=self.store, **common)),
            conversions=conversion_service(self.new_id, self.clock),
            contacts=contact_service(self.new_id, self.clock),
            pictures=NoPictures(),
            retention=retention_service(self.store, self.clock),
            erasures=erasure_service(self.box, self.new_id, self.clock),
            sandbox=self.sandbox,
            clock=self.clock,
            entropy=self.entropy,
            health=self._health,
            metrics=self._metrics,
            settings=settings or HttpSettings(heartbeat_seconds=0.05, stream_seconds=0.2),
            on_refused=self.refused.append,
            on_access=self.access.append if logged else None,
            on_defect=lambda request_id, defect: self.defects.append((request_id, defect)),
        )
        self.app = create_app(self.services)
        self.workspace_id = b""
        self.live_key = ""
        self.test_key = ""

    async def _metrics(self) -> tuple[str, bytes]:
        return "text/plain; version=0.0.4", b"posthouse_up 1\n"

    async def _health(self) -> Health:
        return self.health

    async def open(self) -> "Stage":
        workspace = await self.services.workspaces.create("shop")
        self.workspace_id = workspace.id
        self.live_key = (await self.keys.create(workspace.id, "live", live=True, scopes=["*"])).secret
        self.test_key = (await self.keys.create(workspace.id, "test", live=False, scopes=["*"])).secret
        return self

    async def key(self, *scopes: str, live: bool = True, networks: Sequence[str] = ()) -> str:
        made = await self.keys.create(self.workspace_id, "a key", live=live, scopes=scopes, networks=networks)
        return made.secret
