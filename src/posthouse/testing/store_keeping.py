"""The contract of RetentionStore: what is old is erased, what waits is not, and nobody who reads is misled."""

import asyncio
from collections.abc import Callable
from functools import partial

import msgspec
import pytest

from posthouse.core.analytics.model import Step as RollupStep
from posthouse.core.keeping.ports import Bite, Mark, Step
from posthouse.core.keeping.retention import RetentionService
from posthouse.core.keeping.scrubbing import left_of
from posthouse.core.keeping.settings import Retention, Rule, with_retention
from posthouse.core.kernel.clock import DAY, HOUR
from posthouse.core.kernel.errors import ConflictError
from posthouse.core.messages.model import Event, EventType, Extras, MessageQuery, NewMessage, Status
from posthouse.core.messages.pseudonyms import Pseudonyms
from posthouse.core.messages.stream import StreamQuery
from posthouse.core.messages.words import WordFollower, Words
from posthouse.core.returned.ports import Filing
from posthouse.core.templates.model import TemplateSource
from posthouse.core.tracking.ratings import RatingQuery
from posthouse.core.workspaces.model import Workspace
from posthouse.testing.store_kit import Kit, Store, check_invariants

PSEUDONYMS, WORDS = Pseudonyms(bytes(32)), Words(bytes(32))
FACTS = {
    "attempt": 1,
    "text": "250 ok for ann@example.net",
    "subject": "Order A-1, Ann",
    "remote_id": "4F2A1B",
    "code": 250,
}
EXTRAS = msgspec.json.encode(Extras(subject="Dear Ann", text="Hello Ann", metadata={"email": "ann@example.net"}))


async def unhurried(_seconds: float) -> None:
    """No rest: nobody else is there."""


def keeper(store: Store, kit: Kit) -> RetentionService:
    """What holds workspaces to their rules."""
    return RetentionService(store, store, PSEUDONYMS, WORDS, kit.clock)


async def sent(store: Store, kit: Kit, many: int = 3, **changes: object) -> list[NewMessage]:
    """Messages that were sent, and are followed by all who follow."""
    batch = [kit.new(extras=EXTRAS, correlation="A-1", **changes) for _ in range(many)]
    await store.accept(batch)
    settled = [kit.settle(one) for one in await kit.claim(store, many)]
    for one in settled:
        one.events = tuple(msgspec.structs.replace(event, data=FACTS) for event in one.events)
    await store.record(settled)
    await followed(store)
    return batch


async def followed(store: Store) -> None:
    """Words and statistics are kept up to the end."""
    follower = WordFollower(store, store, WORDS)
    while await follower.turn():
        pass
    position, end = await store.rollup_position(), await store.stream_end()
    await store.keep_rollup(position.edition, position.seq, end, RollupStep({}, {}, {}, {}))


async def ruled(store: Store, kit: Kit, default: Rule, **classes: Rule) -> None:
    """The workspace with rules, and its template."""
    template = kit.template(version=1)
    source = TemplateSource(template.key, "Order", (), retention="security")
    await store.publish(template, [kit.release(template, release_id=kit.release_id)], source)
    workspace = Workspace(kit.workspace, "shop", kit.clock.now())
    await store.add_workspace(with_retention(workspace, Retention(default, classes)))


def _exchanged(after: Retention, _before: Retention) -> Retention:
    return after


