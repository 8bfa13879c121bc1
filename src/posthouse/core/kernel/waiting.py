"""Ways of waiting: for one of two things, for an answer that others wait for too, and for one's turn."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)

HURRY: Final = 2.0
"""Seconds for which one is followed by others that are as urgent, or so it is taken."""


async def either(event: asyncio.Event, seconds: float) -> None:
    """Waits for the event, but not longer than so many seconds."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class AskedOnce(Generic[T]):
    """Asks once for all who want to know at the same time.

    A hundred workers who find the same thing stale in one turn of the event loop cost one question to the store, and go on together
    when it is answered. Who stops waiting does not stop the question; an error is everybody's.

    Args:
        ask: finds out.
    """

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._answer: asyncio.Future[T] | None = None

    async def __call__(self) -> T:
        """The answer to the question that is under way, or to one asked now."""
        if self._answer is None:
            self._answer = asyncio.ensure_future(self._ask())
            self._answer.add_done_callback(self._answered)
        return await asyncio.shield(self._answer)

    def cancel(self) -> None:
        """Gives up the question that is under way."""
        if self._answer is not None:
            self._answer.cancel()

    def _answered(self, answer: asyncio.Future[T]) -> None:
        self._answer = None
        _looked_at(answer)


def _looked_at(answer: asyncio.Future[Any]) -> None:
    """Nobody may be left who would look at an error."""
    if not answer.cancelled():
        answer.exception()


class AskedTogether(Generic[K, T]):
    """Asks one question for all who want to know of something in the same turn of the event loop.

    Args:
        ask: finds out about several things; what is not there is left out.
    """

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, T]]]) -> None:
        self._ask = ask
        self._next: dict[K, None] = {}
        self._answer: asyncio.Task[Mapping[K, T]] | None = None

    async def of(self, key: K) -> T | None:
        """What is known of one thing; None: it is not there. An error is everybody's."""
        if self._answer is None:
            self._answer = asyncio.ensure_future(self._together())
            self._answer.add_done_callback(_looked_at)
        self._next[key] = None
        return (await asyncio.shield(self._answer)).get(key)

    async def _together(self) -> Mapping[K, T]:
        """Begins in the next turn: until then others may add to the question."""
        wanted, self._next, self._answer = list(self._next), {}, None
        return await self._ask(wanted)


class Turnstile:
    """Lets a few pass in each turn of the event loop, the urgent first, the others in the order they came.

    For work that takes milliseconds of the processor: a hundred who do it in the same turn would keep every answer from the network,
    and everybody urgent, waiting until the last of them is done. A turn has a price too: while nobody is in a hurry, several pass in
    one; for :data:`HURRY` after somebody urgent came, one at a time.

    Args:
        at_once: how many pass in a turn.
    """

    def __init__(self, at_once: int = 1) -> None:
        self._at_once = self._left = at_once
        self._hurried_until = 0.0
        self._turning = False
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    async def passed(self, *, urgent: bool = False) -> None:
        """Returns when it is one's turn."""
        loop = asyncio.get_running_loop()
        if urgent:
            self._hurried_until = loop.time() + HURRY
        if self._left:
            self._pass(loop)
            return
        turn: asyncio.Future[None] = loop.create_future()
        (self._urgent if urgent else self._others).append(turn)
        await turn

    def _pass(self, loop: asyncio.AbstractEventLoop) -> None:
        self._left -= 1
        if not self._turning:
            self._turning = True
            loop.call_soon(self._turn)

    def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        self._turning = False
        self._left = 1 if loop.time() < self._hurried_until else self._at_once
        for waiting in (self._urgent, self._others):
            while waiting and self._left:
                turn = waiting.popleft()
                if not turn.done():  # else it was given up
                    turn.set_result(None)
                    self._pass(loop)
