"""One attempt of one message, from the claim to the settlement."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

import msgspec

from posthouse.core.delivery.blackbox import BlackBox
from posthouse.core.delivery.fleet import Fleet, WayOut
from posthouse.core.delivery.judge import (
    Attempt,
    Judge,
    expire,
    fail,
    give_back,
    hold_in_doubt,
    provider_failed,
    suppress,
)
from posthouse.core.delivery.leases import Leases
from posthouse.core.delivery.model import Claimed, Settlement
from posthouse.core.delivery.outcomes import (
    Accepted,
    Copy,
    Deferred,
    Outcome,
    Refused,
    Scope,
    Throttled,
    Unknown,
    word_of,
)
from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.errors import PosthouseError, UnavailableError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event
from posthouse.core.messages.ports import Releases
from posthouse.core.templates.model import Category, UnknownPolicy

STORE_AWAY: Final = SECOND
"""Microseconds after which a message is taken up again whose attempt could not begin because the store did not answer."""
AFTER_DEFECT: Final = 30 * SECOND
NO_WAY_OUT: Final = "no provider is set up for this channel: run posthouse providers add"


class Built(Protocol):
    """A message ready for a provider of its channel."""

    @property
    def size(self) -> int:
        """Octets."""
        ...

    @property
    def subject(self) -> str:
        """As it is sent, on one line; empty where the channel has none."""
        ...

    @property
    def left_out(self) -> tuple[Copy, ...]:
        """Copies that it is not sent to, and why."""
        ...


class Builder(Protocol):
    """Builds messages of one channel: finds the release, renders, composes, signs."""

    async def build(self, message: Claimed) -> Built:
        """The finished message.

        Raises:
            UnavailableError: something it needs cannot be read just now.
            PosthouseError: it cannot be built, now or later.
        """
        ...


class Doors(Protocol):
    """Who must not be written to (core/suppressions, Sieve)."""

    def doubt(self) -> None:
        """The list is asked for before the next answer."""
        ...

    async def suspects(self, workspace_id: Id, channel: Channel, address: str) -> bool:
        """Whether the address may be on the list; False is certain."""
        ...

    async def stops(
        self, workspace_id: Id, channel: Channel, address: str, category: Category, at: int
    ) -> dict[str, Any] | None:
        """What stops a message, as facts for people; None: nothing does."""
        ...


class _Flight(msgspec.Struct):
    """The provider's view of one attempt (see ports.Flight)."""

    message: Claimed
    leases: Leases
    box: BlackBox

    def may_begin(self) -> bool:
        return self.leases.holds(self.message.id, self.message.lease)

    def committed(self) -> None:
        self.box.left(self.message)