class StoreContractRetention:
    """Erasing what is old."""

    async def test_content_goes_and_the_message_stays(self, store: Store, kit: Kit) -> None:
        """After its days a message has neither variables, content, names nor address; whoever knows the address still finds it."""
        await ruled(store, kit, Rule(content_days=30))
        old = await sent(store, kit)
        kit.clock.advance(31 * DAY)
        young = await sent(store, kit)
        swept = await keeper(store, kit).sweep(unhurried)
        assert (swept.messages, swept.events, swept.behind // DAY) == (3, 0, 1)
        now = kit.clock.now()
        for one in old:
            found = await store.message(kit.workspace, one.id, now)
            assert found is not None
            assert (found.variables, found.recipient_name, found.status) == (b"", "", Status.SENT)
            assert found.recipient == PSEUDONYMS.of(kit.workspace, 1, "ANN@example.net")
            extras = msgspec.json.decode(found.extras or b"", type=Extras)
            assert (extras.subject, extras.metadata, extras.erased and extras.erased.why) == (None, {}, "retention")
            events = await store.events_of(kit.workspace, one.id)
            assert [event.data for event in events] == [{}, {"attempt": 1, "code": 250}]
        still = await store.message(kit.workspace, young[0].id, now)
        assert still is not None
        assert (still.variables, still.recipient) == (young[0].variables, "ann@example.net")
        (word,) = WORDS.asked(kit.workspace, subject="ann", provider_id=None)
        by_word = await store.search(MessageQuery(kit.workspace, words=(word,)), now)
        assert {one.id for one in by_word.messages} == {one.id for one in young}
        assert (await keeper(store, kit).sweep(unhurried)).messages == 0
        await check_invariants(store)

    async def test_keys_of_facts_name_nobody_and_verdicts_are_not_told_again(self, store: Store, kit: Kit) -> None:
        """A refused copy and an order stand in the key of their facts; who opened an erased mail can no longer be judged."""
        await ruled(store, kit, Rule(content_days=1))
        old, young = (await sent(store, kit, 1))[0], kit.new()
        now = kit.clock.now()
        named = [
            Event(old.id, kit.workspace, EventType.RECIPIENT_REFUSED, now, "bob@example.net", {"code": 550}),
            Event(old.id, kit.workspace, EventType.CONVERTED, now, "A-1", {"order": "A-1", "amount": "1"}),
            Event(old.id, kit.workspace, EventType.COMPLAINED, now, "abuse", {"feedback": "abuse"}),
        ]
        await store.append(named)
        kit.clock.advance(2 * DAY)
        await store.accept([young])
        for one in (old, young):
            hit = Event(one.id, kit.workspace, EventType.OPENED, now, "x", {"verdict": "human", "agent": "Ann's"})
            await store.add_hits([hit], await store.tracked([one.id]))
        await keeper(store, kit).sweep(unhurried)
        kept = [event for event in await store.events_of(kit.workspace, old.id) if event.type > EventType.SENT]
        assert len({event.key for event in kept}) == 4
        assert [event.key for event in kept if not event.key.startswith("erased:")] == ["abuse", "x"]
        assert {event.type: event.data for event in kept} == {
            EventType.RECIPIENT_REFUSED: {"code": 550}, EventType.CONVERTED: {"amount": "1"},
            EventType.COMPLAINED: {"feedback": "abuse"}, EventType.OPENED: {"verdict": "human"},
        }  # fmt: skip
        assert await store.engaged_after(bytes(16), 10) == [young.id]

    async def test_each_class_has_its_own_days(self, store: Store, kit: Kit) -> None:
        """The class that the live version of a template names decides; what has none follows the default."""
        await ruled(store, kit, Rule(content_days=10), security=Rule(content_days=100, addresses="erase"))
        classed = await sent(store, kit)
        plain = await sent(store, kit, template_id=None, release_id=None)
        kit.clock.advance(11 * DAY)
        service = keeper(store, kit)
        assert {one.name: one.content for one in await service.outlook()} == {"": 3, "security": 0}
        await service.sweep(unhurried)
        assert await self._recipients(store, kit, plain) == {PSEUDONYMS.of(kit.workspace, 1, "ann@example.net")}
        assert await self._recipients(store, kit, classed) == {"ann@example.net"}
        kit.clock.advance(90 * DAY)
        await service.sweep(unhurried)
        assert await self._recipients(store, kit, classed) == {""}

    async def test_what_waits_is_left_alone_and_erased_once_it_has_ended(self, store: Store, kit: Kit) -> None:
        """A message for later, older than its days, is sent as it was asked for; then it goes."""
        await ruled(store, kit, Rule(content_days=1, event_days=7))
        waiting = kit.new(due_at=kit.clock.now() + 20 * DAY, extras=EXTRAS)
        await store.accept([waiting])
        await sent(store, kit, 1)
        kit.clock.advance(10 * DAY)
        service = keeper(store, kit)
        assert (await service.sweep(unhurried)).messages == 1
        kit.clock.advance(10 * DAY)
        (claimed,) = await kit.claim(store)
        assert (claimed.id, claimed.variables, claimed.recipient) == (waiting.id, waiting.variables, "ann@example.net")
        await store.record([kit.settle(claimed)])
        await followed(store)
        await sent(store, kit, 1)
        assert (await service.sweep(unhurried)).messages == 1
        assert await self._recipients(store, kit, [waiting]) == {PSEUDONYMS.of(kit.workspace, 1, "ann@example.net")}
        assert await store.events_of(kit.workspace, waiting.id) == []

    async def test_changes_of_rules_at_the_same_moment_are_all_kept(self, store: Store, kit: Kit) -> None:
        """Each is made from what is there at its turn, whatever process makes it."""
        await ruled(store, kit, Rule(content_days=1))

        def add(name: str) -> Callable[[Retention], Retention]:
            return lambda found: msgspec.structs.replace(found, classes={**found.classes, name: Rule(2)})

        names = ["a", "b", "c", "d"]
        await asyncio.gather(*(keeper(store, kit).change(kit.workspace, add(name)) for name in names))
        assert sorted((await keeper(store, kit).rules(kit.workspace)).classes) == names

    async def test_what_was_put_off_is_erased_by_the_rules_as_they_are_then(self, store: Store, kit: Kit) -> None:
        """A rule that was taken back or made longer meanwhile erases nothing; and what a removal emptied is not looked at for ever."""
        await ruled(store, kit, Rule(content_days=1))
        waiting = [kit.new(due_at=kit.clock.now() + 5 * DAY, extras=EXTRAS) for _ in range(3)]
        await store.accept(waiting)
        kit.clock.advance(2 * DAY)
        service = keeper(store, kit)
        await service.sweep(unhurried)
        for one in waiting:
            await store.cancel(kit.workspace, one.id, kit.clock.now())
        for days in (None, 30):
            await service.change(kit.workspace, partial(_exchanged, Retention(Rule(days), {"unused": Rule(1)})))
            assert (await service.sweep(unhurried)).messages == 0
        assert await self._recipients(store, kit, waiting) == {"ann@example.net"}
        await service.change(kit.workspace, partial(_exchanged, Retention(Rule(1))))
        emptied = await store.aged(kit.workspace, kit.template_id, bytes(16), waiting[1].id, 1)
        left = [left_of(one, kit.workspace, None, kit.clock.now(), "contact") for one in emptied]
        await store.erase(kit.workspace, Bite(Mark(kit.template_id, Step.CONTENT), bytes(16), bytes(16), left=left))
        assert (await service.sweep(unhurried)).messages == 2
        assert await store.put_off(kit.workspace, (bytes(16), 0), 10) == []

    async def test_events_go_and_the_stream_neither_skips_nor_repeats(self, store: Store, kit: Kit) -> None:
        """Old events are gone, later ones keep their places and new ones come behind; what nobody has counted yet stays."""
        await ruled(store, kit, Rule(content_days=1, event_days=7))
        old = await sent(store, kit)
        kit.clock.advance(8 * DAY)
        uncounted = kit.new()
        await store.accept([uncounted])
        end = await store.stream_end()
        service = keeper(store, kit)
        swept = await service.sweep(unhurried)
        assert (swept.messages, swept.events) == (3, 6)
        assert await store.events_of(kit.workspace, old[0].id) == []
        assert await store.message(kit.workspace, old[0].id, kit.clock.now()) is not None
        (left,) = await store.stream(StreamQuery(limit=100), end)
        assert (left.event.message_id, left.event.seq) == (uncounted.id, end)
        await store.append([Event(old[0].id, kit.workspace, EventType.OPENED, kit.clock.now(), "late")])
        later = await store.stream(StreamQuery(after=end, limit=100), await store.stream_end())
        assert [one.event.seq > end for one in later] == [True]
        kit.clock.advance(8 * DAY)
        await service.sweep(unhurried)
        assert len(await store.events_of(kit.workspace, uncounted.id)) == 1

    async def test_what_comes_back_later_names_nobody_and_has_an_end(self, store: Store, kit: Kit) -> None:
        """What comes for an erased message is counted without agents, networks, words, numbers; after its days of events the next sweep takes it."""
        await ruled(store, kit, Rule(content_days=1, event_days=7))
        (old,) = await sent(store, kit, 1)
        kit.clock.advance(2 * DAY)
        await keeper(store, kit).sweep(unhurried)
        assert (await store.tracked([old.id]))[old.id].erased
        await self._come_back(store, kit, old, "a")
        found = {one.type: one for one in await store.events_of(kit.workspace, old.id) if one.type > EventType.SENT}
        assert {kind: one.data for kind, one in found.items()} == {
            EventType.OPENED: {"verdict": "human", "rules": 1}, EventType.RATED: {"rating": "q", "score": 4, "lowest": 1, "highest": 5},
            EventType.CONVERTED: {"amount": "1"}, EventType.BOUNCED: {"code": 550}, EventType.RECIPIENT_REFUSED: {"code": 550},
        }  # fmt: skip
        assert not any("@" in one.key or "A-1" in one.key for one in found.values())
        (answer,) = (await store.rating_answers(RatingQuery(kit.workspace, live=True))).answers
        assert (answer.score, answer.comment) == (4, None)
        assert {one.type for one in await store.engagements_of(kit.workspace, old.id)} >= {EventType.OPENED}
        await check_invariants(store)
        kit.clock.advance(8 * DAY)
        await sent(store, kit, 1)
        await keeper(store, kit).sweep(unhurried)
        assert await store.events_of(kit.workspace, old.id) == []
        await self._come_back(store, kit, old, "b")
        await sent(store, kit, 1)
        assert len(await store.events_of(kit.workspace, old.id)) >= 3
        await keeper(store, kit).sweep(unhurried)
        assert await store.events_of(kit.workspace, old.id) == []

    async def _come_back(self, store: Store, kit: Kit, old: NewMessage, key: str) -> None:
        now = kit.clock.now()
        known = await store.tracked([old.id])
        said = {"rating": "q", "score": 4, "lowest": 1, "highest": 5, "comment": "call me: ann@example.net"}
        seen = {"verdict": "human", "rules": 1, "agent": "Ann's", "network": "203.0.113.0/24"}
        hits = [
            Event(old.id, kit.workspace, EventType.OPENED, now, key, seen),
            Event(old.id, kit.workspace, EventType.RATED, now, key, said),
            Event(old.id, kit.workspace, EventType.CONVERTED, now, "A-1", {"order": "A-1", "amount": "1"}),
        ]
        await store.add_hits(hits, known)
        bounced = [
            Event(
                old.id, kit.workspace, EventType.BOUNCED, now, "", {"code": 550, "text": "<ann@example.net> unknown"}
            ),
            Event(
                old.id,
                kit.workspace,
                EventType.RECIPIENT_REFUSED,
                now,
                "ann@example.net",
                {"recipient": "ann@example.net", "code": 550},
            ),
        ]
        await store.file_return(Filing(tuple(bounced)))

    async def test_a_recount_cannot_lose_what_was_erased(self, store: Store, kit: Kit) -> None:
        """Once events are gone the statistics are not counted anew: they would shrink."""
        begun = await store.begin_edition()
        await ruled(store, kit, Rule(content_days=1, event_days=7))
        await sent(store, kit)
        kit.clock.advance(8 * DAY)
        await sent(store, kit)
        await keeper(store, kit).sweep(unhurried)
        with pytest.raises(ConflictError, match="6 events were erased"):
            await store.begin_edition()
        with pytest.raises(ConflictError, match="6 events were erased"):
            await store.answer_from(begun)

    async def test_two_who_sweep_do_no_harm(self, store: Store, kit: Kit) -> None:
        """A bite from where the mark no longer stands changes nothing, and a killed one is done again."""
        await ruled(store, kit, Rule(content_days=1))
        await sent(store, kit, 2)
        kit.clock.advance(2 * DAY)
        bites = []

        class Twice:
            """A store on which somebody else is always a little faster."""

            def __getattr__(self, name: str) -> object:
                return getattr(store, name)

            async def erase(self, workspace_id: bytes, bite: object) -> object:
                bites.append(await store.erase(workspace_id, bite))  # type: ignore[arg-type]
                return await store.erase(workspace_id, bite)  # type: ignore[arg-type]

        await RetentionService(Twice(), store, PSEUDONYMS, WORDS, kit.clock).sweep(unhurried)  # type: ignore[arg-type]
        assert [gone.held for gone in bites] == [True, True], "one of each template, and one of none"
        assert (await keeper(store, kit).sweep(unhurried)).messages == 0

    async def test_uploads_go_once_no_message_can_name_them(self, store: Store, kit: Kit) -> None:
        """Files are kept from the last message that they were given to, and while an older one waits."""
        await ruled(store, kit, Rule(content_days=5))
        first, second = bytes([1]) * 32, bytes([2]) * 32
        await store.add_blob(kit.workspace, first, b"one", kit.clock.now())
        await store.add_blob(kit.workspace, second, b"two", kit.clock.now())
        waiting = kit.new(due_at=kit.clock.now() + 7 * DAY)
        await store.accept([waiting])
        kit.clock.advance(4 * DAY)
        await store.accept([kit.new(uses=(second,))])
        kit.clock.advance(2 * DAY)
        service = keeper(store, kit)
        assert (await service.sweep(unhurried)).uploads == 0
        await store.cancel(kit.workspace, waiting.id, kit.clock.now())
        assert (await service.sweep(unhurried)).uploads == 1
        assert [await store.blob(kit.workspace, one) for one in (first, second)] == [None, b"two"]
        kit.clock.advance(4 * DAY + HOUR)
        assert (await service.sweep(unhurried)).uploads == 0, "a message that waits may name it"

    async def _recipients(self, store: Store, kit: Kit, some: list[NewMessage]) -> set[str]:
        found = [await store.message(kit.workspace, one.id, kit.clock.now()) for one in some]
        return {one.recipient for one in found if one is not None}
