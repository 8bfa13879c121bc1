"""The contract of QueueStore: claim, leases, fencing, outcomes, waking, holding."""

import asyncio
import time

from posthouse.core.kernel.clock import HOUR, MINUTE, SECOND
from posthouse.core.messages.model import EventType, Lane, Status
from posthouse.testing.store_kit import LEASE, Kit, OpenStore, Store, check_invariants


class StoreContractClaim:
    """Taking work."""

    async def test_carries_all_that_building_needs(self, store: Store, kit: Kit) -> None:
        """A claim has the message's content, its attempts and the fencing token."""
        new = kit.new(tags=("a", "b"), extras=b'{"subject":"S"}', lane=Lane.CRITICAL)
        await store.accept([new])
        (claimed,) = await kit.claim(store, lane=Lane.CRITICAL)
        assert (claimed.id, claimed.variables, claimed.extras) == (new.id, new.variables, new.extras)
        assert (claimed.tags, claimed.lane, claimed.flow) == (("a", "b"), Lane.CRITICAL, 7)
        assert (claimed.attempts, claimed.in_doubt) == (0, False)
        assert claimed.lease > 0
        found = await store.message(kit.workspace, new.id, kit.clock.now())
        assert found is not None
        assert found.status is Status.SENDING

    async def test_longest_due_first_within_lanes_asked_for(self, store: Store, kit: Kit) -> None:
        """Within a flow the longest due comes first; lanes come in the order asked for and keep to their places."""
        now = kit.clock.now()
        batch = [kit.new(due_at=now - n * SECOND, lane=Lane.NORMAL if n % 2 else Lane.BULK) for n in range(8)]
        await store.accept(batch)
        claims = await store.claim([(Lane.BULK, 3), (Lane.NORMAL, 2)], now=now, until=now + LEASE, lease=99)
        assert [one.id for one in claims] == [batch[n].id for n in (6, 4, 2, 7, 5)]

    async def test_nobody_gets_it_twice(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """Several claimers at once share the queue without overlap."""
        stores = [store, await open_store(), await open_store()]
        await store.accept([kit.new(flow=n % 4) for n in range(300)])
        claims = await asyncio.gather(*(kit.claim(stores[n % 3], 40) for n in range(9)))
        ids = [one.id for claimed in claims for one in claimed]
        assert len(ids) == len(set(ids)) == 300

    async def test_flows_share_evenly(self, store: Store, kit: Kit) -> None:
        """A flow with a thousand waiting takes no more places than one with ten; spare places are given on."""
        old = kit.clock.now() - HOUR
        await store.accept([kit.new(flow=1, due_at=old) for _ in range(1_000)])
        await store.accept([kit.new(flow=2) for _ in range(10)] + [kit.new(flow=3) for _ in range(50)])
        flows = [one.flow for one in await kit.claim(store, 90)]
        assert {flow: flows.count(flow) for flow in (1, 2, 3)} == {1: 40, 2: 10, 3: 40}

    async def test_more_flows_than_places_take_turns(self, store: Store, kit: Kit) -> None:
        """With twelve flows and four places, three claims serve each flow once."""
        await store.accept([kit.new(flow=n, due_at=kit.clock.now() - n) for n in range(12) for _ in range(5)])
        served = [one.flow for _ in range(3) for one in await kit.claim(store, 4)]
        assert sorted(served) == list(range(12))

    async def test_lease_that_ran_out_comes_back_in_doubt(self, store: Store, kit: Kit) -> None:
        """Before the end of a lease nobody else gets it; afterwards somebody does, in doubt."""
        await store.accept([kit.new()])
        (first,) = await kit.claim(store)
        assert await kit.claim(store) == []
        assert await store.next_due(kit.clock.now()) == kit.clock.now() + LEASE
        kit.clock.advance(LEASE)
        (second,) = await kit.claim(store)
        assert (second.id, second.in_doubt, first.in_doubt) == (first.id, True, False)
        assert second.lease != first.lease

    async def test_extending(self, store: Store, kit: Kit) -> None:
        """A renewed lease holds longer; one that another took over is answered as lost, and is not touched."""
        await store.accept([kit.new(), kit.new()])
        kept, lost = await kit.claim(store)
        now = kit.clock.now()
        assert await store.extend([(kept.id, kept.lease)], now + 2 * LEASE) == set()
        kit.clock.advance(LEASE)
        (taken,) = await kit.claim(store)
        assert taken.id == lost.id
        gone = kit.ids()
        held = [(kept.id, kept.lease), (lost.id, lost.lease), (gone, 1)]
        assert await store.extend(held, kit.clock.now() + LEASE) == {lost.id, gone}
        kit.clock.advance(LEASE - SECOND)
        assert await kit.claim(store) == []

    async def test_next_due_and_depth(self, store: Store, kit: Kit) -> None:
        """The soonest later instant over all lanes and flows; the depth tells ready, later and held apart."""
        now = kit.clock.now()
        assert await store.next_due(now) is None
        soon = kit.new(due_at=now + MINUTE, flow=5, lane=Lane.BULK)
        await store.accept([soon, kit.new(due_at=now + HOUR), kit.new(due_at=now - SECOND), kit.new(flow=9)])
        assert await store.next_due(now) == now + MINUTE
        by_lane = {one.lane: one for one in await store.depth(now)}
        normal, bulk = by_lane[Lane.NORMAL], by_lane[Lane.BULK]
        assert (normal.ready, normal.later, normal.oldest_due_at) == (2, 1, now - SECOND)
        assert (bulk.ready, bulk.later, bulk.oldest_due_at) == (0, 1, None)


class StoreContractRecord:
    """Writing down what came of it."""

    async def test_ended(self, store: Store, kit: Kit) -> None:
        """A final outcome ends the message with its event, attempts and provider, and frees its place."""
        await store.accept([kit.new(), kit.new()])
        sent, bounced = await kit.claim(store)
        kit.clock.advance(SECOND)
        effects = await store.record(
            [kit.settle(sent, provider_id=kit.ids()), kit.settle(bounced, Status.BOUNCED, provider_id=kit.ids())]
        )
        assert effects == [True, True]
        found = await store.message(kit.workspace, sent.id, kit.clock.now())
        assert found is not None
        assert (found.status, found.attempts, found.ended_at) == (Status.SENT, 1, kit.clock.now())
        assert found.next_at is None
        assert [one.type for one in await store.events_of(kit.workspace, bounced.id)] == [
            EventType.ACCEPTED,
            EventType.BOUNCED,
        ]
        kit.clock.advance(LEASE * 2)
        assert await kit.claim(store) == []
        await check_invariants(store)

    async def test_deferred_comes_back_when_told(self, store: Store, kit: Kit) -> None:
        """A deferred message waits until ``next_at`` and then comes back with its attempts, not in doubt."""
        await store.accept([kit.new()])
        (claimed,) = await kit.claim(store)
        later = kit.clock.now() + MINUTE
        assert await store.record([kit.settle(claimed, Status.DEFERRED, next_at=later)]) == [True]
        found = await store.message(kit.workspace, claimed.id, kit.clock.now())
        assert found is not None
        assert (found.status, found.attempts, found.next_at) == (Status.DEFERRED, 1, later)
        kit.clock.advance(MINUTE - 1)
        assert await kit.claim(store) == []
        kit.clock.advance(1)
        (again,) = await kit.claim(store)
        assert (again.attempts, again.in_doubt) == (1, False)

    async def test_given_back(self, store: Store, kit: Kit) -> None:
        """A message given back is claimable at once, not in doubt, at no attempt."""
        await store.accept([kit.new()])
        (claimed,) = await kit.claim(store)
        assert await store.record([kit.settle(claimed, Status.QUEUED)]) == [True]
        (again,) = await kit.claim(store)
        assert (again.attempts, again.in_doubt) == (0, False)

    async def test_fencing(self, store: Store, kit: Kit) -> None:
        """A former holder changes nothing; its event is kept, marked late, and counted."""
        await store.accept([kit.new()])
        (former,) = await kit.claim(store)
        kit.clock.advance(LEASE)
        (holder,) = await kit.claim(store)
        assert await store.record([kit.settle(former, Status.BOUNCED)]) == [False]
        found = await store.message(kit.workspace, holder.id, kit.clock.now())
        assert found is not None
        assert found.status is Status.SENDING
        assert await store.record([kit.settle(holder)]) == [True]
        assert await store.record([kit.settle(former, Status.FAILED)]) == [False]
        late = {one.type: one.data.get("late") for one in await store.events_of(kit.workspace, holder.id)}
        assert late == {
            EventType.ACCEPTED: None,
            EventType.BOUNCED: True,
            EventType.SENT: None,
            EventType.FAILED: True,
        }
        found = await store.message(kit.workspace, holder.id, kit.clock.now())
        assert found is not None
        assert found.status is Status.SENT
        await check_invariants(store)

    async def test_recording_again_changes_nothing(self, store: Store, kit: Kit) -> None:
        """The same settlement twice, in one batch or later, takes effect once and leaves one event."""
        await store.accept([kit.new(), kit.new()])
        one, two = await kit.claim(store)
        settlement = kit.settle(one)
        assert await store.record([settlement, kit.settle(two), settlement]) == [True, True, False]
        assert await store.record([settlement]) == [False]
        assert len(await store.events_of(kit.workspace, one.id)) == 2
        await check_invariants(store)

    async def test_an_expired_lease_nobody_took_is_still_good(self, store: Store, kit: Kit) -> None:
        """Only another holder fences: a slow one that nobody replaced may still record."""
        await store.accept([kit.new()])
        (claimed,) = await kit.claim(store)
        kit.clock.advance(10 * LEASE)
        assert await store.record([kit.settle(claimed)]) == [True]
        await check_invariants(store)


class StoreContractHold:
    """Waiting for a person's decision."""

    async def test_held_in_doubt_and_released(self, store: Store, kit: Kit) -> None:
        """A held message is not claimed until it is released; its timeline says so."""
        await store.accept([kit.new()])
        (claimed,) = await kit.claim(store)
        await store.record([kit.settle(claimed, Status.HELD)])
        kit.clock.advance(HOUR)
        assert await kit.claim(store) == []
        found = await store.message(kit.workspace, claimed.id, kit.clock.now())
        assert found is not None
        assert found.status is Status.HELD
        assert await store.release_held(kit.ids(), None, kit.clock.now()) == 0
        assert await store.release_held(kit.workspace, [claimed.id], kit.clock.now()) == 1
        assert [one.id for one in await kit.claim(store)] == [claimed.id]
        assert EventType.RELEASED in {one.type for one in await store.events_of(kit.workspace, claimed.id)}
        await check_invariants(store)

    async def test_after_a_restore(self, store: Store, kit: Kit) -> None:
        """What was created before the restore is held, what comes later is not; once released, later stays later."""
        old = [kit.new(), kit.new(due_at=kit.clock.now() + 2 * HOUR)]
        await store.accept(old)
        instant = kit.clock.advance(HOUR)
        fresh = kit.new()
        await store.accept([fresh])
        assert await store.hold_before(instant, instant) == 2
        assert await store.hold_before(instant, instant) == 0
        assert [one.id for one in await kit.claim(store)] == [fresh.id]
        assert sum(lane.held for lane in await store.depth(instant)) == 2
        assert await store.cancel(kit.workspace, old[0].id, instant) is Status.CANCELLED
        assert await store.release_held(None, None, instant) == 1
        assert await kit.claim(store) == []
        assert await store.next_due(instant) is not None
        await check_invariants(store)

    async def test_what_was_in_doubt_stays_in_doubt(self, store: Store, kit: Kit) -> None:
        """A message that was being sent when the backup was made comes back in doubt after hold and release."""
        await store.accept([kit.new()])
        await kit.claim(store)
        instant = kit.clock.advance(HOUR)
        await store.hold_before(instant, instant)
        await store.release_held(None, None, instant)
        (again,) = await kit.claim(store)
        assert again.in_doubt


class StoreContractWake:
    """An idle dispatcher is woken, not polling."""

    async def test_accept_elsewhere_wakes_at_once(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """A message accepted by another process wakes a waiting dispatcher at once, not when its time is over."""
        other = await open_store()
        ready = asyncio.Event()
        waiting = asyncio.create_task(_woken_at(store, ready))
        await ready.wait()
        await asyncio.sleep(0.02)
        await other.accept([kit.new()])
        done = time.monotonic()
        assert -2 < await waiting - done < 2  # of the five seconds that it would have waited

    async def test_nothing_happened(self, store: Store) -> None:
        """Without news the answer is False, when the time is over."""
        await _quiet(store)
        began = time.monotonic()
        assert await store.wake(0.05) is False
        assert 0.04 < time.monotonic() - began < 1

    async def test_news_between_claim_and_wake_is_not_missed(self, store: Store, kit: Kit) -> None:
        """What was accepted after an empty claim but before the wait ends the wait at once."""
        await _quiet(store)
        assert await kit.claim(store) == []
        await store.accept([kit.new()])
        assert await store.wake(5) is True

    async def test_giving_back_and_releasing_wake(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """A message given back or released wakes the others too."""
        other = await open_store()
        await store.accept([kit.new()])
        (claimed,) = await kit.claim(store)
        await _quiet(other)
        await store.record([kit.settle(claimed, Status.QUEUED)])
        assert await other.wake(5) is True
        (claimed,) = await kit.claim(store)
        await store.record([kit.settle(claimed, Status.HELD)])
        await _quiet(other)
        await store.release_held(None, None, kit.clock.now())
        assert await other.wake(5) is True


async def _quiet(store: Store) -> None:
    """Waits until a store has no news left for this task."""
    while await store.wake(0.02):
        pass


async def _woken_at(store: Store, ready: asyncio.Event) -> float:
    await _quiet(store)
    ready.set()
    assert await store.wake(5) is True
    return time.monotonic()
