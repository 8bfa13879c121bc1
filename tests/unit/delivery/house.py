"""A small house for tests of delivery: a real SQLite store, a clock by hand, and a provider that does as it is told."""

import itertools
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from posthouse.channels.email.addresses import EmailAddressRules
from posthouse.core.delivery.delivery import Delivery
from posthouse.core.delivery.fleet import Fleet
from posthouse.core.delivery.judge import Judge
from posthouse.core.delivery.learning import LearningQueue
from posthouse.core.delivery.leases import Leases
from posthouse.core.delivery.model import Claimed, ProviderRow, Settlement
from posthouse.core.delivery.outcomes import Accepted, Outcome
from posthouse.core.delivery.ports import Flight
from posthouse.core.delivery.retry import RetryPolicy
from posthouse.core.kernel.clock import SECOND
from posthouse.core.messages.model import Channel, EventType, Lane, NewMessage, Status
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.suppressions.learning import Learner
from posthouse.core.suppressions.model import Reason, Suppression
from posthouse.core.suppressions.rules import SuppressionRules
from posthouse.core.suppressions.sieve import Sieve
from posthouse.core.templates.catalogue import Catalogue
from posthouse.stores.sqlite.store import SqliteStore
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_kit import Kit

LEASE = 20 * SECOND
Answer = Outcome | Callable[[Flight], Outcome]


class ObedientProvider:
    """Answers what it was told to, in order, then accepts everything; remembers what it was given."""

    concurrency = 4
    loopback = True

    def __init__(self, row: ProviderRow, answers: list[Answer]) -> None:
        self.row = row
        self.answers = answers
        self.sent: list[bytes] = []
        self.closed = False

    async def send(self, outbound: Any, flight: Flight) -> Outcome:
        if not flight.may_begin():
            raise AssertionError("asked to send what is not ours")
        answer = self.answers.pop(0) if self.answers else Accepted("remote-1", 250, "2.0.0", "Ok", "mx.example")
        if callable(answer):
            return answer(flight)
        flight.committed()
        self.sent.append(outbound.id)
        return answer

    async def close(self) -> None:
        self.closed = True


class Parcel:
    """What the plain builder builds."""

    def __init__(self, message: Claimed) -> None:
        self.id = message.id
        self.size = 1
        self.left_out = ()
        self.subject = "Parcel"


class PlainBuilder:
    """Builds a parcel, or raises what it was told to."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.built: list[bytes] = []
        self.before: Callable[[Claimed], Awaitable[None]] | None = None

    async def build(self, message: Claimed) -> Parcel:
        self.built.append(message.id)
        if self.before is not None:
            await self.before(message)
        if self.error is not None:
            raise self.error
        return Parcel(message)


class NotedBox:
    """A black box that notes what it was told."""

    def __init__(self) -> None:
        self.left_ids: list[bytes] = []

    def claimed(self, messages: Sequence[Claimed]) -> None:
        """In hand."""

    def left(self, message: Claimed) -> None:
        self.left_ids.append(message.id)

    def settled(self, settlement: Settlement) -> None:
        """Came to something."""

    def done(self, settlements: Sequence[Settlement]) -> None:
        """Recorded."""


class NoBox:
    """A secret box for providers without secrets."""

    def seal(self, secret: bytes, *, purpose: str) -> bytes:
        return secret

    def open(self, sealed: bytes, *, purpose: str) -> bytes:
        return sealed

    def digest(self, secret: str) -> bytes:
        return secret.encode()


class SmallHouse:
    """Store, fleet and delivery, with time by hand."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.kit = Kit(self.clock)
        self.store = SqliteStore(folder, clock=self.clock)
        self.providers: dict[str, ObedientProvider] = {}
        self.answers: dict[str, list[Answer]] = {}
        self.builder = PlainBuilder()
        self.box = NotedBox()
        self.leases = Leases(self.clock, LEASE)
        self.judge = Judge(RetryPolicy(jitter=0.0), lambda: 0.5)
        self.fleet = Fleet(self.store, self.store, self._make, box=NoBox(), clock=self.clock, random=lambda: 0.0)
        self.sieve = Sieve(self.store, Pseudonyms(bytes(32)), self.clock)
        learner = Learner(self.store, EmailAddressRules(), SuppressionRules(soft_bounces=3), self.kit.ids)
        self.queue = LearningQueue(self.store, learner)
        self.delivery = Delivery(
            {Channel.EMAIL: self.builder},
            self.fleet,
            self.judge,
            suppressions=self.sieve,
            releases=Catalogue(self.store, self.store, self.clock),
            leases=self.leases,
            box=self.box,
            clock=self.clock,
        )
        self._tokens = itertools.count(1000)

    def _make(self, row: ProviderRow, _secret: dict[str, Any]) -> ObedientProvider:
        made = ObedientProvider(row, self.answers.setdefault(row.name, []))
        self.providers[row.name] = made
        return made

    async def add_provider(self, name: str, *answers: Answer) -> ProviderRow:
        row = ProviderRow(self.kit.ids(), self.kit.workspace, name, Channel.EMAIL, "smtp", {}, self.clock.now())
        await self.store.add_provider(row)
        self.answers[name] = list(answers)
        return row

    async def accept(self, **changes: Any) -> NewMessage:
        message = self.kit.new(**changes)
        await self.store.accept([message])
        return message

    async def claim(self, limit: int = 10) -> list[Claimed]:
        now = self.clock.now()
        lanes = [(lane, limit) for lane in Lane]
        asked = self.clock.monotonic()
        claimed = await self.store.claim(lanes, now=now, until=now + LEASE, lease=next(self._tokens))
        self.delivery.claimed()
        self.leases.take(claimed, asked)
        return claimed

    async def deliver_all(self) -> list[Settlement]:
        """Claims what is due, makes one attempt of each, records what came of it."""
        settlements = [await self.delivery.deliver(message) for message in await self.claim()]
        made = [settlement for settlement in settlements if settlement is not None]
        if made:
            await self.queue.record(made)
        return made

    def suppression(self, address: str, **changes: Any) -> Suppression:
        fields: dict[str, Any] = {
            "id": self.kit.ids(),
            "workspace_id": self.kit.workspace,
            "channel": Channel.EMAIL,
            "address": address,
            "reason": Reason.MANUAL,
            "created_at": self.clock.now(),
        }
        return Suppression(**(fields | changes))

    async def status(self, message: NewMessage) -> Status:
        found = await self.store.message(message.workspace_id, message.id, self.clock.now())
        assert found is not None
        return found.status

    async def happened(self, message: NewMessage) -> list[EventType]:
        return [event.type for event in await self.store.events_of(message.workspace_id, message.id)]
