"""Puts the house together: the only place that names concrete classes."""

import functools
import hashlib
import os
import random
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import idna

from posthouse.bootstrap import alerts as alerting
from posthouse.bootstrap import pieces
from posthouse.channels.email.addresses import EmailAddressRules
from posthouse.channels.email.builder import EmailBuilder
from posthouse.channels.email.compose import EmailComposer
from posthouse.channels.email.dns_records import MailSite
from posthouse.channels.email.dns_resolver import DnspythonLookup
from posthouse.channels.email.domain_dns import EmailDns, make_dkim_key
from posthouse.channels.email.enclosures import Enclosures
from posthouse.channels.email.identities import EmailIdentities
from posthouse.channels.email.intake.reading import ThreadReader
from posthouse.channels.email.providers import PROVIDERS, ProviderContext
from posthouse.channels.email.providers.context import Connected
from posthouse.channels.email.providers.mx.resolver import DnsResolver
from posthouse.channels.email.returned import phrases
from posthouse.channels.email.verp import PURPOSE as RETURN_PATHS
from posthouse.channels.email.verp import ReturnPaths
from posthouse.channels.email.viewer import EmailViewer
from posthouse.config import Settings, read_master_key
from posthouse.core.alerts.measuring import LevelService
from posthouse.core.alerts.service import AlertService
from posthouse.core.alerts.telling import PAGE_PURPOSE, Speaker
from posthouse.core.analytics import rating_pages
from posthouse.core.analytics.domains import DomainGroups
from posthouse.core.analytics.follower import Follower
from posthouse.core.analytics.ratings import RatingService
from posthouse.core.analytics.service import AnalyticsService
from posthouse.core.contacts.service import ContactService
from posthouse.core.conversions.service import ConversionService
from posthouse.core.delivery.admin import ProviderService
from posthouse.core.delivery.blackbox import BlackBox
from posthouse.core.delivery.delivery import Builder, Delivery
from posthouse.core.delivery.dispatcher import Dispatcher, DispatchSettings, Watch
from posthouse.core.delivery.fleet import Fleet
from posthouse.core.delivery.judge import Judge
from posthouse.core.delivery.learning import LearningQueue
from posthouse.core.delivery.leases import Leases
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.ports import Provider, ProviderFactory
from posthouse.core.delivery.retry import RetryPolicy
from posthouse.core.keeping.settings import ruled_classes
from posthouse.core.kernel.clock import HOUR, SECOND, HouseClock, SystemClock
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.messages.committer import Accept, GroupCommitter
from posthouse.core.messages.files import FileService
from posthouse.core.messages.limits import Limits
from posthouse.core.messages.model import Channel
from posthouse.core.messages.persons import Persons
from posthouse.core.messages.places import places_by
from posthouse.core.messages.pseudonyms import PURPOSE, Pseudonyms
from posthouse.core.messages.resolve import Resolver
from posthouse.core.messages.senders import Senders
from posthouse.core.messages.service import MessageService
from posthouse.core.messages.trying import TestSends
from posthouse.core.messages.words import words_by
from posthouse.core.returned.intake import Intake
from posthouse.core.suppressions.learning import Learner
from posthouse.core.suppressions.service import SuppressionService
from posthouse.core.suppressions.sieve import Sieve
from posthouse.core.templates.catalogue import Catalogue
from posthouse.core.templates.library.impact import ImpactService
from posthouse.core.templates.library.publisher import LibraryPublisher
from posthouse.core.templates.library.service import LibraryService
from posthouse.core.templates.lifecycle import LifecycleService
from posthouse.core.templates.lint.pictures import PictureAsker
from posthouse.core.templates.model import Sender
from posthouse.core.templates.rollouts import RolloutService
from posthouse.core.templates.service import TemplateService
from posthouse.core.tracking.bounds import Bounds
from posthouse.core.tracking.preferences import TrackingPreferences
from posthouse.core.tracking.recorder import HitRecorder, OnHit
from posthouse.core.tracking.reports import TrackingReports
from posthouse.core.tracking.rules import Rules
from posthouse.core.tracking.service import TrackingService
from posthouse.core.tracking.tokens import Tokens
from posthouse.core.webhooks.deliverer import Deliverer
from posthouse.core.webhooks.line import Means
from posthouse.core.webhooks.line import Watch as WebhookWatch
from posthouse.core.webhooks.requests import Requests
from posthouse.core.webhooks.service import WebhookService
from posthouse.core.workspaces.domains import DomainService
from posthouse.core.workspaces.keys import KeyService
from posthouse.core.workspaces.service import WorkspaceService
from posthouse.rendering.attachments.maker import AttachmentMaker
from posthouse.rendering.attachments.pdfs import PdfProcesses
from posthouse.rendering.checker import SchemaChecker
from posthouse.rendering.html_text import text_of
from posthouse.rendering.press import make_press, press_of
from posthouse.rendering.pressroom import InlineRoom, ProcessRoom, press_command
from posthouse.rendering.renderer import MinijinjaRenderer
from posthouse.stores.sealed import MasterKeyBox
from posthouse.stores.shared.migrate import HEAD
from posthouse.stores.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from posthouse.channels.webhooks.poster import HttpPoster
    from posthouse.stores.postgres.store import PostgresStore

