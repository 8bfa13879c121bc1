"""One endpoint's line: what to tell it next, and what its answers mean.

New events are told in the order of the stream, up to eight at a time. What fails waits for its next turn while later events go on, until
fifty wait: then nothing new is begun until some of them went well, so a receiver that is down costs fifty rows and not its whole backlog.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.ids import IdSource
from posthouse.core.messages import stream
from posthouse.core.messages.stream import StreamQuery, StreamStore, Told
from posthouse.core.webhooks import schedule
from posthouse.core.webhooks.model import Attempt, Endpoint, Line, Pause, Posted, Result, Step, Waiting
from posthouse.core.webhooks.ports import WebhookStore
from posthouse.core.webhooks.requests import Requests
from posthouse.core.webhooks.service import query_of

AT_ONCE: Final = 8
"""Requests under way to one endpoint."""
GROUP: Final = 50
"""Events of one turn, kept in one transaction."""
MOST_WAITING: Final = 50
LAZY: Final = 5_000
"""A cursor that moved over so many events that did not match is kept, so that a restart need not pass them again."""
SHOWN: Final = 4_000


class Watch(Protocol):
    """Hooks for metrics and logs; none of them waits or fails."""

    def attempted(self, endpoint: Endpoint, attempt: Attempt, seconds: float | None) -> None:
        """An attempt was made; for first ones, seconds since the event."""
        ...

    def paused(self, endpoint: Endpoint, why: Pause) -> None:
        """An endpoint is told nothing more."""
        ...


class _Job(NamedTuple):
    told: Told
    before: Waiting | None


class Means(NamedTuple):
    """What deliveries are made with."""

    store: WebhookStore
    generation: Callable[[], Awaitable[int]]
    """Grows with every change of settings."""
    events: StreamStore
    requests: Requests
    clock: Clock
    new_id: IdSource
    random: Callable[[], float]
    watch: Watch


class EndpointLine:
    """Tells one endpoint.

    Args:
        means: store, stream, requests…
        endpoint: whom.
        line: where it stands.
        token: proves that the line is ours.
    """

    def __init__(self, means: Means, endpoint: Endpoint, line: Line, token: int) -> None:
        self._means = means
        self._token = token
        self.endpoint = endpoint
        self._cursor = line.cursor
        self._kept = line.cursor
        self._waiting = line.waiting
        self._failing_since = line.failing_since
        self._succeeded_at = line.succeeded_at

    async def turn(self) -> bool:
        """Tells one group of events; whether there may be more to tell at once.

        Raises:
            UnavailableError: the store cannot be asked; nothing of this turn was kept, and it is told again.
            LineLostError: another process has the line.
        """
        jobs, erased, cursor, more = await self._next_jobs()
        if not jobs and not erased:
            await self._move(cursor)
            return more
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(job: _Job) -> tuple[_Job, Attempt, Posted]:
            async with gate:
                return await self._attempt(job)

        done = await asyncio.gather(*(one(job) for job in jobs))
        step = self._judge(cursor, done)
        step.done += erased
        await self._keep(step)
        return more or step.hurry_since is not None

    async def _next_jobs(self) -> tuple[list[_Job], list[int], int, bool]:
        """What is due again, then what is new; what was erased meanwhile; how far the stream was read; whether there is more."""
        due = await self._means.store.due(self.endpoint.id, self._means.clock.now(), GROUP)
        found = [(waiting, await self._event(waiting.seq)) for waiting in due]
        jobs = [_Job(told, waiting) for waiting, told in found if told is not None]
        erased = [waiting.seq for waiting, told in found if told is None]
        if len(due) == GROUP or self._waiting >= MOST_WAITING:
            return jobs, erased, self._cursor, len(due) == GROUP
        query = msgspec.structs.replace(query_of(self.endpoint), after=self._cursor, limit=GROUP)
        page = await stream.read(self._means.events, query)
        known = {job.told.event.seq for job in jobs}
        jobs += [_Job(told, None) for told in page.items if told.event.seq not in known]
        return jobs, erased, page.cursor, page.more

    async def _event(self, seq: int) -> Told | None:
        query = StreamQuery(after=seq - 1, limit=1, workspace_id=self.endpoint.workspace_id)
        found = await self._means.events.stream(query, seq)
        return found[0] if found else None

    async def _attempt(self, job: _Job) -> tuple[_Job, Attempt, Posted]:
        means, event = self._means, job.told.event
        document = stream.document(job.told)
        body = msgspec.json.encode(document)
        at = means.clock.now()
        posted = await means.requests.post(self.endpoint, document.id, body)
        number = (job.before.attempts if job.before else 0) + 1
        result, next_at = self._verdict(job, posted, number)
        attempt = Attempt(
            id=means.new_id(),
            workspace_id=self.endpoint.workspace_id,
            endpoint_id=self.endpoint.id,
            at=at,
            event=document.id,
            type=document.type,
            number=number,
            result=result,
            status=posted.status,
            error=posted.error,
            microseconds=posted.microseconds,
            request=body.decode()[:SHOWN],
            answer=posted.body,
            next_at=next_at,
        )
        means.watch.attempted(self.endpoint, attempt, None if job.before else max(0, at - event.at) / 1_000_000)
        return job, attempt, posted

    def _verdict(self, job: _Job, posted: Posted, number: int) -> tuple[Result, int | None]:
        if posted.status is not None and 200 <= posted.status < 300:
            return Result.DELIVERED, None
        now = self._means.clock.now()
        first_at = job.before.first_at if job.before else now
        following = schedule.next_at(now, first_at, number, self._means.random(), posted.retry_after)
        if posted.status == 410:
            return Result.GONE, following or now
        return (Result.FAILED, following) if following is not None else (Result.GIVEN_UP, None)

    def _judge(self, cursor: int, done: Sequence[tuple[_Job, Attempt, Posted]]) -> Step:
        """What this turn changes."""
        now = self._means.clock.now()
        good = [attempt for _, attempt, _ in done if attempt.result is Result.DELIVERED]
        step = Step(cursor, [attempt for _, attempt, _ in done])
        first = min((attempt.at for _, attempt, _ in done), default=None)
        step.failing_since = None if good else (self._failing_since or first)
        step.succeeded_at = now if good else self._succeeded_at
        step.hurry_since = self._failing_since if good else None
        if any(attempt.result is Result.GONE for _, attempt, _ in done):
            step.paused = Pause.GONE
        elif step.failing_since is not None and now - step.failing_since >= schedule.GIVE_UP_AFTER:
            step.paused = Pause.FAILING
        for job, attempt, _ in done:
            seq = job.told.event.seq
            first_at = job.before.first_at if job.before else attempt.at
            if attempt.result is Result.DELIVERED or (attempt.result is Result.GIVEN_UP and step.paused is None):
                step.done.append(seq)
            else:  # an endpoint that pauses keeps everything: it is told when it goes on
                step.again.append(Waiting(seq, first_at, attempt.number, attempt.next_at or now))
        return step

    async def _keep(self, step: Step) -> None:
        waiting = await self._means.store.keep_step(self.endpoint.id, self._token, step, self._means.clock.now())
        if waiting is None:
            raise LineLostError
        self._cursor = self._kept = step.cursor
        self._failing_since, self._succeeded_at = step.failing_since, step.succeeded_at
        if step.paused is not None:
            self._means.watch.paused(self.endpoint, step.paused)
            raise LineLostError
        self._waiting = waiting

    async def _move(self, cursor: int) -> None:
        """Over events that are nothing to this endpoint."""
        self._cursor = cursor
        if cursor - self._kept >= LAZY:
            step = Step(cursor, failing_since=self._failing_since, succeeded_at=self._succeeded_at)
            await self._keep(step)


class LineLostError(Exception):
    """The line is not ours any more: paused, removed, or in another process's hands."""
