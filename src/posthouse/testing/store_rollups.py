"""The contract of the roll-ups: whatever happens, they are what a recount of the events comes to."""

import asyncio
import random
from collections import Counter
from typing import Any, Final

import msgspec

from posthouse.core.analytics.domains import DomainGroups
from posthouse.core.analytics.follower import Follower
from posthouse.core.analytics.latencies import Latencies, Span, decode
from posthouse.core.analytics.measures import COLUMNS
from posthouse.core.analytics.model import Grain
from posthouse.core.analytics.ports import SumQuery
from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import DAY, HOUR, SECOND
from posthouse.core.messages.model import Channel, Event, EventType, Status
from posthouse.core.tracking.model import Correction, Judged, Verdict
from posthouse.core.workspaces.model import Workspace
from posthouse.testing.store_kit import Kit, OpenStore, Store
from posthouse.testing.store_tracking import add, hit

GROUPS: Final = DomainGroups('version = 1\n[groups.gmail]\nnames = ["gmail.com"]')
DIMS: Final = ("template", "version", "channel", "lane", "live", "source", "locale", "provider", "domain", "tag")
_ALWAYS: Final = 1 << 40

Table = dict[tuple[Any, ...], tuple[Counter[str], Counter[int]]]


def follower(store: Store, kit: Kit, most: int = 2_000) -> Follower:
    """A follower with groups of its own."""
    return Follower(store, store, store, GROUPS, kit.clock, most)


async def follow(one: Follower, edition: int | None = None) -> None:
    """Turns until there is nothing more."""
    while await one.turn(edition):
        pass


async def table(store: Store, kit: Kit, edition: int | None = None) -> Table:
    """Every row that is not empty, by grain, period and dimensions."""
    reached = (await store.rollup_position(edition)).edition
    found: Table = {}
    for grain in Grain:
        query = SumQuery(kit.workspace, grain, -_ALWAYS, _ALWAYS, COLUMNS, DIMS, by_period=True, latencies=True)
        for row in await store.rollup_sums(reached, query):
            counts = Counter({name: count for name, count in zip(COLUMNS, row.counts, strict=True) if count})
            histogram: Counter[int] = Counter()
            for kept in row.latencies:
                histogram.update(decode(kept))
            found[grain, row.period, *row.dims] = counts, histogram
    return found


async def recomputed(store: Store, kit: Kit, most: int) -> Table:
    """The same from the events alone, by a follower that knows nothing, in turns of another length."""
    edition = await store.begin_edition()
    await follow(follower(store, kit, most), edition)
    return await table(store, kit, edition)


def total(found: Table, grain: Grain, column: str) -> int:
    """A column summed over a grain."""
    return sum(counts[column] for (kept, *_), (counts, _) in found.items() if kept == grain)


class Life:
    """Messages to which things happen, in a disorder that can be repeated."""

    def __init__(self, store: Store, kit: Kit, seed: int) -> None:
        self._store = store
        self._kit = kit
        self._random = random.Random(seed)  # noqa: S311 - to be repeated
        self._provider = ids.show(ids.PROVIDER, kit.ids())

    async def day(self) -> None:
        """One step: some are accepted, some leave, some are read, by whomever; receipts come twice and in any order."""
        kit, store, chance = self._kit, self._store, self._random
        kit.clock.advance(chance.choice((SECOND, HOUR, DAY, -2 * HOUR)))  # a clock that jumps back too
        new = [
            kit.new(
                recipient=chance.choice(("ann@gmail.com", "ben@shop.example")),
                locale=chance.choice(("en", "fr")),
                tags=chance.choice(((), ("a",), ("a", "b"))),
                live=chance.random() < 0.8,
                template_id=chance.choice((kit.template_id, None)),
                channel=chance.choice((Channel.EMAIL, Channel.EMAIL, Channel.SMS)),
            )
            for _ in range(chance.randrange(1, 6))
        ]
        await store.accept(new)
        kit.clock.advance(chance.randrange(20 * SECOND))
        claimed = await kit.claim(store)
        settled = []
        for one in claimed:
            status = chance.choice((Status.SENT, Status.SENT, Status.DEFERRED, Status.BOUNCED, Status.FAILED))
            settlement = kit.settle(one, status, next_at=kit.clock.now() if status is Status.DEFERRED else None)
            settlement.events = tuple(
                msgspec.structs.replace(event, data={**event.data, "provider_id": self._provider, "milliseconds": 5})
                for event in settlement.events
            )
            settled.append(settlement)
        await store.record(settled)
        hits = [
            hit(kit, chance.choice(new).id, f"{chance.randrange(4)}", chance.choice(list(Verdict)), kind)
            for kind in chance.choices(
                (EventType.OPENED, EventType.CLICKED, EventType.UNSUBSCRIBED, EventType.CONVERTED), k=6
            )
        ]
        await add(store, hits + chance.choices(hits, k=2))
        await store.append([
            Event(chance.choice(new).id, kit.workspace, EventType.DELIVERED, kit.clock.now()) for _ in range(3)
        ])  # fmt: skip