Store: TypeAlias = "SqliteStore | PostgresStore"
"""The one for PostgreSQL is imported where it is opened: a house on SQLite starts sooner and takes less memory without it."""


@dataclass(frozen=True, kw_only=True)
class House:
    """Everything, wired."""

    role: str
    settings: Settings
    store: Store
    clock: HouseClock
    box: MasterKeyBox
    workspaces: WorkspaceService
    keys: KeyService
    domains: DomainService
    providers: ProviderService
    templates: TemplateService
    lifecycle: LifecycleService
    rollouts: RolloutService
    library: LibraryService
    publisher: LibraryPublisher
    impact: ImpactService
    messages: MessageService
    test_sends: TestSends
    contacts: ContactService
    return_paths: ReturnPaths
    learner: Learner
    catalogue: Catalogue
    sieve: Sieve
    suppressions: SuppressionService
    queue: LearningQueue
    tracking: TrackingService
    tracking_reports: TrackingReports
    conversions: ConversionService
    builder: EmailBuilder
    context: ProviderContext

    @functools.cached_property
    def poster(self) -> "HttpPoster":
        """Makes requests to webhook endpoints. Not in processes that do not ask for it: an HTTP client takes memory."""
        from posthouse.channels.webhooks.poster import HttpPoster  # noqa: PLC0415 - see above

        webhooks = self.settings.webhooks
        return HttpPoster(float(webhooks.timeout_seconds), webhooks.allow_networks)

    @functools.cached_property
    def pictures(self) -> PictureAsker:
        """Asks other hosts for the pictures of mails."""
        return pieces.pictures_of(self.settings)

    @functools.cached_property
    def analytics(self) -> AnalyticsService:
        """Answers questions about statistics."""
        groups = DomainGroups(pieces.text("core.analytics", "domains.toml"))
        return AnalyticsService(
            self.store, self.store, self.store, self.workspaces, domains=groups.words, clock=self.clock
        )

    @functools.cached_property
    def files(self) -> FileService:
        """The files that were uploaded."""
        return FileService(self.store)

    @functools.cached_property
    def ratings(self) -> RatingService:
        """Answers questions about what people answered to ratings."""
        return RatingService(self.store, self.store, self.workspaces, self.clock)

    @functools.cached_property
    def rating_pages(self) -> rating_pages.RatingPages:
        """Addresses under which people read them."""
        return rating_pages.RatingPages(alerting.address_of(self.settings), self.box.derive(rating_pages.PURPOSE))

    @functools.cached_property
    def webhooks(self) -> WebhookService:
        """The endpoints that are told what happens."""
        new_id = Uuid7Source(self.clock.now)
        return WebhookService(
            self.store, self.store, self.poster, self.box, clock=self.clock, new_id=new_id, entropy=os.urandom
        )

    @functools.cached_property
    def speaker(self) -> Speaker:
        """Says alerts."""
        return alerting.speaker_of(self.settings, self.box.derive(PAGE_PURPOSE))

    @functools.cached_property
    def levels(self) -> LevelService:
        """Service levels of templates."""
        return alerting.levels_of(self)

    @functools.cached_property
    def alerts(self) -> AlertService:
        """When something is wrong."""
        return alerting.alerts_of(self)

    @property
    def store_id(self) -> str:
        """Names this store to the black boxes beside it."""
        return hashlib.sha256(
            (self.settings.database or str(self.settings.sqlite_path.resolve())).encode()
        ).hexdigest()[:32]


def make_store(settings: Settings, clock: HouseClock, shard: int) -> Store:
    """The store that the settings name, not yet open."""
    unsafe = settings.store.unsafe
    if settings.postgres:
        from posthouse.stores.postgres.store import PostgresStore  # noqa: PLC0415 - see Store

        return PostgresStore(
            settings.database, clock=clock, shard=shard, unsafe=unsafe, connections=settings.store.connections
        )
    lax = unsafe and settings.store.synchronous == "normal"
    return SqliteStore(settings.sqlite_path.parent, clock=clock, shard=shard, unsafe=lax)


