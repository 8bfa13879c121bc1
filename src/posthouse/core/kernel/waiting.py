"""Ways of waiting: for one of two things, for an answer that others wait for too, and for one's turn."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


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
        if not answer.cancelled():
            answer.exception()  # nobody may be left who would look at it


class Turnstile:
    """Lets one pass in each turn of the event loop, the urgent first, the others in the order they came.

    For work that takes milliseconds of the processor: a hundred who do it in the same turn would keep every answer from the network,
    and everybody urgent, waiting until the last of them is done.
    """

    def __init__(self) -> None:
        self._free = True
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    async def passed(self, *, urgent: bool = False) -> None:
        """Returns when it is one's turn."""
        loop = asyncio.get_running_loop()
        if self._free:
            self._free = False
            loop.call_soon(self._let_next)
            return
        turn: asyncio.Future[None] = loop.create_future()
        (self._urgent if urgent else self._others).append(turn)
        await turn

    def _let_next(self) -> None:
        for waiting in (self._urgent, self._others):
            while waiting:
                turn = waiting.popleft()
                if not turn.done():  # else it was given up
                    turn.set_result(None)
                    asyncio.get_running_loop().call_soon(self._let_next)
                    return
        self._free = True
