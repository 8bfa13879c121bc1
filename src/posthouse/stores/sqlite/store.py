"""The default store: one SQLite file in the data folder, for every process of one machine."""

import asyncio
import queue
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection

from posthouse.core.analytics.model import Fact, Step
from posthouse.core.delivery.model import Claimed, LaneDepth, Settlement
from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import AcceptResult, Event, Lane, NewMessage
from posthouse.core.tracking.model import Tracked
from posthouse.stores.shared.queue import EXACT_DEPTH, depth
from posthouse.stores.shared.store import SharedStore
from posthouse.stores.sqlite import accept, claim, record, rollups, tracking
from posthouse.stores.sqlite.bell import EVENTS, Bell
from posthouse.stores.sqlite.checkpoint import Checkpointer
from posthouse.stores.sqlite.connection import Handle, check_durable, connect_reader, connect_writer
from posthouse.stores.sqlite.files import backup, prepare
from posthouse.stores.sqlite.kernel_clock import kernel_now
from posthouse.stores.sqlite.threads import Job, Work, Worker, Writer
from posthouse.stores.sqlite.ticket import WriteTicket

P = ParamSpec("P")
T = TypeVar("T")

FILE: Final = "posthouse.db"
READERS: Final = 2
_STREAM_END: Final = "SELECT coalesce(max(seq), 0) FROM events"
_GENERATION: Final = "SELECT number FROM meta WHERE name = 'settings_generation'"
_SUPPRESSION_GENERATION: Final = "SELECT number FROM meta WHERE name = 'suppression_generation'"
_PING: Final = """
INSERT INTO meta (name, number) VALUES ('ping', 1) ON CONFLICT (name) DO UPDATE SET number = number + 1
"""
_COUNT_LANE: Final = "SELECT count(*) FROM queue WHERE held = 0 AND lane = ?"
_ESTIMATE_AGE: Final = 30 * SECOND


