"""A cache of settings-like things that is never more than a moment behind the store."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.waiting import AskedOnce

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

FRESH_FOR: Final = SECOND // 10


class GenerationCache(Generic[K, V]):
    """Keeps what was read until the store's settings generation has changed.

    The generation is asked at most once in 100 ms, so a change made in any process counts everywhere a moment later, and a hit
    costs well under a microsecond.

    Args:
        generation: the store's settings generation.
        clock: for the age of the last look.
        size: the most entries kept; the least recently read goes first.
    """

    def __init__(self, generation: Callable[[], Awaitable[int]], clock: Clock, size: int = 1024) -> None:
        self._generation = generation
        self._clock = clock
        self._size = size
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._seen = -1
        self._looked_at = -FRESH_FOR
        self._look = AskedOnce(self._find_out)

    async def get(self, key: K, read: Callable[[K], Awaitable[V]]) -> V:
        """The value of a key, read by ``read`` when it is not known or no longer fresh."""
        if self._clock.monotonic() - self._looked_at >= FRESH_FOR:
            await self._look()
        try:
            value = self._kept[key]
        except KeyError:
            read_at = self._seen
            value = await read(key)
            if read_at == self._seen:  # else the settings changed meanwhile, and the value may be of before
                self._kept[key] = value
                if len(self._kept) > self._size:
                    self._kept.popitem(last=False)
            return value
        self._kept.move_to_end(key)
        return value

    async def _find_out(self) -> None:
        now = self._clock.monotonic()
        seen = await self._generation()
        if seen != self._seen:
            self._kept.clear()
            self._seen = seen
        self._looked_at = now

    def forget(self, key: K) -> None:
        """Drops one entry, so that the next read asks the store."""
        self._kept.pop(key, None)
