"""The contract of opens, clicks and verdicts."""

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from posthouse.core.keeping.ports import Bite, Mark, Step
from posthouse.core.keeping.scrubbing import Left
from posthouse.core.kernel.clock import HOUR, SECOND
from posthouse.core.messages.model import Event, EventType, Status
from posthouse.core.tracking.model import Correction, Engagement, Judged, Shares, Verdict
from posthouse.core.tracking.ratings import QUARTER, RatingQuery
from posthouse.testing.store_kit import Kit, OpenStore, Store, check_invariants


def hit(kit: Kit, message_id: bytes, key: str, verdict: Verdict, kind: EventType = EventType.OPENED) -> Event:
    """One open or click now."""
    data = {"verdict": verdict.word, "reason": "said", "rules": 1, "agent": "é"}
    return Event(message_id, kit.workspace, kind, kit.clock.now(), key, data)


async def add(store: Store, hits: Sequence[Event]) -> None:
    """Keeps hits as the doors do: of messages that are there."""
    await store.add_hits(hits, await store.tracked(list({one.message_id for one in hits})))


class StoreContractTracking:
    """What comes back from people, and from machines."""

    async def test_a_message_as_the_doors_see_it(self, store: Store, kit: Kit) -> None:
        """Waiting, sent, failed: only what left has a time at which it left. Unknown messages are left out."""
        waiting, sent, failed = kit.new(locale="fr"), kit.new(), kit.new(template_id=None, release_id=None, live=False)
        await store.accept([sent, failed])
        first, second = await kit.claim(store)
        at = kit.clock.advance(SECOND)
        ends = {sent.id: Status.SENT, failed.id: Status.FAILED}
        await store.record([kit.settle(one, ends[one.id]) for one in (first, second)])
        await store.accept([waiting])
        found = await store.tracked([waiting.id, sent.id, failed.id, kit.ids()])
        assert {one.id: one.sent_at for one in found.values()} == {waiting.id: None, sent.id: at, failed.id: None}
        one = found[sent.id]
        assert (one.workspace_id, one.template_id, one.release_id) == (kit.workspace, kit.template_id, kit.release_id)
        assert (one.recipient, one.live, found[failed.id].live, found[waiting.id].locale) == (
            "ann@example.net", True, False, "fr",
        )  # fmt: skip
        assert found[failed.id].release_id is None
        assert await store.tracked([]) == {}
        asked = [sent.id, kit.ids(), waiting.id]
        assert await store.variables_of(asked) == {sent.id: sent.variables, waiting.id: waiting.variables}
        assert await store.variables_of([]) == {}

    async def test_hits_are_kept_once_and_counted(self, store: Store, kit: Kit) -> None:
        """The same key again is dropped; events, counters and engagements agree; hits of strangers' messages are dropped."""
        new = kit.new()
        await store.accept([new])
        began = kit.clock.now()
        one, two = hit(kit, new.id, "a", Verdict.MACHINE), hit(kit, new.id, "b", Verdict.HUMAN)
        await add(store, [two, one, one, hit(kit, kit.ids(), "a", Verdict.HUMAN)])
        kit.clock.advance(HOUR)
        later = hit(kit, new.id, "c", Verdict.UNKNOWN)
        clicked = hit(kit, new.id, "a", Verdict.HUMAN, EventType.CLICKED)
        await add(store, [one, later, clicked])
        await add(store, [])
        end = kit.clock.now()
        assert await store.engagements_of(kit.workspace, new.id) == [
            Engagement(new.id, EventType.OPENED, 1, 1, 1, began, end),
            Engagement(new.id, EventType.CLICKED, 1, 0, 0, end, end),
        ]
        assert await store.engagements_of(kit.ids(), new.id) == []
        told = [event for event in await store.events_of(kit.workspace, new.id) if event.type >= EventType.OPENED]
        assert sorted((event.type, event.key) for event in told) == [(30, "a"), (30, "b"), (30, "c"), (31, "a")]
        assert told[0].data["agent"] == "é"
        assert {event.key for event in await store.hits_of([new.id])} == {"a", "b", "c"}
        await check_invariants(store)

    async def test_who_does_something_is_a_person(self, store: Store, kit: Kit) -> None:
        """Unsubscribing and rating have no verdict: they were confirmed."""
        new = kit.new()
        await store.accept([new])
        now = kit.clock.now()
        await add(store, [Event(new.id, kit.workspace, EventType.RATED, now, "q1", {"score": 5})])
        assert await store.engagements_of(kit.workspace, new.id) == [
            Engagement(new.id, EventType.RATED, 1, 0, 0, now, now)
        ]

    async def test_the_last_answer_to_a_rating_is_kept(self, store: Store, kit: Kit) -> None:
        """Whatever the order in which answers arrive; by template, scores, words and time; counted by the quarter of an hour."""
        new, other = kit.new(), kit.new(template_id=None)
        await store.accept([new, other])
        now = kit.clock.now() // QUARTER * QUARTER

        def answer(message: bytes, at: int, score: int, comment: str = "", rating: str = "nps") -> Event:
            said = {"rating": rating, "score": score, "lowest": 0, "highest": 10, "comment": comment}
            return Event(message, kit.workspace, EventType.RATED, at, f"{rating}.{score}", said)

        first, last = answer(new.id, now, 3, "slow"), answer(new.id, now + QUARTER, 9)
        await add(store, [last])
        await add(store, [first, answer(other.id, now, 5, "so so"), answer(other.id, now + 1, 7, rating="food")])
        await add(store, [first, answer(kit.ids(), now, 1)])
        mine = RatingQuery(kit.workspace, True)
        found = (await store.rating_answers(mine)).answers
        assert [(one.message_id, one.rating, one.score, one.comment) for one in found] == [
            (new.id, "nps", 9, None), (other.id, "food", 7, None), (other.id, "nps", 5, "so so"),
        ]  # fmt: skip
        assert (found[0].template_id, found[1].template_id) == (kit.template_id, None)

        async def asked(**what: Any) -> list[int]:
            looked = await store.rating_answers(msgspec.structs.replace(mine, **what))
            return [one.score for one in looked.answers]

        assert await asked(template_id=kit.template_id) == [9]
        assert await asked(rating="nps") == [9, 5]
        assert await asked(lowest=6, highest=8) == [7]
        assert await asked(since=now + 1, until=now + QUARTER) == [7]
        assert await asked(commented=True) == [5]
        assert await asked(before=(found[0].at, found[0].message_id, "nps"), limit=1) == [7]
        assert await asked(before=(found[1].at, found[1].message_id, "food")) == [5]
        assert await asked(live=False) == await asked(workspace_id=kit.ids()) == []
        seen: list[int] = []
        query = msgspec.structs.replace(mine, rating="food", tried=1)
        for _ in range(4):  # what no index serves is tried on so many at once: pages may be empty and go on
            looked = await store.rating_answers(query)
            seen += [one.score for one in looked.answers]
            query = msgspec.structs.replace(query, before=looked.upto)
            if looked.upto is None:
                break
        assert (seen, looked.upto) == ([7], None)
        counted = await store.rating_counts(mine)
        assert sorted((one.quarter, one.rating, one.score, one.count) for one in counted) == [
            (now // QUARTER, "food", 7, 1), (now // QUARTER, "nps", 5, 1), (now // QUARTER + 1, "nps", 9, 1),
        ]  # fmt: skip
        bite = Bite(Mark(None, Step.CONTENT), bytes(16), other.id, left=[Left(other.id, "", b"{}")])
        await store.erase(kit.workspace, bite)
        assert [(one.score, one.comment) for one in (await store.rating_answers(mine)).answers][1:] == [
            (7, None),
            (5, None),
        ]

    async def test_shares(self, store: Store, kit: Kit) -> None:
        """Each message counts once, by the best that is known of it; by template and by when it was made."""
        old = kit.new(template_id=None)
        await store.accept([old])
        since = kit.clock.advance(HOUR)
        news = [kit.new() for _ in range(4)]
        await store.accept(news)
        seen = [[Verdict.MACHINE, Verdict.HUMAN], [Verdict.MACHINE], [Verdict.UNKNOWN, Verdict.MACHINE], []]
        hits = [
            hit(kit, new.id, str(n), verdict)
            for new, verdicts in zip(news, seen, strict=True)
            for n, verdict in enumerate(verdicts)
        ]
        await add(store, [*hits, hit(kit, old.id, "x", Verdict.HUMAN)])
        await add(store, [hit(kit, news[0].id, "x", Verdict.HUMAN, EventType.CLICKED)])
        of_template = [Shares(EventType.OPENED, 1, 1, 1), Shares(EventType.CLICKED, 1, 0, 0)]
        assert await store.shares(kit.workspace, kit.template_id, None, None) == of_template
        assert await store.shares(kit.workspace, None, since, None) == of_template
        assert await store.shares(kit.workspace, None, None, since) == [Shares(EventType.OPENED, 1, 0, 0)]
        assert (await store.shares(kit.workspace, None, None, None))[0] == Shares(EventType.OPENED, 2, 1, 1)
        assert await store.shares(kit.ids(), None, None, None) == []

    async def test_verdicts_can_be_told_again(self, store: Store, kit: Kit) -> None:
        """The event stays as it was written; timeline and engagement say what was told last; the counters do not change."""
        new, other = kit.new(), kit.new()
        await store.accept([new, other])
        await add(store, [hit(kit, new.id, "a", Verdict.HUMAN), hit(kit, new.id, "b", Verdict.HUMAN)])
        await add(store, [hit(kit, other.id, "a", Verdict.HUMAN)])
        counters = await store.counters()
        first = Correction(new.id, EventType.OPENED, "a", Judged(Verdict.UNKNOWN, "first", 2))
        again = msgspec.structs.replace(first, judged=Judged(Verdict.MACHINE, "scanner", 3))
        await store.correct([first], [new.id])
        await store.correct([again], [new.id])
        shown = {e.key: e.data for e in await store.events_of(kit.workspace, new.id) if e.type is EventType.OPENED}
        assert (shown["a"]["verdict"], shown["a"]["reason"], shown["a"]["rules"]) == ("machine", "scanner", 3)
        assert (shown["b"]["verdict"], shown["a"]["agent"]) == ("human", "é")
        assert {event.data["verdict"] for event in await store.hits_of([new.id])} == {"human"}
        engagement = (await store.engagements_of(kit.workspace, new.id))[0]
        assert (engagement.human, engagement.machine, engagement.unknown) == (1, 1, 0)
        assert (await store.engagements_of(kit.workspace, other.id))[0].human == 1
        assert await store.counters() == counters
        await store.correct([], [kit.ids()])

    async def test_walking_over_what_was_engaged(self, store: Store, kit: Kit) -> None:
        """Page by page, in the order of the identifiers; each message once, and none that was only rated."""
        news = [kit.new() for _ in range(4)]
        await store.accept(news)
        await add(store, [hit(kit, new.id, "a", Verdict.HUMAN) for new in news[:3]])
        await add(store, [hit(kit, news[0].id, "a", Verdict.HUMAN, EventType.CLICKED)])
        await add(store, [Event(news[3].id, kit.workspace, EventType.RATED, kit.clock.now(), "q")])
        ids = sorted(new.id for new in news[:3])
        assert await store.engaged_after(bytes(16), 2) == ids[:2]
        assert await store.engaged_after(ids[1], 2) == ids[2:]

    async def test_many_hits_at_once(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """Processes that hit the same messages at the same time lose nothing and block nobody."""
        other = await open_store()
        news = [kit.new() for _ in range(20)]
        await store.accept(news)

        async def some(who: Store, name: str) -> None:
            for n in range(5):
                order = news if n % 2 else news[::-1]
                await add(who, [hit(kit, new.id, f"{name}{n}", Verdict.HUMAN) for new in order])

        await asyncio.gather(some(store, "a"), some(other, "b"), some(store, "c"))
        for new in news:
            assert (await store.engagements_of(kit.workspace, new.id))[0].human == 15
        await check_invariants(store)
