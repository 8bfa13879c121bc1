"""Group commit: requests that arrive while a commit runs share the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from posthouse.core.kernel.errors import UnavailableError
from posthouse.core.messages.errors import OverloadedError
from posthouse.core.messages.model import AcceptResult, NewMessage

Accept = Callable[[Sequence[NewMessage]], Awaitable[list[AcceptResult]]]
GLANCE: Final = 0.002
"""Seconds between two looks whether more requests are coming in."""
GLANCES: Final = 4
"""How often the next commit waits so long for company when the last one had some, as long as more is coming in: a transaction
costs about the same for one request as for ten. A request that comes alone never waits."""
COMPANY: Final = 4
FEW: Final = 64
"""Messages of a request that goes before larger ones: a one-time code does not wait behind ten thousand reminders."""

_Waiting = tuple[Sequence[NewMessage], asyncio.Future[list[AcceptResult]]]


class GroupCommitter:
    """Gathers messages and hands them to the store a group at a time, one commit after the other.

    A request stays together, however large: it is kept or it is not. Small requests go first, but never twice in a row while a large
    one waits.

    Args:
        accept: the store's set-based, durable accept.
        group: the most messages in one commit.
        waiting: the most messages that may wait in memory; more are refused with OverloadedError.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        accept: Accept,
        *,
        group: int = 512,
        waiting: int = 20_000,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._accept = accept
        self._sleep = sleep
        self._group = group
        self._limit = waiting
        self._small: deque[_Waiting] = deque()
        self._large: deque[_Waiting] = deque()
        self._passed_over = False
        self._count = 0
        self._running: asyncio.Task[None] | None = None
        self._busy = False

    async def commit(self, messages: Sequence[NewMessage]) -> list[AcceptResult]:
        """Keeps messages durably; the answers in order.

        Raises:
            UnavailableError: the store could not write; nothing was kept.
        """
        if self._count + len(messages) > self._limit:
            raise OverloadedError("more messages wait for the store than fit in memory; try again in a second")
        future: asyncio.Future[list[AcceptResult]] = asyncio.get_running_loop().create_future()
        (self._small if len(messages) <= FEW else self._large).append((messages, future))
        self._count += len(messages)
        if self._running is None:
            self._running = asyncio.ensure_future(self._run())
        return await future

    async def _run(self) -> None:
        try:
            while self._small or self._large:
                if self._busy:
                    await self._await_company()
                group = self._take_group()
                self._busy = len(group) >= COMPANY
                await self._commit_group(group)
        finally:
            self._running = None

    async def _await_company(self) -> None:
        for _ in range(GLANCES):
            before = self._count
            if before >= self._group:
                return
            await self._sleep(GLANCE)
            if self._count == before:
                return

    def _take_group(self) -> list[_Waiting]:
        first, then = self._small, self._large
        if not self._small or (self._large and self._passed_over):
            first, then = self._large, self._small
        taken = [first.popleft()]
        size = len(taken[0][0])
        for queue in (first, then):
            while queue and size + len(queue[0][0]) <= self._group:
                taken.append(queue.popleft())
                size += len(taken[-1][0])
        self._passed_over = first is self._small
        self._count -= size
        return taken

    async def _commit_group(self, group: Sequence[_Waiting]) -> None:
        try:
            results = await self._accept([message for messages, _ in group for message in messages])
        except UnavailableError as error:
            _fail(group, error)
        except Exception as error:  # noqa: BLE001 - handed to the callers, who raise it
            await self._one_by_one(group, error)
        else:
            at = 0
            for messages, future in group:
                if not future.done():
                    future.set_result(results[at : at + len(messages)])
                at += len(messages)

    async def _one_by_one(self, group: Sequence[_Waiting], error: Exception) -> None:
        """Something in the group cannot be kept, so nothing was: whoever brought it is told, and nobody else."""
        if len(group) == 1:
            _fail(group, error)
            return
        for waiting in group:
            await self._commit_group([waiting])


def _fail(group: Sequence[_Waiting], error: Exception) -> None:
    for _, future in group:
        if not future.done():
            future.set_exception(error)