async def migrate(settings: Settings) -> str:
    """Brings the schema up to date; the step it is at."""
    clock = HouseClock(SystemClock())
    if settings.postgres:
        from posthouse.stores.postgres.migrate import migrate as migrate_postgres  # noqa: PLC0415 - see Store

        return await migrate_postgres(settings.database, now=clock.now())
    store = make_store(settings, clock, 0)
    await store.open()  # SQLite migrates itself
    await store.close()
    return HEAD


def _unmetered(accept: Accept) -> Accept:
    return accept


def _uncounted(_kind: str, _change: int) -> None:
    pass


def _untold(_kind: str, _verdict: str) -> None:
    pass


@asynccontextmanager
async def open_house(
    settings: Settings,
    *,
    role: str,
    shard: int = 0,
    metered: Callable[[Accept], Accept] = _unmetered,
    connected: Connected = _uncounted,
    on_hit: OnHit = _untold,
) -> AsyncIterator[House]:
    """The house with its store open, closed again at the end.

    Args:
        settings: everything that can be set.
        role: of this process (``cli``, ``api``, ``dispatch``, ``scheduler``), for the logs.
        shard: keeps this process off other processes' counter rows.
        metered: puts a meter around the store's accept.
        connected: counts the connections of providers.
        on_hit: told of each open and click.
    """
    clock = HouseClock(SystemClock())
    store = make_store(settings, clock, shard)
    pdf = PdfProcesses()
    await store.open()
    try:
        reference = await store.clock_reading()
        if reference is not None:
            clock.hold_to(reference)
        house = _wire(settings, store, clock, role, metered(store.accept), connected, pdf, on_hit)
        try:
            yield house
        finally:
            await house.publisher.close()
            if "poster" in vars(house):
                await house.poster.close()
    finally:
        await pdf.close()
        await store.close()


def _wire(
    settings: Settings,
    store: Store,
    clock: HouseClock,
    role: str,
    accept: Accept,
    connected: Connected,
    pdf: PdfProcesses,
    on_hit: OnHit,
) -> House:
    box = MasterKeyBox(read_master_key(settings))
    new_id = Uuid7Source(clock.now)
    hostname = settings.mail.hostname or socket.getfqdn()
    renderer, checker = MinijinjaRenderer(), SchemaChecker()
    catalogue = Catalogue(store, store, clock)
    return_paths = ReturnPaths(box.derive(RETURN_PATHS))
    composer = EmailComposer(renderer, return_paths)
    maker = AttachmentMaker(renderer, pdf)
    enclosures = Enclosures(store, maker)
    tokens = Tokens(box.derive, generation=settings.tracking.key_generation, oldest=settings.tracking.oldest_key)
    tracking, rules = TrackingPreferences(store, tokens, clock), Rules(pieces.text("core.tracking", "rules.toml"))
    workspaces = WorkspaceService(store=store, clock=clock, new_id=new_id)
    limits = Limits(max_message=settings.mail.max_message)
    fallback = settings.mail.default_from
    senders = Senders(store, clock, Sender(fallback, settings.mail.default_from_name) if fallback else None)
    pseudonyms, addresses = Pseudonyms(box.derive(PURPOSE)), EmailAddressRules()
    sieve = Sieve(store, pseudonyms, clock)
    suppressions = SuppressionService(store, sieve, addresses, pseudonyms, ids=new_id, clock=clock)
    learner = Learner(store, addresses, pieces.suppression_rules(settings), new_id)
    contacts = ContactService(store, addresses, ids=new_id, clock=clock)
    persons = Persons(contacts, store, clock)
    resolver = Resolver(catalogue, checker, addresses, senders, sieve, persons, new_id, text_of, limits)
    press = press_of(checker, renderer, new_id, clock)
    templates = TemplateService(store, press, checker, renderer, new_id, clock, functools.partial(ruled_classes, store))
    library = LibraryService(store, press, new_id, clock)
    room = ProcessRoom(press_command(), InlineRoom(make_press))
    publisher = LibraryPublisher(store, library, room, new_id, clock)
    conversions = ConversionService(
        store,
        store,
        tokens,
        settings=tracking,
        releases=catalogue,
        templates=store,
        normal=addresses.normal_email,
        new_id=new_id,
        clock=clock,
    )
    messages = MessageService(
        store,
        resolver,
        GroupCommitter(accept),
        catalogue,
        EmailViewer(composer, enclosures, tracking),
        words=words_by(box.derive),
        pseudonyms=pseudonyms,
        places=places_by(box.derive),
        orders=conversions,
        ids=new_id,
        clock=clock,
        limits=limits,
    )
    return House(
        role=role,
        settings=settings,
        store=store,
        clock=clock,
        box=box,
        workspaces=workspaces,
        keys=KeyService(store=store, box=box, clock=clock, new_id=new_id, entropy=os.urandom),
        domains=DomainService(
            store=store,
            box=box,
            clock=clock,
            new_id=new_id,
            make_key=make_dkim_key,
            dns=EmailDns(
                MailSite(mail_host=hostname, tracking_target=hostname), DnspythonLookup(pieces.resolver_of(settings))
            ),
            to_ascii=lambda name: idna.encode(name, uts46=True).decode(),
        ),
        providers=ProviderService(store=store, box=box, clock=clock, new_id=new_id, validate=pieces.check_provider),
        templates=templates,
        lifecycle=LifecycleService(store, templates, press, renderer, clock),
        rollouts=RolloutService(store, templates, clock),
        library=library,
        publisher=publisher,
        impact=ImpactService(store, library, publisher, room),
        messages=messages,
        test_sends=TestSends(templates, messages, maker, clock.now),
        contacts=contacts,
        catalogue=catalogue,
        sieve=sieve,
        suppressions=suppressions,
        return_paths=return_paths,
        learner=learner,
        queue=LearningQueue(store, learner),
        builder=EmailBuilder(composer, EmailIdentities(store, box, clock), catalogue, enclosures, tracking, sieve),
        tracking=TrackingService(
            tokens,
            HitRecorder(store, rules, clock, on_hit, Bounds(clock, settings.tracking.network_limit)),
            store,
            releases=catalogue,
            printer=renderer,
            opt_outs=suppressions,
            settings=tracking,
            clock=clock,
        ),
        tracking_reports=TrackingReports(store, store, workspaces, rules),
        conversions=conversions,
        context=ProviderContext(
            clock=clock,
            hostname=hostname,
            resolver=DnsResolver(pieces.resolver_of(settings)),
            sandbox=store,
            trusted=settings.workspaces.trusted,
            connected=connected,
        ),
    )


