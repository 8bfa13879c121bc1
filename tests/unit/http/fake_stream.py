"""The stream of events without a store."""

import asyncio
import contextlib

import msgspec

from posthouse.core.messages import stream
from posthouse.core.messages.stream import StreamQuery, Told


class FakeStream:
    """Events in a list; ``add`` wakes whoever follows."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.news = asyncio.Event()
        self.followed = asyncio.Event()
        """Set once somebody was let in and asked."""

    def add(self, *told: Told) -> None:
        for one in told:
            event = msgspec.structs.replace(one.event, seq=len(self.told) + 1)
            self.told.append(msgspec.structs.replace(one, event=event))
        self.news.set()

    async def stream_end(self) -> int:
        self.followed.set()
        return len(self.told)

    async def stream(self, query: StreamQuery, until: int) -> list[Told]:
        return [one for one in self.told[query.after : until] if stream.matches(one, query)][: query.limit]

    async def stream_wake(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.news.wait()
            self.news.clear()
            return True
        return False
