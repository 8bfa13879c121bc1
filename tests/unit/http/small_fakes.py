"""Smaller stand-ins: held messages, and the figures of tracking."""

from collections.abc import Awaitable, Callable, Sequence
from importlib.resources import files
from typing import Any

from posthouse.channels.email.addresses import EmailAddressRules, forms_of
from posthouse.core.contacts.errors import ContactKeyTakenError
from posthouse.core.contacts.model import Contact, ContactQuery
from posthouse.core.contacts.service import ContactService
from posthouse.core.conversions.model import Conversion, Sum
from posthouse.core.conversions.service import ConversionService
from posthouse.core.keeping.erasing import ErasureService
from posthouse.core.keeping.erasure import Erasure
from posthouse.core.keeping.retention import RetentionService
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.messages.model import Channel, Event, EventType
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.messages.words import Words
from posthouse.core.suppressions.service import SuppressionService
from posthouse.core.suppressions.sieve import Sieve
from posthouse.core.tracking.model import Shares, Tracked
from posthouse.core.tracking.ratings import QUARTER, Looked, RatingAnswer, RatingCount, RatingQuery
from posthouse.core.tracking.recorder import HitRecorder
from posthouse.core.tracking.reports import TrackingReports
from posthouse.core.tracking.rules import Rules
from posthouse.core.tracking.service import TrackingService
from posthouse.core.tracking.settings import TrackingSettings
from posthouse.core.tracking.tokens import Tokens
from posthouse.core.workspaces.model import Domain
from posthouse.core.workspaces.ports import DkimPair, DnsFinding, DnsRecord


class FakeHeld:
    """Remembers what was released."""

    def __init__(self) -> None:
        self.released: list[Sequence[bytes] | None] = []

    async def release_held(self, workspace_id: bytes | None, message_ids: Sequence[bytes] | None, at: int) -> int:
        self.released.append(message_ids)
        return 0 if message_ids is None else len(message_ids)


class FakeTrackingStore:
    """Knows one figure."""

    async def variables_of(self, message_ids: Sequence[bytes]) -> dict[bytes, bytes]:
        return {}

    async def tracked(self, message_ids: Sequence[bytes]) -> dict[bytes, Tracked]:
        return {}

    async def shares(
        self, workspace_id: bytes, template_id: bytes | None, since: int | None, until: int | None
    ) -> list[Shares]:
        return [Shares(EventType.OPENED, 3, 1, 4)]


RULES = Rules(files("posthouse.core.tracking").joinpath("rules.toml").read_text())


def tracking_service(clock: Any) -> TrackingService:
    """Doors whose tokens nobody has: every address in a mail leads nowhere."""
    tokens, store = Tokens(lambda purpose: purpose.encode().ljust(32)), FakeTrackingStore()
    nobody: Any = None
    return TrackingService(
        tokens,
        HitRecorder(store, RULES, clock),  # type: ignore[arg-type]  # it is asked for nothing else
        store,  # type: ignore[arg-type]
        releases=nobody,
        printer=nobody,
        opt_outs=nobody,
        settings=nobody,
        clock=clock,
    )


class FakeConversionStore:
    """Keeps orders in a list."""

    def __init__(self) -> None:
        self.kept: list[Conversion] = []

    async def add_conversion(self, new: Conversion, event: Event | None, message: Tracked | None) -> Conversion:
        for one in self.kept:
            if (one.workspace_id, one.live, one.order) == (new.workspace_id, new.live, new.order):
                return one
        self.kept.append(new)
        return new

    async def correct_conversion(
        self, before: Conversion, after: Conversion, event: Event | None, message: Tracked | None
    ) -> bool:
        self.kept[self.kept.index(before)] = after
        return True

    async def conversions(
        self, workspace_id: bytes, live: bool, *, order: str | None = None, before: bytes | None = None, limit: int = 50
    ) -> list[Conversion]:
        mine = [one for one in reversed(self.kept) if (one.workspace_id, one.live) == (workspace_id, live)]
        return [one for one in mine if order in {None, one.order} and (before is None or one.id < before)][:limit]

    async def conversion_of_order(self, workspace_id: bytes, live: bool, order: str) -> Conversion | None:
        return next(iter(await self.conversions(workspace_id, live, order=order)), None)

    async def conversions_of(self, message_id: bytes) -> int:
        return 0

    async def revenue(self, workspace_id: bytes, live: bool, since: int | None, until: int | None) -> list[Sum]:
        mine = [one for one in self.kept if (one.workspace_id, one.live) == (workspace_id, live)]
        return [Sum(None, None, None, one.currency, one.source, 1, one.amount) for one in mine]

    async def clicked_by(
        self, workspace_id: bytes, channel: Channel, address: str, since: int, live: bool
    ) -> Sequence[bytes]:
        return ()


class NoTemplates:
    """There are none."""

    async def templates(self, workspace_id: bytes) -> Sequence[Any]:
        return ()


class PlainSettings:
    """Every workspace wants the defaults."""

    async def of(self, workspace_id: bytes) -> TrackingSettings:
        return TrackingSettings()


def conversion_service(new_id: Any, clock: Any) -> ConversionService:
    """Counts orders; nobody ever clicked."""
    nobody: Any = None
    tracking: Any = FakeTrackingStore()
    templates: Any = NoTemplates()
    return ConversionService(
        FakeConversionStore(),
        tracking,
        Tokens(lambda purpose: purpose.encode().ljust(32)),
        settings=PlainSettings(),
        releases=nobody,
        templates=templates,
        normal=EmailAddressRules().normal_email,
        new_id=new_id,
        clock=clock,
    )


