"""Live followers: one reader for all, bounded memory, nobody held up."""

import asyncio
from typing import Any

from tests.unit.http.fake_stream import FakeStream

from posthouse.core.messages.following import Hub
from posthouse.core.messages.model import Channel, Event, EventType
from posthouse.core.messages.stream import StreamQuery, Told

ONE = Told(Event(b"m" * 16, b"w" * 16, EventType.SENT, 0), True, Channel.EMAIL, None, None, ())


class CountingStream(FakeStream):
    """Counts how often it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    async def stream(self, query: StreamQuery, until: int) -> list[Told]:
        self.reads += 1
        return await super().stream(query, until)


def number(told: Told) -> bytes:
    return b"%d" % told.event.seq


async def take(pieces: Any, count: int) -> list[int]:
    found: list[int] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            if piece := await anext(pieces):
                found.append(int(piece))
    return found


async def test_many_followers_cost_one_reader() -> None:
    """Fifty follow: the store is read once for each batch, not fifty times."""
    source = CountingStream()
    hub = Hub(source, number)
    followers = [hub.follow(StreamQuery(), 0.01) for _ in range(50)]
    assert [await anext(one) for one in followers] == [b""] * 50
    source.add(*[ONE] * 20)
    assert [await take(one, 20) for one in followers] == [list(range(1, 21))] * 50
    assert source.reads <= 3
    for one in followers:
        await one.aclose()
    assert hub.followers == 0


async def test_whoever_does_not_take_is_let_go_and_the_others_go_on() -> None:
    """No more than its room waits for a slow one; it comes back with the last it has and misses nothing."""
    source = FakeStream()
    hub = Hub(source, number, room=10)
    slow, quick = hub.follow(StreamQuery(), 0.01), hub.follow(StreamQuery(), 0.01)
    assert (await anext(slow), await anext(quick)) == (b"", b"")
    found = []
    for _ in range(10):
        source.add(*[ONE] * 5)
        found += await take(quick, 5)
    assert found == list(range(1, 51))
    assert hub.followers == 1
    assert [piece async for piece in slow] == []
    again = hub.follow(StreamQuery(after=3), 0.01)
    assert await take(again, 47) == list(range(4, 51))
    await again.aclose()
    await quick.aclose()


async def test_a_reader_that_dies_lets_everybody_go() -> None:
    """An event that cannot be shown: whoever follows comes back instead of waiting for what never comes."""

    def broken(told: Told) -> bytes:
        raise ValueError(told.event.seq)

    source = FakeStream()
    hub = Hub(source, broken)
    following = hub.follow(StreamQuery(), 0.01)
    assert await anext(following) == b""
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["message"]))
    source.add(ONE)
    async with asyncio.timeout(5):
        assert [piece async for piece in following if piece] == []


async def test_joining_late_neither_skips_nor_repeats() -> None:
    """A follower that catches up while others are served: each event once."""
    source = FakeStream()
    hub = Hub(source, number)
    first = hub.follow(StreamQuery(), 0.01)
    await anext(first)
    source.add(*[ONE] * 30)
    assert await take(first, 30) == list(range(1, 31))
    late = hub.follow(StreamQuery(after=5), 0.01)
    taking = asyncio.create_task(take(late, 65))
    for _ in range(20):
        source.add(*[ONE] * 2)
        await asyncio.sleep(0)
    assert await taking == list(range(6, 71))
    await first.aclose()
    await late.aclose()


async def test_what_the_reader_handed_out_before_a_follower_joined_is_told_too() -> None:
    """It was catching up, slowly, while the reader went on for others."""
    source = FakeStream()
    hub = Hub(source, number)
    first = hub.follow(StreamQuery(), 0.01)
    await anext(first)
    source.add(*[ONE] * 3)
    assert await take(first, 3) == [1, 2, 3]
    late = hub.follow(StreamQuery(), 0.01)
    assert await take(late, 1) == [1]
    source.add(*[ONE] * 2)
    assert await take(first, 2) == [4, 5]
    assert await take(late, 4) == [2, 3, 4, 5]
    await first.aclose()
    await late.aclose()


async def test_a_hub_that_closes_ends_every_stream() -> None:
    """So that a stop need not wait for clients that never leave."""
    hub = Hub(FakeStream(), number)
    following = hub.follow(StreamQuery(), 0.01)
    await anext(following)
    hub.close()
    async with asyncio.timeout(1):
        assert [piece async for piece in following] == []
        assert [piece async for piece in hub.follow(StreamQuery(), 0.01)] == []