def dispatcher_of(house: House, box: BlackBox, watch: Watch) -> tuple[Dispatcher, Fleet]:
    """A dispatcher and the fleet it sends through (to be closed after it)."""
    phrases.get_ready()
    dispatch = house.settings.dispatch
    lease = dispatch.lease_seconds * SECOND
    leases = Leases(house.clock, lease)
    fleet = Fleet(house.store, house.store, _factory(house), box=house.box, clock=house.clock, random=random.random)
    retry = RetryPolicy(
        first=dispatch.retry_first_seconds * SECOND,
        factor=dispatch.retry_factor,
        longest=dispatch.retry_longest_seconds * SECOND,
        give_up_after=dispatch.retry_for_hours * HOUR,
    )
    judge = Judge(retry, random.random)
    builders: dict[Channel, Builder] = {Channel.EMAIL: house.builder}
    delivery = Delivery(
        builders,
        fleet,
        judge,
        suppressions=house.sieve,
        releases=house.catalogue,
        leases=leases,
        box=box,
        clock=house.clock,
    )
    dispatcher = Dispatcher(
        house.queue,
        house.store,
        delivery,
        leases=leases,
        box=box,
        clock=house.clock,
        tokens=lambda: int.from_bytes(os.urandom(8), "big") >> 1,
        settings=DispatchSettings(
            prefetch=dispatch.prefetch,
            concurrency=dispatch.concurrency,
            critical_slots=dispatch.critical_slots,
            lease=lease,
            grace=float(dispatch.stop_seconds),
        ),
        watch=watch,
    )
    return dispatcher, fleet


def follower_of(house: House) -> Follower:
    """What keeps the roll-ups."""
    groups = DomainGroups(pieces.text("core.analytics", "domains.toml"))
    return Follower(house.store, house.store, house.store, groups, house.clock)


def deliverer_of(house: House, watch: WebhookWatch, trouble: Callable[[str, Exception], None]) -> Deliverer:
    """What tells webhook endpoints."""
    means = Means(
        store=house.store,
        generation=house.store.generation,
        events=house.store,
        requests=Requests(house.poster, house.box, house.clock),
        clock=house.clock,
        new_id=Uuid7Source(house.clock.now),
        random=random.random,
        watch=watch,
    )
    return Deliverer(means, int.from_bytes(os.urandom(8), "big") >> 1, trouble)


def intake_of(house: House) -> Intake:
    """What takes returned mail in."""
    return Intake(
        house.store,
        ThreadReader(house.return_paths.parse),
        proves=house.return_paths.parse,
        normal=EmailAddressRules().normal_email,
        learner=house.learner,
        ids=Uuid7Source(house.clock.now),
        clock=house.clock,
    )


def _factory(house: House) -> ProviderFactory:
    def make(row: ProviderRow, secret: dict[str, Any]) -> Provider:
        return PROVIDERS[row.kind].create(row, secret, house.context)

    return make