class SqliteStore(SharedStore):
    """Implements every port of the core on SQLite in WAL mode with ``synchronous=FULL``.

    Args:
        folder: the data folder; made when missing.
        clock: the time, for names of backup files and the age of estimates.
        shard: a small number of this process, so that processes count in rows of their own.
        unsafe: commit without waiting for the disk. Loses answered messages in a power cut; for tests that prove it.
    """

    def __init__(self, folder: Path, *, clock: Clock, shard: int = 0, unsafe: bool = False) -> None:
        super().__init__(shard, self._ring_for_events)
        self._folder = folder
        self._path = folder / FILE
        self._clock = clock
        self._unsafe = unsafe
        self._to_write: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._to_read: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._claimer = claim.Claimer()
        self._threads: list[Worker] = []
        self._estimate: dict[int, int] = {}
        self._estimated_at: int | None = None

    async def open(self) -> None:
        """Makes or migrates the file and starts the threads.

        Raises:
            StoreRefusedError: a newer schema, or a file that could lose what was answered.
            UnavailableError: the file cannot be opened just now.
        """
        await asyncio.to_thread(prepare, self._path, self._clock, unsafe=self._unsafe)
        self._bell = Bell(self._folder / "run")
        self._events_bell = Bell(self._folder / "run", EVENTS)
        self._inline = connect_reader(self._path)
        self._checkpointer = Checkpointer(self._path, unsafe=self._unsafe)
        self._writer = Writer(
            self._to_write, self._writing_handle, WriteTicket(self._folder), self._checkpointer.changed
        )
        readers = [Worker(f"store-reader-{n}", self._to_read, self._reading_handle) for n in range(READERS)]
        self._threads = [self._writer, *readers]
        for thread in (*self._threads, self._checkpointer):
            thread.start()

    async def close(self) -> None:
        """Finishes what was begun and lets go of the file. Again is fine."""
        if not self._threads:
            return
        self._told.stop()
        self._to_write.put(None)
        for _ in range(READERS):
            self._to_read.put(None)
        self._checkpointer.stop()
        for thread in (*self._threads, self._checkpointer):
            await asyncio.to_thread(thread.join)
        self._threads = []
        self._inline.close()
        self._bell.close()
        self._events_bell.close()

    # --- hot doors

    async def generation(self) -> int:
        """See WorkspaceStore. Read in place: it costs less than asking a thread."""
        row = self._inline.execute(_GENERATION).fetchone()
        return int(row[0]) if row else 0

    async def suppression_generation(self) -> int:
        """See SuppressionStore. Read in place: it costs less than asking a thread."""
        row = self._inline.execute(_SUPPRESSION_GENERATION).fetchone()
        return int(row[0]) if row else 0

    async def accept(self, batch: Sequence[NewMessage]) -> list[AcceptResult]:
        """See MessageStore."""
        if not batch:
            return []
        rows = [accept.message_row(one) for one in batch]

        def work(handle: Handle) -> list[AcceptResult]:
            return accept.accept(handle.raw, self._shard, batch, rows)

        answers = await self._do(self._to_write, work)
        self._bell.ring()
        self._told.ring()
        return answers

    async def claim(self, lanes: Sequence[tuple[Lane, int]], *, now: int, until: int, lease: int) -> list[Claimed]:
        """See QueueStore."""

        def take(handle: Handle) -> list[claim.Taken]:
            return self._claimer.take(handle.raw, lanes, now=now, until=until, lease=lease)

        def read(handle: Handle) -> list[Claimed]:
            return claim.read_claimed(handle.raw, taken, lease)

        taken = await self._do(self._to_write, take)
        return await self._do(self._to_read, read) if taken else []

    async def extend(self, held: Sequence[tuple[Id, int]], until: int) -> set[Id]:
        """See QueueStore."""
        if not held:
            return set()

        def work(handle: Handle) -> set[Id]:
            return claim.extend(handle.raw, held, until)

        return await self._do(self._to_write, work)

    async def record(self, batch: Sequence[Settlement]) -> list[bool]:
        """See QueueStore."""
        if not batch:
            return []

        def work(handle: Handle) -> list[bool]:
            return record.record(handle.raw, self._shard, batch)

        effects = await self._do(self._to_write, work)
        self._told.ring()
        if record.someone_may_begin(batch):
            self._bell.ring()
        return effects

    async def tracked(self, message_ids: Sequence[Id]) -> dict[Id, Tracked]:
        """See TrackingStore."""
        return await self._do(self._to_read, lambda handle: tracking.tracked(handle.raw, message_ids))

    async def variables_of(self, message_ids: Sequence[Id]) -> dict[Id, bytes]:
        """See TrackingStore."""
        return await self._do(self._to_read, lambda handle: tracking.variables_of(handle.raw, message_ids))

    async def add_hits(self, events: Sequence[Event], messages: Mapping[Id, Tracked]) -> None:
        """See TrackingStore."""
        await self._do(self._to_write, lambda handle: tracking.add_hits(handle.raw, self._shard, events, messages))
        self._told.ring()

    async def wake(self, seconds: float) -> bool:
        """See QueueStore."""
        return await self._bell.wait(seconds)

    async def stream_end(self) -> int:
        """See StreamStore. One writer at a time: what is committed later stands behind. Read in place, like the generation."""
        return int(self._inline.execute(_STREAM_END).fetchone()[0])

    async def stream_wake(self, seconds: float) -> bool:
        """See StreamStore."""
        return await self._events_bell.wait(seconds)

    async def rollup_facts(self, after: int, until: int) -> list[Fact]:
        """See RollupStore."""
        return await self._do(self._to_read, lambda handle: rollups.facts(handle.raw, after, until))

    async def keep_rollup(self, edition: int, since: int, until: int, step: Step) -> bool:
        """See RollupStore."""
        rows = rollups.Rows(edition, step)  # made before the ticket is taken
        return await self._do(self._to_write, lambda handle: rollups.keep(handle.raw, rows, since, until))

    async def depth(self, now: int) -> list[LaneDepth]:
        """See QueueStore. Beyond 10,000 a lane the number is at most half a minute old."""
        found = await self._read(depth, now, self._estimate)
        if any(lane.ready + lane.later > EXACT_DEPTH for lane in found) and self._estimate_is_old():
            self._estimate = await self._do(self._to_read, _count_lanes)
            self._estimated_at = self._clock.monotonic()
            found = await self._read(depth, now, self._estimate)
        return found

    # --- maintenance

    async def ping(self) -> None:
        """See MaintenanceStore."""

        def work(handle: Handle) -> None:
            handle.raw.execute(_PING)

        await self._do(self._to_write, work)

    async def check_durability(self) -> None:
        """See MaintenanceStore."""

        def work(handle: Handle) -> None:
            check_durable(handle.raw, unsafe=self._unsafe)

        await self._do(self._to_write, work)

    async def backup(self, path: Path) -> None:
        """See MaintenanceStore."""
        await asyncio.to_thread(backup, self._path, path)

    async def clock_reading(self) -> int | None:
        """See MaintenanceStore: SQLite has no clock but the machine's, asked of the kernel itself."""
        return kernel_now()

    # --- primitives

    async def _read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._do(self._to_read, lambda handle: work(handle.sql, *args, **kwargs))

    async def _write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._do(self._to_write, lambda handle: work(handle.sql, *args, **kwargs))

    async def _wipe(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Overwrites what it removes (sqlite.org, "PRAGMA secure_delete"); nobody else pays for that."""

        def wiping(handle: Handle) -> T:
            handle.raw.execute("PRAGMA secure_delete=ON")
            try:
                return work(handle.sql, *args, **kwargs)
            finally:
                handle.raw.execute("PRAGMA secure_delete=OFF")

        return await self._do(self._to_write, wiping)

    async def _notify(self) -> None:
        self._bell.ring()

    def _ring_for_events(self) -> None:
        self._events_bell.ring()

    async def _do(self, jobs: "queue.SimpleQueue[Job | None]", work: Work[T]) -> T:
        if not self._threads:
            raise UnavailableError("the store is closed")
        job = Job(work)
        jobs.put(job)
        answer: T = await job.result()
        return answer

    def _writing_handle(self) -> Handle:
        return Handle(connect_writer(self._path, unsafe=self._unsafe))

    def _reading_handle(self) -> Handle:
        return Handle(connect_reader(self._path))

    def _estimate_is_old(self) -> bool:
        return self._estimated_at is None or self._clock.monotonic() - self._estimated_at > _ESTIMATE_AGE


def _count_lanes(handle: Handle) -> dict[int, int]:
    return {int(lane): handle.raw.execute(_COUNT_LANE, (int(lane),)).fetchone()[0] for lane in Lane}