class StoreContractRollups:
    """Counted as it happens, in the transaction that moves the cursor."""

    async def test_roll_ups_are_what_a_recount_comes_to(self, store: Store, kit: Kit) -> None:
        """Duplicates, receipts in any order, a clock that jumps, turns of any length: every cell is that of the recount."""
        life, live = Life(store, kit, 4), follower(store, kit, 7)
        for _ in range(12):
            await life.day()
            await live.turn()
        await follow(live)
        found = await table(store, kit)
        for most in (1, 10_000):
            assert await recomputed(store, kit, most) == found
        counted: Counter[EventType] = Counter()
        for key, count in (await store.recount(kit.workspace)).items():
            counted[key.type] += count
        for column, kind in (
            ("accepted", EventType.ACCEPTED),
            ("sent", EventType.SENT),
            ("deferred", EventType.DEFERRED),
        ):
            for grain in (Grain.COARSE_HOUR, Grain.COARSE_DAY, Grain.FINE_HOUR, Grain.FINE_DAY, Grain.FINE_WEEK):
                assert total(found, grain, column) == counted[kind] > 0
        opens = sum(total(found, Grain.FINE_DAY, f"opens_{verdict.word}") for verdict in Verdict)
        assert opens == counted[EventType.OPENED]
        opened = await store.engaged_after(bytes(16), 1_000)
        messages = {event.message_id for event in await store.hits_of(opened) if event.type is EventType.OPENED}
        assert total(found, Grain.FINE_HOUR, "opened") == total(found, Grain.COARSE_DAY, "of_opened") == len(messages)

    async def test_two_followers_count_once(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """They race for the cursor; who loses adds nothing."""
        life = Life(store, kit, 5)
        for _ in range(5):
            await life.day()
        others = [await open_store() for _ in range(2)]
        await asyncio.gather(*(follow(follower(one, kit, 5)) for one in (store, *others)))
        assert await table(store, kit) == await recomputed(store, kit, 100)

    async def test_days_are_those_of_the_workspace(self, store: Store, kit: Kit) -> None:
        """A message late in the evening UTC is tomorrow's in Kolkata, half an hour's zones included."""
        await store.add_workspace(Workspace(kit.workspace, "shop", kit.clock.now(), time_zone="Asia/Kolkata"))
        noon = kit.clock.now() // DAY * DAY
        for late in (18 * HOUR, 18 * HOUR + HOUR // 2):
            await store.accept([kit.new(created_at=noon + late, due_at=noon + late)])
        await follow(follower(store, kit))
        found = await table(store, kit)
        days = sorted(period for grain, period, *_ in found if grain == Grain.FINE_DAY)
        assert days == [noon // DAY, noon // DAY + 1]
        assert len([1 for grain, *_ in found if grain == Grain.FINE_HOUR]) == 1
        assert await store.rollup_zones(0) == {kit.workspace: "Asia/Kolkata"}

    async def test_what_is_known_of_a_message_is_a_dimension(self, store: Store, kit: Kit) -> None:
        """Template, version, source, provider, mailbox provider, tags; times from accept on; refused at once is told from refused later."""
        template = kit.template(version=3)
        await store.publish(template, [release := kit.release(template)])
        key, provider = kit.ids(), kit.ids()
        new = kit.new(
            key_id=key, release_id=release.id, recipient="ann@gmail.com", tags=("a", "b", "posthouse:step:c/1")
        )
        await store.accept([new])
        kit.clock.advance(2 * SECOND)
        (claimed,) = await kit.claim(store)
        settlement = kit.settle(claimed)
        data = {"attempt": 1, "provider_id": ids.show(ids.PROVIDER, provider), "milliseconds": 500}
        settlement.events = (msgspec.structs.replace(settlement.events[0], data=data),)
        await store.record([settlement])
        later = [
            (EventType.BOUNCED, ""),
            (EventType.CONVERTED, "A-1"),
            (EventType.CONVERTED, "A-2"),
            (EventType.COMPLAINED, "abuse"),
        ]
        now = kit.clock.advance(SECOND)
        better = Event(new.id, kit.workspace, EventType.CONVERTED, now, "A-1.api", {"corrects": True})
        await store.append([*(Event(new.id, kit.workspace, kind, now, key) for kind, key in later), better])
        await follow(follower(store, kit))
        found = await table(store, kit)
        about = (kit.template_id.hex(), 3, 1, 1, 1, key.hex())
        fine = {tuple(dims): counts for (grain, _, *dims), (counts, _) in found.items() if grain == Grain.FINE_DAY}
        assert fine == {
            (*about, "en", "", "gmail", ""): {"accepted": 1},
            (*about, "en", provider.hex(), "gmail", ""): {
                "sent": 1,
                "of_sent": 1,
                "bounced": 1,
                "of_bounced": 1,
                "complained": 1,
                "of_complained": 1,
                "conversions": 2,
                "converted": 1,
                "of_converted": 1,
            },
        }
        assert {dims[-1] for (grain, _, *dims) in found if grain == Grain.TAGS_DAY} == {"a", "b"}
        for grain in (Grain.STEPS_HOUR, Grain.STEPS_DAY, Grain.STEPS_WEEK):
            assert {dims[-1] for (one, _, *dims) in found if one == grain} == {"c/1"}
        live = (("live", (1,)),)
        hours = SumQuery(
            kit.workspace, Grain.FINE_HOUR, 0, _ALWAYS, ("accepted", "sent"), ("domain",), filters=live, latencies=True
        )
        (one,), (two,) = [
            await store.rollup_sums(0, msgspec.structs.replace(hours, more=more))
            for more in ((), ((Grain.FINE_DAY, 0, _ALWAYS),))
        ]
        assert (one.counts, two.counts, two.dims) == ((1, 1), (2, 2), ("gmail",))
        assert len(two.latencies) == 2 * len(one.latencies) > 0
        assert await store.rollup_sums(0, msgspec.structs.replace(hours, filters=(("live", (0,)),))) == []
        merged = Latencies([])
        query = SumQuery(kit.workspace, Grain.COARSE_DAY, 0, _ALWAYS, (), latencies=True)
        for row in await store.rollup_sums(0, query):
            for kept in row.latencies:
                merged.add(kept)
        took = merged.percentile(Span.FIRST_ATTEMPT, 99)
        assert took is not None
        assert abs(took - 1_500) / 1_500 < 0.044

    async def test_a_recount_answers_when_it_has_caught_up(self, store: Store, kit: Kit) -> None:
        """Until then the tables that answered go on answering; verdicts told again are counted; what was before is removed."""
        new = kit.new()
        await store.accept([new])
        await add(store, [hit(kit, new.id, "a", Verdict.HUMAN)])
        live = follower(store, kit)
        await follow(live)
        await store.correct([Correction(new.id, EventType.OPENED, "a", Judged(Verdict.MACHINE, "late", 2))], [new.id])
        edition = await store.begin_edition()
        assert not await store.answer_from(edition)
        assert total(await table(store, kit), Grain.FINE_DAY, "opens_human") == 1

        async def pause(_seconds: float) -> None:
            await store.append([])

        seen: list[int] = []
        done = await follower(store, kit, 1).recompute(seen.append, pause)
        assert (done.edition, sum(seen)) == (edition + 1, done.events)
        assert (await store.rollup_position()).edition == edition + 1
        found = await table(store, kit)
        assert total(found, Grain.FINE_DAY, "opens_human") == 0
        assert total(found, Grain.FINE_DAY, "opens_machine") == 1
        assert await table(store, kit, 0) == {}
        await store.accept([kit.new()])
        await follow(live)
        assert total(await table(store, kit), Grain.FINE_DAY, "accepted") == 2

    async def test_nothing_of_a_step_is_kept_when_the_cursor_has_moved(self, store: Store, kit: Kit) -> None:
        """Nor when the edition was given up."""
        await store.accept([kit.new()])
        await follow(follower(store, kit))
        found, position = await table(store, kit), await store.rollup_position()
        facts = await store.rollup_facts(0, position.seq)
        assert [fact.type for fact in facts] == [EventType.ACCEPTED]
        step = await follower(store, kit)._step(position, facts)  # noqa: SLF001 - the very same step again
        assert not await store.keep_rollup(0, 0, position.seq, step)
        assert not await store.keep_rollup(7, 0, position.seq, step)
        assert await table(store, kit) == found
        assert await store.first_after(0) == facts[0].at
        assert await store.first_after(position.seq) is None
        every = SumQuery(kit.workspace, Grain.FINE_HOUR, -_ALWAYS, _ALWAYS, ("accepted",), by_period=True)
        await store.accept([kit.new(created_at=hour * HOUR, due_at=0) for hour in range(3)])
        await follow(follower(store, kit))
        assert [len(await store.rollup_sums(0, msgspec.structs.replace(every, most=most))) for most in (1, 2, 9)] == [
            2,
            3,
            4,
        ]
