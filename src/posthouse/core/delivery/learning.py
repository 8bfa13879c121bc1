"""A queue that learns: who bounced in a session is suppressed before the bounce is written down.

In this order nothing is lost when the process dies between the two: what was not written down is tried again, and
says the same again.
"""

from collections.abc import Sequence

from posthouse.core.delivery.model import Claimed, LaneDepth, Settlement
from posthouse.core.delivery.ports import QueueStore
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Lane
from posthouse.core.suppressions.learning import Learner


class LearningQueue:
    """A QueueStore (see there) whose settlements are learnt from.

    Args:
        queue: the store.
        learner: what bounces become suppressions by.
    """

    def __init__(self, queue: QueueStore, learner: Learner) -> None:
        self._queue = queue
        self._learner = learner

    async def record(self, batch: Sequence[Settlement]) -> list[bool]:
        """Learns, then records."""
        bounces = [bounce for one in batch for bounce in one.bounces] if any(one.bounces for one in batch) else []
        if bounces:
            await self._learner.learn(bounces)
        return await self._queue.record(batch)

    async def claim(self, lanes: Sequence[tuple[Lane, int]], *, now: int, until: int, lease: int) -> list[Claimed]:
        """The queue's."""
        return await self._queue.claim(lanes, now=now, until=until, lease=lease)

    async def extend(self, held: Sequence[tuple[Id, int]], until: int) -> set[Id]:
        """The queue's."""
        return await self._queue.extend(held, until)

    async def next_due(self, now: int) -> int | None:
        """The queue's."""
        return await self._queue.next_due(now)

    async def depth(self, now: int) -> list[LaneDepth]:
        """The queue's."""
        return await self._queue.depth(now)

    async def wake(self, seconds: float) -> bool:
        """The queue's."""
        return await self._queue.wake(seconds)

    async def hold_before(self, instant: int, at: int) -> int:
        """The queue's."""
        return await self._queue.hold_before(instant, at)

    async def release_held(self, workspace_id: Id | None, message_ids: Sequence[Id] | None, at: int) -> int:
        """The queue's."""
        return await self._queue.release_held(workspace_id, message_ids, at)
