"""What has been claimed and waits for a free hand, by lane."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from posthouse.core.delivery.model import Claimed
from posthouse.core.messages.model import Lane


class Inbox:
    """Three lanes and the workers that wait at them. ``critical`` is always taken first.

    Args:
        on_taken: told after each message taken: there may be room to claim more.
    """

    def __init__(self, on_taken: Callable[[], None]) -> None:
        self._on_taken = on_taken
        self._lanes: dict[Lane, deque[Claimed]] = {lane: deque() for lane in Lane}
        self._waiting: dict[bool, deque[asyncio.Future[None]]] = {True: deque(), False: deque()}
        self._closed = False

    def put(self, messages: Iterable[Claimed]) -> None:
        """Adds claimed messages and wakes as many workers."""
        for message in messages:
            self._lanes[message.lane].append(message)
            critical = message.lane is Lane.CRITICAL
            if not (critical and self._wake(reserved=True)):
                self._wake(reserved=False)

    def _wake(self, *, reserved: bool) -> bool:
        waiting = self._waiting[reserved]
        while waiting:
            future = waiting.popleft()
            if not future.done():
                future.set_result(None)
                return True
        return False

    async def take(self, *, reserved: bool) -> Claimed | None:
        """The next message, the most urgent first; None when closed.

        Args:
            reserved: a worker kept free for ``critical`` takes nothing else.
        """
        while not self._closed:
            for lane, messages in self._lanes.items():
                if messages and (lane is Lane.CRITICAL or not reserved):
                    message = messages.popleft()
                    self._on_taken()
                    return message
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting[reserved].append(future)
            await future
        return None

    def size(self, lane: Lane) -> int:
        """How many wait in a lane."""
        return len(self._lanes[lane])

    def close(self) -> list[Claimed]:
        """Sends the workers home; what was not taken comes back."""
        self._closed = True
        rest = [message for messages in self._lanes.values() for message in messages]
        for messages in self._lanes.values():
            messages.clear()
        for waiting in self._waiting.values():
            for future in waiting:
                if not future.done():
                    future.set_result(None)
            waiting.clear()
        return rest
