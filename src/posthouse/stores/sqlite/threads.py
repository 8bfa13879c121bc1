"""The threads that do the store's work, and how coroutines give it to them.

One thread writes. What arrives while it waits for its turn or commits is taken together into the next transaction, each
piece of work in its own savepoint: one wait for the disk serves all of them.
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias, TypeVar

from posthouse.core.kernel.errors import PosthouseError, UnavailableError
from posthouse.stores.sqlite.connection import Handle, explained
from posthouse.stores.sqlite.ticket import WriteTicket

T = TypeVar("T")
Work: TypeAlias = Callable[[Handle], T]

PATIENCE: Final = 30.0
"""Seconds that work may wait to be begun (another process holds the ticket and does not move)."""
TOGETHER: Final = 64
"""Pieces of work in one transaction, at most."""


class Job:
    """A piece of work, and the future that waits for it."""

    __slots__ = ("_abandoned", "_begun", "_future", "_lock", "_loop", "_timer", "error", "value", "work")

    def __init__(self, work: Work[Any], patience: float = PATIENCE) -> None:
        self.work = work
        self.value: Any = None
        self.error: Exception | None = None
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[Any] = self._loop.create_future()
        self._lock = threading.Lock()
        self._abandoned = False
        self._begun = False
        self._timer = self._loop.call_later(patience, self._abandon)

    def begin(self) -> bool:
        """Said by the thread before it starts. False: nobody waits any more."""
        with self._lock:
            self._begun = not self._abandoned
            return self._begun

    async def result(self) -> Any:
        """What the work came to."""
        return await self._future

    def done(self) -> None:
        """Said by the thread once ``value`` or ``error`` is set and durable."""
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
            self._loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._timer.cancel()
        if self._future.done():
            return
        if self.error is not None:
            self._future.set_exception(self.error)
        else:
            self._future.set_result(self.value)

    def _abandon(self) -> None:
        """Gives up what was not begun: nothing of it will be kept. What was begun comes to its end."""
        with self._lock:
            if self._begun:
                return
            self._abandoned = True
        self.error = UnavailableError(
            "the store did not come to it in time: another process holds the write ticket; "
            "find it with `posthouse doctor`"
        )
        self._settle()


class Worker(threading.Thread):
    """A thread with a connection of its own that does jobs until it is told to stop."""

    def __init__(self, name: str, jobs: "queue.SimpleQueue[Job | None]", connect: Callable[[], Handle]) -> None:
        super().__init__(name=name, daemon=True)
        self._jobs = jobs
        self.handle = connect()

    def run(self) -> None:
        """The life of the thread."""
        while (job := self._jobs.get()) is not None:
            self.do(job)
        self.handle.close()

    def do(self, job: Job) -> None:
        """Reads in one snapshot."""
        raw = self.handle.raw
        if not job.begin():
            return
        try:
            raw.execute("BEGIN")
            job.value = job.work(self.handle)
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            job.error = explained(error)
        finally:
            if raw.in_transaction:
                raw.execute("ROLLBACK")
        job.done()


class Writer(Worker):
    """The thread that writes. ``committed`` is called after each commit with the number of rows it changed."""

    def __init__(
        self,
        jobs: "queue.SimpleQueue[Job | None]",
        connect: Callable[[], Handle],
        ticket: WriteTicket,
        committed: Callable[[int], None],
    ) -> None:
        super().__init__("store-writer", jobs, connect)
        self._ticket = ticket
        self._committed = committed
        self._stopping = False

    def run(self) -> None:
        """The life of the thread."""
        while not self._stopping and (first := self._jobs.get()) is not None:
            with self._ticket:
                jobs = self._waiting(first)
                changed = self._transaction(jobs)
            if changed:
                self._committed(changed)
            for job in jobs:
                job.done()
        self._ticket.close()
        self.handle.close()

    def _waiting(self, first: Job) -> list[Job]:
        """The job and those that came meanwhile."""
        jobs = [first] if first.begin() else []
        with contextlib.suppress(queue.Empty):
            while len(jobs) < TOGETHER:
                job = self._jobs.get_nowait()
                if job is None:
                    self._stopping = True
                    break
                if job.begin():
                    jobs.append(job)
        return jobs

    def _transaction(self, jobs: Sequence[Job]) -> int:
        """All jobs or none are durable when this returns; a job that fails alone is undone alone."""
        raw = self.handle.raw
        before = raw.total_changes
        try:
            raw.execute("BEGIN IMMEDIATE")
            if len(jobs) == 1:
                jobs[0].value = jobs[0].work(self.handle)
            else:
                for job in jobs:
                    self._one_of_many(job)
            raw.execute("COMMIT")
        except Exception as error:  # noqa: BLE001 - handed to whoever waits
            self._undo(jobs, explained(error))
            return 0
        return raw.total_changes - before

    def _one_of_many(self, job: Job) -> None:
        raw = self.handle.raw
        raw.execute("SAVEPOINT job")
        try:
            job.value = job.work(self.handle)
        except Exception as error:
            job.error = explained(error)
            if isinstance(job.error, UnavailableError) or not raw.in_transaction:
                raise  # the database itself failed: nobody's work can be trusted to be complete
            raw.execute("ROLLBACK TO job")
        raw.execute("RELEASE job")

    def _undo(self, jobs: Sequence[Job], error: Exception) -> None:
        raw = self.handle.raw
        if raw.in_transaction:
            with contextlib.suppress(Exception):
                raw.execute("ROLLBACK")
        alone = len(jobs) == 1
        for job in jobs:
            if alone or isinstance(error, PosthouseError):
                job.error = error
            elif job.error is None:
                job.error = UnavailableError("the transaction was undone because of another part of it; try again")