class FakeRatings:
    """Some answers."""

    def __init__(self) -> None:
        self.kept: list[RatingAnswer] = []

    async def rating_answers(self, query: RatingQuery) -> Looked:
        mine = [one for one in self.kept if (one.workspace_id, one.live) == (query.workspace_id, query.live)]
        mine = [one for one in mine if query.before is None or (one.at, one.message_id, one.rating) < query.before]
        return Looked(sorted(mine, key=lambda one: (one.at, one.message_id), reverse=True)[: query.limit])

    async def tracked(self, message_ids: Sequence[bytes]) -> dict[bytes, Tracked]:
        return {}

    async def rating_counts(self, query: RatingQuery) -> list[RatingCount]:
        mine = [one for one in self.kept if (one.workspace_id, one.live) == (query.workspace_id, query.live)]
        return [
            RatingCount(one.template_id, one.rating, one.lowest, one.highest, one.at // QUARTER, one.score, 1)
            for one in mine
        ]


def tracking_reports(templates: Any, workspaces: Any) -> TrackingReports:
    """Reports over that figure, with the rules of the house."""
    return TrackingReports(FakeTrackingStore(), templates, workspaces, RULES)


def make_key(algorithm: str) -> DkimPair:
    return DkimPair(b"private " + algorithm.encode(), "public")


def validate_provider(kind: str, settings: dict[str, object]) -> None:
    if kind not in ("smtp", "mx", "sandbox"):
        raise ValidationError(f"{kind} is no kind", fields=[FieldProblem("/kind", "write smtp, mx or sandbox")])
    if "host" not in settings and kind == "smtp":
        raise ValidationError("a host is missing", fields=[FieldProblem("/settings/host", "is missing", "missing")])


class FakeDns:
    """Wants one TXT record; finds what ``published`` says."""

    def __init__(self) -> None:
        self.published = False
        self.wants_nothing = False
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    def records(self, domain: Domain) -> Sequence[DnsRecord]:
        key = domain.keys[0]
        return [DnsRecord("dkim", f"{key.selector}._domainkey.{domain.name}", "TXT", f"v=DKIM1; p={key.public}")]

    async def check(self, domain: Domain) -> Sequence[DnsFinding]:
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.wants_nothing:
            return []
        advice = "" if self.published else "publish this record"
        return [DnsFinding(record, self.published, (), advice) for record in self.records(domain)]


class FakeContacts:
    """Keeps contacts in memory."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Contact] = {}

    async def add_contact(self, contact: Contact) -> None:
        if contact.key is not None and await self.contact_by_key(contact.workspace_id, contact.key):
            raise ContactKeyTakenError("taken")
        self.kept[contact.id] = contact

    async def update_contact(self, contact: Contact, seen: int) -> bool:
        if contact.id not in self.kept or self.kept[contact.id].updated_at != seen:
            return False
        self.kept[contact.id] = contact
        return True

    async def contact(self, workspace_id: bytes, contact_id: bytes) -> Contact | None:
        found = self.kept.get(contact_id)
        return found if found is not None and found.workspace_id == workspace_id else None

    async def contact_by_key(self, workspace_id: bytes, key: str) -> Contact | None:
        return next((one for one in self.kept.values() if (one.workspace_id, one.key) == (workspace_id, key)), None)

    async def contacts(self, query: ContactQuery) -> list[Contact]:
        found = [one for one in self.kept.values() if one.workspace_id == query.workspace_id]
        found = [one for one in found if query.email in {None, one.email}]
        found = [one for one in found if query.before is None or one.id < query.before]
        return sorted(found, key=lambda one: one.id, reverse=True)[: query.limit]

    async def remove_contact(self, workspace_id: bytes, contact_id: bytes) -> bool:
        return self.kept.pop(contact_id, None) is not None


def contact_service(new_id: Any, clock: Any) -> ContactService:
    """Contacts of nobody yet."""
    return ContactService(FakeContacts(), EmailAddressRules(), ids=new_id, clock=clock)


def retention_service(store: Any, clock: Clock) -> RetentionService:
    """The rules of workspaces; nothing is ever erased."""
    return RetentionService(store, store, Pseudonyms(bytes(32)), Words(bytes(32)), clock)


def suppression_service(store: Any, new_id: Any, clock: Clock) -> SuppressionService:
    """The list, over a fake."""
    pseudonyms = Pseudonyms(bytes(32))
    return SuppressionService(
        store, Sieve(store, pseudonyms, clock), EmailAddressRules(), pseudonyms, ids=new_id, clock=clock
    )


class FakeErasureStore:
    """Keeps removals that are asked for; nobody does them."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Erasure] = {}

    async def add_erasure(self, erasure: Erasure) -> None:
        self.kept[erasure.id] = erasure

    async def erasure(self, workspace_id: bytes, erasure_id: bytes) -> Erasure | None:
        found = self.kept.get(erasure_id)
        return found if found is not None and found.workspace_id == workspace_id else None

    async def erasures(self, workspace_id: bytes) -> list[Erasure]:
        return [one for one in self.kept.values() if one.workspace_id == workspace_id]


def erasure_service(box: Any, new_id: Any, clock: Clock) -> ErasureService:
    """Persons to be removed."""
    return ErasureService(
        FakeErasureStore(),  # type: ignore[arg-type]  # what asking needs
        forms_of,
        Pseudonyms(bytes(32)),
        Words(bytes(32)),
        box,
        new_id=new_id,
        token=1,
        clock=clock,
    )
