"""The contract of the stream of events."""

import asyncio
import time

import msgspec

from posthouse.core.messages import stream
from posthouse.core.messages.model import Event, EventType, Status
from posthouse.core.messages.stream import StreamQuery, Told
from posthouse.testing.store_kit import Kit, OpenStore, Store


async def read_all(store: Store, query: StreamQuery) -> list[Told]:
    """Every event from a cursor on, page by page."""
    found: list[Told] = []
    while True:
        page = await stream.read(store, query)
        assert len(page.items) <= query.limit
        assert page.cursor >= query.after
        found += page.items
        if not page.more:
            return found
        query = msgspec.structs.replace(query, after=page.cursor)


class StoreContractStream:
    """Events of all messages in one order."""

    async def test_the_stream_has_each_event_once_and_in_order(self, store: Store, kit: Kit) -> None:
        """Whatever the size of the pages: every event that was written, once, by rising numbers."""
        await store.accept([kit.new() for _ in range(7)])
        claimed = await kit.claim(store)
        await store.record([kit.settle(one) for one in claimed[:4]])
        await store.append([Event(claimed[0].id, kit.workspace, EventType.RESENT, kit.clock.now(), "k", {"a": 1})])
        for limit in (1, 3, 100):
            found = await read_all(store, StreamQuery(limit=limit, workspace_id=kit.workspace))
            assert len(found) == 12
            numbers = [one.event.seq for one in found]
            assert numbers == sorted(set(numbers))
        assert found[-1].event.data == {"a": 1}

    async def test_an_event_is_told_with_what_finds_its_message(self, store: Store, kit: Kit) -> None:
        """Template, mode, correlation and tags; no address and no variables."""
        template = kit.template(version=1)
        await store.publish(template, [kit.release(template)])
        await store.accept([kit.new(tags=("a", "b"), correlation="A-1", live=False)])
        (told,) = await read_all(store, StreamQuery(workspace_id=kit.workspace))
        assert (told.template_key, told.live, told.tags, told.correlation) == (
            "order-confirmation",
            False,
            ("a", "b"),
            "A-1",
        )
        shown = msgspec.json.encode(stream.document(told))
        assert b"ann@" not in shown.lower()
        assert b"number" not in shown

    async def test_every_filter_is_heeded(self, store: Store, kit: Kit) -> None:
        """Workspace, mode, message, types and templates, alone and together."""
        template = kit.template(version=1)
        await store.publish(template, [kit.release(template)])
        stranger, own, test, bare = (
            kit.new(workspace_id=kit.ids()),
            kit.new(),
            kit.new(live=False),
            kit.new(template_id=None),
        )
        await store.accept([stranger, own, test, bare])
        claimed = await kit.claim(store)
        await store.record([kit.settle(one, Status.BOUNCED) for one in claimed])
        mine = StreamQuery(workspace_id=kit.workspace)
        for changes, expected in (
            ({}, {own.id, test.id, bare.id}),
            ({"live": True}, {own.id, bare.id}),
            ({"live": False}, {test.id}),
            ({"message_id": own.id}, {own.id}),
            ({"message_id": stranger.id}, set()),
            ({"templates": frozenset({"order-confirmation"})}, {own.id, test.id}),
            ({"templates": frozenset({"order-confirmation"}), "live": True}, {own.id}),
        ):
            query = msgspec.structs.replace(mine, **changes)
            found = await read_all(store, query)
            assert {one.event.message_id for one in found} == expected
            assert len(found) == 2 * len(expected)
            assert all(stream.matches(one, query) for one in found)
            bounced = msgspec.structs.replace(query, types=frozenset({EventType.BOUNCED}))
            assert {one.event.type for one in await read_all(store, bounced)} <= {EventType.BOUNCED}
            assert [one for one in found if stream.matches(one, bounced)] == await read_all(store, bounced)
        assert {one.event.message_id for one in await read_all(store, StreamQuery())} >= {stranger.id, own.id}

    async def test_reading_while_others_write_misses_nothing(
        self, store: Store, open_store: OpenStore, kit: Kit
    ) -> None:
        """Four writers through two stores, a reader that goes on from its cursor all the while: each event once."""
        other = await open_store()
        written: list[bytes] = []
        done = asyncio.Event()

        async def write(through: Store) -> None:
            for _ in range(15):
                batch = [kit.new() for _ in range(3)]
                await through.accept(batch)
                written.extend(one.id for one in batch)

        async def follow() -> list[bytes]:
            query, found = StreamQuery(limit=5), []
            while True:
                last_look = done.is_set()
                page = await stream.read(store, query)
                found += [one.event.message_id for one in page.items]
                query = msgspec.structs.replace(query, after=page.cursor)
                if last_look and not page.more:
                    return found
                await asyncio.sleep(0)  # a store may answer without letting anybody else run

        reading = asyncio.create_task(follow())
        await asyncio.gather(*(write(through) for through in (store, other, store, other)))
        done.set()
        found = await reading
        assert len(found) == len(set(found))
        assert set(found) == set(written)

    async def test_writing_wakes_whoever_follows_the_stream(
        self, store: Store, open_store: OpenStore, kit: Kit
    ) -> None:
        """In another process too, by accept and by record, within a quarter of a second."""
        other = await open_store()

        async def quiet() -> None:
            while await other.stream_wake(0.3):
                pass

        await quiet()
        began = time.monotonic()
        await store.accept([kit.new()])
        assert await other.stream_wake(5) is True
        (claimed,) = await kit.claim(store)
        await quiet()
        recorded = time.monotonic()
        await store.record([kit.settle(claimed)])
        assert await other.stream_wake(5) is True
        assert time.monotonic() - recorded < 0.25 + (recorded - began)

    async def test_many_writes_ring_seldom(self, store: Store, kit: Kit) -> None:
        """Whoever follows is woken a few times a second, not for each commit."""
        while await store.stream_wake(0.3):
            pass
        began, woken = time.monotonic(), 0
        writing = asyncio.create_task(_write_for(store, kit, 0.5))
        while time.monotonic() - began < 1.0:
            woken += await store.stream_wake(0.2)
        await writing
        assert 1 <= woken <= 15


async def _write_for(store: Store, kit: Kit, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await store.accept([kit.new()])