class Delivery:
    """Makes attempts.

    Args:
        builders: one for each channel.
        fleet: the ways out.
        judge: decides how it goes on.
        suppressions: who must not be written to.
        releases: tell the category of a message to somebody on that list.
        leases: whether a message is still ours.
        box: notes how far an attempt came.
        clock: the time of the house.
        after_defect: microseconds to wait after a defect of ours.
    """

    def __init__(
        self,
        builders: dict[Channel, Builder],
        fleet: Fleet,
        judge: Judge,
        *,
        suppressions: Doors,
        releases: Releases,
        leases: Leases,
        box: BlackBox,
        clock: Clock,
        after_defect: int = AFTER_DEFECT,
    ) -> None:
        self._builders = builders
        self._fleet = fleet
        self._judge = judge
        self._suppressions = suppressions
        self._releases = releases
        self._leases = leases
        self._box = box
        self._clock = clock
        self._after_defect = after_defect

    async def deliver(self, message: Claimed) -> Settlement | None:
        """One attempt; None when the message is no longer ours, so that nothing is to be said of it."""
        if not self._leases.holds(message.id, message.lease):
            return None
        started_at = self._clock.now()
        try:
            if (ended := await self._ended_before(message, started_at)) is not None:
                return ended
            built = await self._builders[message.channel].build(message)
            ways = await self._fleet.ways(message)
        except UnavailableError:
            return give_back(message, started_at, self._clock.now() + STORE_AWAY)
        except PosthouseError as error:
            return fail(message, started_at, error.slug, str(error))
        return await self._send(message, built, ways, started_at)

    async def _ended_before(self, message: Claimed, at: int) -> Settlement | None:
        """The end of a message that must not be sent, or not any more."""
        if message.expires_at is not None and at >= message.expires_at:
            return expire(message, at)
        if message.in_doubt and message.policy is UnknownPolicy.HOLD:
            return hold_in_doubt(message, at)
        if message.live and await self._suppressions.suspects(message.workspace_id, message.channel, message.recipient):
            stopped = await self._stopped(message, at)
            return None if stopped is None else suppress(message, at, stopped)  # r
        return None

    def claimed(self) -> None:
        """Said after each claim: what was suppressed before it counts for all that was claimed."""
        self._suppressions.doubt()

    async def _stopped(self, message: Claimed, at: int) -> dict[str, Any] | None:
        """What stops a message whose address may be on the list; content of a source's own counts as transactional."""
        release = await self._releases.by_id(message.release_id) if message.release_id else None
        category = release.category if release else Category.TRANSACTIONAL
        return await self._suppressions.stops(message.workspace_id, message.channel, message.recipient, category, at)

    async def _send(self, message: Claimed, built: Built, ways: Sequence[WayOut], started_at: int) -> Settlement | None:
        """Tries the ways out in order, until one has something to say about the message itself."""
        failed: list[Event] = []
        tried: list[tuple[str, str]] = []
        last: tuple[Outcome, WayOut | None] = (Deferred(0, "", NO_WAY_OUT, scope=Scope.PROVIDER), None)
        soonest: int | None = None
        for way in ways:
            now = self._clock.monotonic()
            if not way.circuit.passes(now):
                rest = way.circuit.opens_at(now) - now
                soonest = rest if soonest is None else min(soonest, rest)
                continue
            if last[1] is not None:
                attempt = Attempt(message, started_at, self._clock.now(), last[0], last[1].row)
                failed.append(provider_failed(attempt, len(failed)))
                tried.append((last[1].row.kind, word_of(last[0])))
            outcome = await way.provider.send(built, _Flight(message, self._leases, self._box))
            self._tell(way, outcome)
            if built.left_out and isinstance(outcome, Accepted):
                outcome = msgspec.structs.replace(outcome, refused_copies=(*outcome.refused_copies, *built.left_out))
            last = (outcome, way)
            if not goes_elsewhere(outcome):
                break
        if not self._leases.holds(message.id, message.lease) and isinstance(last[0], Deferred):
            return None
        if last[1] is None and soonest is not None:
            pause = Throttled(soonest, "every provider of the route rests after failures")
            return self._settle(message, started_at, pause, None, ())
        settlement = self._settle(message, started_at, last[0], last[1], tuple(failed), built.subject)
        settlement.tried = tuple(tried)
        return settlement

    def _tell(self, way: WayOut, outcome: Outcome) -> None:
        """Lets the circuit know."""
        now = self._clock.monotonic()
        if isinstance(outcome, Throttled):
            if outcome.scope is Scope.PROVIDER:
                way.circuit.pause(now + outcome.pause)
        elif isinstance(outcome, Accepted) or (
            isinstance(outcome, Refused | Deferred) and outcome.scope is Scope.RECIPIENT
        ):
            way.circuit.worked()
        else:
            way.circuit.failed(now)

    def _settle(
        self,
        message: Claimed,
        started_at: int,
        outcome: Outcome,
        way: WayOut | None,
        failed: tuple[Event, ...],
        subject: str = "",
    ) -> Settlement:
        row = way.row if way else None
        return self._judge.settle(Attempt(message, started_at, self._clock.now(), outcome, row, failed, subject))

    def defect(self, message: Claimed, error: Exception) -> Settlement:
        """What to do after a defect of ours: try again later, and say so in the timeline."""
        now = self._clock.now()
        text = f"a defect in Posthouse ({type(error).__name__}); please report it"
        return self._settle(message, now, Deferred(0, "", text, retry_after=self._after_defect), None, ())


def goes_elsewhere(outcome: Outcome) -> bool:
    """Whether another provider may do better. Never after bytes left without an answer."""
    if isinstance(outcome, Throttled):
        return outcome.scope is Scope.PROVIDER
    if isinstance(outcome, Unknown):
        return False
    return isinstance(outcome, Refused | Deferred) and outcome.scope is Scope.PROVIDER
