"""The contract of MessageStore: accept, idempotency, superseding, search, cancelling."""

import asyncio
from hashlib import sha256

from posthouse.core.kernel.clock import HOUR, MINUTE, SECOND
from posthouse.core.messages.model import Event, EventType, KeyReused, Lane, MessageQuery, Replayed, Status, Stored
from posthouse.testing.store_kit import LEASE, Kit, OpenStore, Store, check_invariants


class StoreContractAccept:
    """Keeping messages."""

    async def test_what_went_in_comes_back(self, store: Store, kit: Kit) -> None:
        """A message reads back field by field, QUEUED, with its ACCEPTED event and its count."""
        expires = kit.clock.now() + HOUR
        new = kit.new(
            recipient="zoé@exämple.net", tags=("vip", "été"), correlation="A-1", extras=b"{}", expires_at=expires
        )
        assert await store.accept([new]) == [Stored()]
        found = await store.message(kit.workspace, new.id, kit.clock.now())
        assert found is not None
        assert (found.recipient, found.tags, found.correlation) == ("zoé@exämple.net", ("vip", "été"), "A-1")
        assert (found.variables, found.extras, found.expires_at) == (new.variables, b"{}", expires)
        assert (found.status, found.attempts, found.ended_at) == (Status.QUEUED, 0, None)
        assert found.next_at == new.due_at
        assert [event.type for event in await store.events_of(kit.workspace, new.id)] == [EventType.ACCEPTED]
        assert sum((await store.counters(kit.workspace)).values()) == 1
        await check_invariants(store)

    async def test_template_key_and_version_are_joined(self, store: Store, kit: Kit) -> None:
        """A message names its template by key and its release by version."""
        template = kit.template(version=1)
        await store.publish(template, [kit.release(template, release_id=kit.release_id)])
        new = kit.new()
        await store.accept([new])
        found = await store.message(kit.workspace, new.id, kit.clock.now())
        assert found is not None
        assert (found.template_key, found.version) == ("order-confirmation", 1)

    async def test_other_workspaces_see_nothing(self, store: Store, kit: Kit) -> None:
        """A message is found in its own workspace only."""
        new = kit.new()
        await store.accept([new])
        stranger = kit.ids()
        now = kit.clock.now()
        assert await store.message(stranger, new.id, now) is None
        assert await store.events_of(stranger, new.id) == []
        assert await store.cancel(stranger, new.id, now) is None
        assert (await store.search(MessageQuery(stranger), now)).messages == []

    async def test_scheduled_until_due(self, store: Store, kit: Kit) -> None:
        """A message for later is SCHEDULED, is not claimed early, and is QUEUED and claimed once due."""
        new = kit.new(due_at=kit.clock.now() + HOUR)
        await store.accept([new])
        found = await store.message(kit.workspace, new.id, kit.clock.now())
        assert found is not None
        assert found.status is Status.SCHEDULED
        assert await kit.claim(store) == []
        assert await store.next_due(kit.clock.now()) == new.due_at
        kit.clock.advance(HOUR)
        found = await store.message(kit.workspace, new.id, kit.clock.now())
        assert found is not None
        assert found.status is Status.QUEUED
        assert [one.id for one in await kit.claim(store)] == [new.id]

    async def test_attachments_are_kept_with_the_message(self, store: Store, kit: Kit) -> None:
        """Blobs come back under their digest, once a workspace, whoever sends them first."""
        data = b"%PDF-1.7"
        digest = sha256(data).digest()
        await store.accept([kit.new(blobs=((digest, data),)), kit.new(blobs=((digest, data),))])
        await store.add_blob(kit.workspace, digest, data, kit.clock.now())
        assert await store.blob(kit.workspace, digest) == data
        assert await store.blob(kit.ids(), digest) is None
        assert await store.blob_sizes(kit.workspace, [digest, b"?" * 32]) == {digest: len(data)}
        assert await store.blob_sizes(kit.ids(), [digest]) == {}

    async def test_many_at_once(self, store: Store, kit: Kit) -> None:
        """A thousand messages in one batch, tags and lanes mixed: all there, counted rightly."""
        batch = [kit.new(lane=Lane(n % 3), tags=(f"t{n % 5}",), flow=n % 11) for n in range(1_000)]
        assert await store.accept(batch) == [Stored()] * 1_000
        await check_invariants(store)
        assert sum((await store.counters(kit.workspace)).values()) == 1_000
        assert sum(lane.ready for lane in await store.depth(kit.clock.now())) == 1_000

    async def test_appended_facts_are_idempotent(self, store: Store, kit: Kit) -> None:
        """The same event twice (together, or one after the other) is kept and counted once, and changes no state."""
        new = kit.new()
        await store.accept([new])
        event = Event(new.id, kit.workspace, EventType.RESENT, kit.clock.now(), "k", {"message": "msg_x"})
        await store.append([event, event])
        await store.append([event])
        found = await store.events_of(kit.workspace, new.id)
        assert [(one.type, one.data) for one in found][1:] == [(EventType.RESENT, {"message": "msg_x"})]
        await check_invariants(store)


