"""Any order of accept, claim, record, extend, cancel, hold, release and passing time: hypothesis invents it, a model judges.

The model is a page of dictionaries that says where each message must be. The invariants (exactly one of queue and
states, counters equal to events) are checked after every plan.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from posthouse.core.delivery.model import Claimed
from posthouse.core.kernel.clock import SECOND
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Lane, Status
from posthouse.testing.store_kit import LEASE, FreshStore, Kit, Store, check_invariants

_OUTCOMES: Final = (Status.SENT, Status.BOUNCED, Status.DEFERRED, Status.QUEUED, Status.HELD, Status.EXPIRED)
_small = st.integers(0, 7)
_STEPS = st.one_of(
    st.tuples(st.just("accept"), st.integers(1, 4), st.sampled_from([None, "a", "b"]), st.integers(0, 40)),
    st.tuples(st.just("claim"), st.integers(1, 4)),
    st.tuples(st.just("record"), _small, st.sampled_from(_OUTCOMES)),
    st.tuples(st.just("extend"), _small),
    st.tuples(st.just("cancel"), _small),
    st.tuples(st.just("release")),
    st.tuples(st.just("hold")),
    st.tuples(st.just("wait"), st.integers(1, 45)),
)


@dataclass
class Place:
    """Where the model believes a message to be."""

    available_at: int
    supersedes: str | None
    lease: int | None = None
    held: bool = False
    ended: Status | None = None

    def free(self, now: int) -> bool:
        """Whether it may be withdrawn."""
        return self.ended is None and (self.lease is None or self.available_at <= now)


@dataclass
class Plan:
    """A store, the model of it, and the claims that were handed out (also those that ran out)."""

    store: Store
    kit: Kit = field(default_factory=Kit)
    places: dict[Id, Place] = field(default_factory=dict)
    claims: list[Claimed] = field(default_factory=list)

    async def accept(self, count: int, key: str | None, delay: int) -> None:
        """Accepts some with one supersedes key: each withdraws the free ones before it."""
        now = self.kit.clock.now()
        batch = [self.kit.new(supersedes=key, due_at=now + delay * SECOND) for _ in range(count)]
        await self.store.accept(batch)
        for new in batch:
            for place in self.places.values():
                if key is not None and place.supersedes == key and place.free(now):
                    place.ended = Status.SUPERSEDED
            self.places[new.id] = Place(new.due_at, key)

    async def claim(self, count: int) -> None:
        """Claims; gets exactly as many as are due, none that is not."""
        now = self.kit.clock.now()
        due = {one for one, at in self.places.items() if at.ended is None and not at.held and at.available_at <= now}
        claimed = await self.kit.claim(self.store, count, Lane.NORMAL)
        assert len(claimed) == min(count, len(due))
        for one in claimed:
            place = self.places[one.id]
            assert one.id in due
            assert one.in_doubt == (place.lease is not None)
            place.lease, place.available_at = one.lease, now + LEASE
        self.claims += claimed

    async def record(self, which: int, status: Status) -> None:
        """Records a claim, perhaps one that another took over meanwhile."""
        if not self.claims:
            return
        claim = self.claims[which % len(self.claims)]
        place, now = self.places[claim.id], self.kit.clock.now()
        mine = place.ended is None and place.lease == claim.lease
        later = now + 20 * SECOND if status is Status.DEFERRED else None
        assert await self.store.record([self.kit.settle(claim, status, next_at=later)]) == [mine]
        if mine and not status.pending:
            place.ended = status
        elif mine:
            place.lease, place.available_at, place.held = None, later or now, status is Status.HELD

    async def extend(self, which: int) -> None:
        """Renews a claim, perhaps a lost one."""
        if not self.claims:
            return
        claim = self.claims[which % len(self.claims)]
        place, until = self.places[claim.id], self.kit.clock.now() + LEASE
        mine = place.ended is None and place.lease == claim.lease
        assert await self.store.extend([(claim.id, claim.lease)], until) == (set() if mine else {claim.id})
        if mine:
            place.available_at = until

    async def cancel(self, which: int) -> None:
        """Withdraws one."""
        if not self.places:
            return
        one = list(self.places)[which % len(self.places)]
        place, now = self.places[one], self.kit.clock.now()
        if place.free(now):
            place.ended = Status.CANCELLED
        answer = await self.store.cancel(self.kit.workspace, one, now)
        assert answer is (place.ended or answer)
        assert answer is not None
        assert answer.pending is (place.ended is None)

    async def release(self) -> None:
        """Lets everything go that is held."""
        held = [place for place in self.places.values() if place.ended is None and place.held]
        assert await self.store.release_held(None, None, self.kit.clock.now()) == len(held)
        for place in held:
            place.held = False

    async def hold(self) -> None:
        """Holds everything, as after a restore."""
        pending = [place for place in self.places.values() if place.ended is None and not place.held]
        now = self.kit.clock.now()
        assert await self.store.hold_before(now + 1, now) == len(pending)
        for place in pending:
            place.held = True

    async def wait(self, seconds: int) -> None:
        """Lets time pass."""
        self.kit.clock.advance(seconds * SECOND)

    async def check(self) -> None:
        """Compares every message with the model."""
        now = self.kit.clock.now()
        for one, place in self.places.items():
            found = await self.store.message(self.kit.workspace, one, now)
            assert found is not None
            assert found.status.pending is (place.ended is None)
            if place.ended is not None:
                assert found.status is place.ended
            elif place.held:
                assert found.status is Status.HELD
            else:
                assert (found.status is Status.SENDING) is (place.lease is not None and place.available_at > now)
        await check_invariants(self.store)


class StoreContractMachine:
    """The store against the model."""

    def test_any_order_keeps_the_invariants(self, fresh_store: FreshStore) -> None:
        """Whatever the order of calls, the store is where the model says, and nothing is lost or doubled."""

        async def play(steps: list[tuple[Any, ...]]) -> None:
            async with fresh_store() as store:
                plan = Plan(store)
                for name, *arguments in steps:
                    await getattr(plan, name)(*arguments)
                await plan.check()

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(_STEPS, min_size=4, max_size=25))
        def any_order(steps: list[tuple[Any, ...]]) -> None:
            asyncio.run(play(steps))

        any_order()
