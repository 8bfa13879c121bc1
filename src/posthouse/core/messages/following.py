"""Following the stream live: many followers share one reader, and none of them can hold it up or make it remember without bound.

A follower first catches up by pages of its own, then joins the reader. Whoever does not take what is handed out is let go; it comes back
with the last event that it has, and nothing is lost.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Final

import msgspec

from posthouse.core.kernel.errors import PosthouseError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages import stream
from posthouse.core.messages.stream import StreamQuery, StreamStore, Told

MOST: Final = 200
"""Followers of one process."""
MOST_OF_ONE: Final = 20
"""Of them, those of one key."""
ROOM: Final = 1_000
"""Events that may wait for one follower."""
PAGE: Final = 500
IDLE: Final = 1.0
"""Seconds after which the reader looks though nobody rang: a ring can be lost."""


class TooManyStreamsError(PosthouseError):
    """Too many live streams."""

    slug = "too-many-streams"
    status = 429


class Frame(msgspec.Struct, frozen=True):
    """One event, made ready once for all who follow."""

    told: Told
    body: bytes


class _Follower:
    """What waits for one of them."""

    def __init__(self, query: StreamQuery, room: int) -> None:
        self.query = query
        self.waiting: asyncio.Queue[Frame | None] = asyncio.Queue(room + 1)
        self.lost = False


class Hub:
    """Hands out events of one process's store as they happen.

    Args:
        store: the stream.
        frame: makes an event ready for the wire.
        room: how many events may wait for one follower.
    """

    def __init__(self, store: StreamStore, frame: Callable[[Told], bytes], *, room: int = ROOM) -> None:
        self._store = store
        self._frame = frame
        self._room = room
        self._followers: set[_Follower] = set()
        self._seats: Counter[Id] = Counter()
        self._position = 0
        self._reader: asyncio.Task[None] | None = None
        self._closed = False

    @contextlib.contextmanager
    def seat(self, key_id: Id) -> Iterator[None]:
        """A place for one follower.

        Raises:
            TooManyStreamsError: there is none left, in this process or for this key.
        """
        if self._seats.total() >= MOST or self._seats[key_id] >= MOST_OF_ONE:
            raise TooManyStreamsError(
                f"A key may hold {MOST_OF_ONE} live streams and a process {MOST}; close one, or read pages with GET /v1/events?after=."
            )
        self._seats[key_id] += 1
        try:
            yield
        finally:
            self._seats[key_id] -= 1

    @property
    def followers(self) -> int:
        """How many there are."""
        return len(self._followers)

    def close(self) -> None:
        """Lets everybody go: the process is about to end."""
        self._closed = True
        for follower in list(self._followers):
            self._let_go(follower)
        if self._reader is not None:
            self._reader.cancel()

    async def follow(self, query: StreamQuery, every: float) -> AsyncGenerator[bytes, None]:
        """The events after ``query.after`` that match, for ever; an empty piece after so many seconds without one.

        Ends when the follower is too slow or the hub is closed.

        Raises:
            UnavailableError: the store cannot be asked, while catching up.
        """
        query = msgspec.structs.replace(query, limit=PAGE)
        more = True
        while more and not self._closed:
            page = await stream.read(self._store, query)
            for told in page.items:
                yield self._frame(told)
            query, more = msgspec.structs.replace(query, after=page.cursor), page.more
        follower = _Follower(query, self._room)
        joined_at = self._join(follower)
        try:
            if joined_at > query.after:  # what the reader had handed out before we came
                rest = msgspec.structs.replace(query, limit=stream.WINDOW)
                for told in await self._store.stream(rest, joined_at):
                    yield self._frame(told)
            while (frame := await _next(follower, every)) is not None or not follower.lost:
                if frame is None:
                    yield b""
                elif frame.told.event.seq > query.after:
                    yield frame.body
        finally:
            self._leave(follower)

    def _join(self, follower: _Follower) -> int:
        """From here on the reader offers every later event; up to where it has read."""
        if self._closed:
            self._let_go(follower)
            return follower.query.after
        self._followers.add(follower)
        if self._reader is None or self._reader.done():
            self._position = follower.query.after
            self._reader = asyncio.create_task(self._read(), name="event-stream-reader")
        return self._position

    def _leave(self, follower: _Follower) -> None:
        self._followers.discard(follower)
        if not self._followers and self._reader is not None:
            self._reader.cancel()
            self._reader = None

    def _let_go(self, follower: _Follower) -> None:
        follower.lost = True
        self._followers.discard(follower)
        while not follower.waiting.empty():
            follower.waiting.get_nowait()
        follower.waiting.put_nowait(None)

    async def _read(self) -> None:
        try:
            await self._read_forever()
        except Exception:  # a defect: nobody would hear anything more, and nobody would know
            for follower in list(self._followers):
                self._let_go(follower)
            raise

    async def _read_forever(self) -> None:
        while True:
            try:
                page = await stream.read(self._store, StreamQuery(after=self._position, limit=PAGE))
            except PosthouseError:
                await asyncio.sleep(IDLE)
                continue
            for told in page.items:
                self._offer(told)
            self._position = page.cursor
            if not page.more:
                await self._store.stream_wake(IDLE)

    def _offer(self, told: Told) -> None:
        frame: Frame | None = None
        for follower in list(self._followers):
            if not stream.matches(told, follower.query):
                continue
            if follower.waiting.qsize() >= self._room:
                self._let_go(follower)
                continue
            frame = frame or Frame(told, self._frame(told))
            follower.waiting.put_nowait(frame)


async def _next(follower: _Follower, seconds: float) -> Frame | None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            return await follower.waiting.get()
    return None