class StoreContractIdempotency:
    """The same request twice is one message."""

    async def test_same_key_and_body_gives_the_first_answer(self, store: Store, kit: Kit) -> None:
        """A repetition is answered with the first answer to the byte, and nothing else is kept."""
        first, again = kit.keyed("order-1"), kit.keyed("order-1")
        assert await store.accept([first]) == [Stored()]
        assert await store.accept([again]) == [Replayed(first.answer)]
        assert await store.kept_answer(kit.workspace, "order-1") == (first.idempotency_hash, first.answer)
        assert await store.kept_answer(kit.workspace, "other") is None
        assert await store.kept_answer(kit.ids(), "order-1") is None
        assert await store.message(kit.workspace, again.id, kit.clock.now()) is None
        await check_invariants(store)

    async def test_same_key_other_body_is_refused(self, store: Store, kit: Kit) -> None:
        """Another body under a used key keeps nothing."""
        await store.accept([kit.keyed("order-1")])
        other = kit.keyed("order-1", b"other")
        assert await store.accept([other]) == [KeyReused()]
        assert await store.message(kit.workspace, other.id, kit.clock.now()) is None

    async def test_within_one_batch_the_first_wins(self, store: Store, kit: Kit) -> None:
        """Two with one key in a batch are answered as if the second had come later; others are not disturbed."""
        first, plain, twin = kit.keyed("k"), kit.new(), kit.keyed("k")
        odd = kit.keyed("k", b"other")
        assert await store.accept([first, plain, twin, odd]) == [
            Stored(),
            Stored(),
            Replayed(first.answer),
            KeyReused(),
        ]
        await check_invariants(store)

    async def test_keys_are_never_shared_between_workspaces(self, store: Store, kit: Kit) -> None:
        """The same key in another workspace is another key."""
        await store.accept([kit.keyed("k")])
        assert await store.accept([kit.keyed("k", workspace_id=kit.ids())]) == [Stored()]

    async def test_race_between_processes(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """Of many equal requests at the same moment through several store objects exactly one is kept."""
        stores = [store, await open_store(), await open_store()]
        contenders = [kit.keyed("k") for _ in range(12)]
        answers = await asyncio.gather(*(stores[n % 3].accept([one]) for n, one in enumerate(contenders)))
        kept = [one for one, (answer,) in zip(contenders, answers, strict=True) if answer == Stored()]
        assert len(kept) == 1
        assert sum(answer == Replayed(kept[0].answer) for (answer,) in answers) == len(contenders) - 1
        await check_invariants(store)

    async def test_keys_expire_by_generation_only(self, store: Store, kit: Kit) -> None:
        """A clock jump of a year expires no key; advancing the generation and purging does."""
        first = kit.keyed("k")
        await store.accept([first])
        kit.clock.step(365 * 24 * HOUR)
        assert await store.purge_idempotency(0) == 0
        assert await store.accept([kit.keyed("k")]) == [Replayed(first.answer)]
        generation = await store.advance_idempotency_generation()
        assert generation == await store.advance_idempotency_generation() - 1
        assert await store.purge_idempotency(generation) == 1
        assert await store.accept([kit.keyed("k")]) == [Stored()]


class StoreContractSupersede:
    """A newer message withdraws older ones with its key."""

    async def test_older_pending_ones_are_withdrawn(self, store: Store, kit: Kit) -> None:
        """Queued, scheduled and deferred ones with the key end as SUPERSEDED; other keys and workspaces stay."""
        queued, later = kit.new(supersedes="cart"), kit.new(supersedes="other")
        foreign = kit.new(supersedes="cart", workspace_id=kit.ids())
        assert await store.accept([queued, later, foreign]) == [Stored()] * 3
        newest = kit.new(supersedes="cart")
        assert await store.accept([newest]) == [Stored(superseded=1)]
        now = kit.clock.now()
        states = {}
        for one in (queued, later, newest):
            found = await store.message(kit.workspace, one.id, now)
            assert found is not None
            states[one.id] = found.status
        assert states == {queued.id: Status.SUPERSEDED, later.id: Status.QUEUED, newest.id: Status.QUEUED}
        assert (await store.events_of(kit.workspace, queued.id))[-1].type is EventType.SUPERSEDED
        await check_invariants(store)

    async def test_a_test_message_withdraws_no_live_one(self, store: Store, kit: Kit) -> None:
        """Who has a test key only cannot stop live mail, one by one or in a batch; nor the other way round."""
        live = kit.new(supersedes="cart")
        assert await store.accept([live]) == [Stored()]
        assert await store.accept([kit.new(supersedes="cart", live=False)]) == [Stored()]
        batch = [kit.new(supersedes="cart", live=False), kit.new(supersedes="cart")]
        assert await store.accept(batch) == [Stored(1), Stored(1)]
        await check_invariants(store)

    async def test_within_one_batch(self, store: Store, kit: Kit) -> None:
        """In a batch each withdraws those before it, never those after it."""
        batch = [kit.new(supersedes="cart") for _ in range(3)]
        assert await store.accept(batch) == [Stored(), Stored(1), Stored(1)]
        assert [one.id for one in await kit.claim(store)] == [batch[2].id]
        await check_invariants(store)

    async def test_what_is_being_sent_stays(self, store: Store, kit: Kit) -> None:
        """A message under a live lease is not withdrawn, and its outcome is recorded."""
        first = kit.new(supersedes="cart")
        await store.accept([first])
        (claimed,) = await kit.claim(store)
        assert await store.accept([kit.new(supersedes="cart")]) == [Stored()]
        assert await store.record([kit.settle(claimed)]) == [True]
        await check_invariants(store)


class StoreContractCancel:
    """Withdrawing by hand."""

    async def test_a_pending_message(self, store: Store, kit: Kit) -> None:
        """It ends as CANCELLED with its event, is never claimed, and a second time says the same."""
        new = kit.new()
        await store.accept([new])
        now = kit.clock.now()
        assert await store.cancel(kit.workspace, new.id, now) is Status.CANCELLED
        assert await store.cancel(kit.workspace, new.id, now) is Status.CANCELLED
        assert await kit.claim(store) == []
        assert [one.type for one in await store.events_of(kit.workspace, new.id)] == [
            EventType.ACCEPTED,
            EventType.CANCELLED,
        ]
        await check_invariants(store)

    async def test_not_while_it_is_being_sent_nor_after(self, store: Store, kit: Kit) -> None:
        """Under a lease the answer is SENDING, after the outcome it is the outcome."""
        new = kit.new()
        await store.accept([new])
        (claimed,) = await kit.claim(store)
        assert await store.cancel(kit.workspace, new.id, kit.clock.now()) is Status.SENDING
        await store.record([kit.settle(claimed)])
        assert await store.cancel(kit.workspace, new.id, kit.clock.now()) is Status.SENT

    async def test_an_unknown_message(self, store: Store, kit: Kit) -> None:
        """None for what is not there."""
        assert await store.cancel(kit.workspace, kit.ids(), kit.clock.now()) is None

    async def test_against_a_claim(self, store: Store, open_store: OpenStore, kit: Kit) -> None:
        """Each of forty messages is either cancelled or claimed when both come at once, never both."""
        other = await open_store()
        batch = [kit.new() for _ in range(40)]
        await store.accept(batch)
        now = kit.clock.now()
        claiming = asyncio.create_task(kit.claim(other, 20))
        cancelled = await asyncio.gather(*(store.cancel(kit.workspace, one.id, now) for one in batch))
        claimed = {one.id for one in await claiming}
        withdrawn = {one.id for one, answer in zip(batch, cancelled, strict=True) if answer is Status.CANCELLED}
        assert not claimed & withdrawn
        assert claimed | withdrawn == {one.id for one in batch}
        await check_invariants(store)


class StoreContractSearch:
    """Finding messages again."""

    async def test_filters_and_paging(self, store: Store, kit: Kit) -> None:
        """Each filter alone, some together, newest first, page by page without gaps or doubles; addresses and numbers in whatever case."""
        template = kit.template(version=1)
        await store.publish(template, [kit.release(template, release_id=kit.release_id)])
        batch = []
        for n in range(30):
            kit.clock.advance(MINUTE)
            batch.append(
                kit.new(
                    recipient=f"{'uU'[n % 2]}{n % 3}@example.net",
                    tags=("even",) if n % 2 == 0 else (),
                    correlation=f"{'order' if n % 4 else 'Order'}-{n % 5}",
                    live=n % 10 != 0,
                    template_id=kit.template_id if n % 2 else None,
                    release_id=kit.release_id if n % 2 else None,
                )
            )
        await store.accept(batch)
        await store.accept([kit.new(workspace_id=kit.ids(), tags=("even",), recipient="u1@example.net")])

        async def found(**filters: object) -> list[int]:
            query = MessageQuery(kit.workspace, **filters)  # type: ignore[arg-type]  # the filters of each case
            numbers = {one.id: n for n, one in enumerate(batch)}
            return [numbers[one.id] for one in (await store.search(query, kit.clock.now())).messages]

        newest = list(range(29, -1, -1))
        assert await found() == newest
        assert await found(recipient="u1@example.net") == [n for n in newest if n % 3 == 1]
        assert await found(tag="even") == [n for n in newest if n % 2 == 0]
        assert await found(correlation="order-2") == [n for n in newest if n % 5 == 2]
        assert await found(recipient="U1@Example.NET", correlation="ORDER-2") == [n for n in newest if n % 15 == 7]
        assert await found(live=False) == [20, 10, 0]
        assert await found(template_key="order-confirmation") == [n for n in newest if n % 2]
        assert await found(template_key="unknown") == []
        assert await found(since=batch[10].created_at, until=batch[20].created_at) == list(range(19, 9, -1))
        assert await found(tag="even", recipient="u0@example.net", status=Status.QUEUED) == [24, 18, 12, 6, 0]
        assert await found(tag="even", limit=4) == [28, 26, 24, 22]
        assert await found(tag="even", limit=4, before=batch[22].id) == [20, 18, 16, 14]

    async def test_by_words_of_what_was_handed_over(self, store: Store, kit: Kit) -> None:
        """All words must be there; with other filters too; the position moves once, and words are kept once."""
        batch = [kit.new(recipient=f"u{n % 3}@example.net") for n in range(12)]
        await store.accept(batch)
        settled = [kit.settle(one) for one in await kit.claim(store, 12)]
        await store.record(settled)
        end = await store.stream_end()
        handed = await store.handed_between(0, end)
        assert {one.message_id for one in handed} == {one.id for one in batch}
        words = [(1, one.id) for one in batch] + [(2, one.id) for one in batch[::2]] + [(3, batch[4].id)]
        assert await store.keep_words(0, end, words)
        assert not await store.keep_words(0, end, words)
        assert await store.words_position() == end

        async def found(*words: int, **filters: object) -> list[int]:
            query = MessageQuery(kit.workspace, words=words, **filters)  # type: ignore[arg-type]  # the filters of each case
            numbers = {one.id: n for n, one in enumerate(batch)}
            return [numbers[one.id] for one in (await store.search(query, kit.clock.now())).messages]

        assert await found(1) == list(range(11, -1, -1))
        assert await found(1, 2) == [10, 8, 6, 4, 2, 0]
        assert await found(2, 3) == await found(3, 2, 1) == [4]
        assert await found(4) == await found(1, 4) == []
        assert await found(2, recipient="u0@example.net", status=Status.SENT) == [6, 0]
        assert await found(1, limit=2, before=batch[5].id) == [4, 3]
        stranger = MessageQuery(kit.ids(), words=(1,))
        assert (await store.search(stranger, kit.clock.now())).messages == []

    async def test_by_status(self, store: Store, kit: Kit) -> None:
        """Every status finds exactly its messages, pending and ended."""
        for status in (Status.SENT, Status.BOUNCED, Status.UNKNOWN, Status.DEFERRED, Status.HELD):
            new = kit.new()
            await store.accept([new])
            (claimed,) = await kit.claim(store)
            later = kit.clock.now() + HOUR if status is Status.DEFERRED else None
            assert await store.record([kit.settle(claimed, status, next_at=later)]) == [True]
        sending = kit.new()
        await store.accept([sending])
        await kit.claim(store)
        cancelled = kit.new()
        await store.accept([cancelled])
        await store.cancel(kit.workspace, cancelled.id, kit.clock.now())
        await store.accept([kit.new(), kit.new(due_at=kit.clock.now() + HOUR)])
        now = kit.clock.now()
        expected = {Status.SENT, Status.BOUNCED, Status.UNKNOWN, Status.DEFERRED, Status.HELD, Status.SENDING}
        expected |= {Status.CANCELLED, Status.QUEUED, Status.SCHEDULED}
        for status in Status:
            found = await store.search(MessageQuery(kit.workspace, status=status), now)
            statuses = [one.status for one in found.messages]
            assert statuses == ([status] if status in expected else []), status
        kit.clock.advance(LEASE + SECOND)
        queued = await store.search(MessageQuery(kit.workspace, status=Status.QUEUED), kit.clock.now())
        assert sending.id in {one.id for one in queued.messages}
