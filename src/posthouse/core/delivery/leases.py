"""What this process holds, and until when it may act on it."""

from collections.abc import Iterable
from typing import Final

from posthouse.core.delivery.model import Claimed
from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.ids import Id

MARGIN: Final = 2 * SECOND
"""A lease counts as over this long before the store thinks so: clocks differ, and packets take time."""


class Leases:
    """The leases held, with deadlines on the monotonic clock, so that neither a clock step nor SIGSTOP prolongs one.

    Args:
        clock: monotonic time.
        length: of a lease, in microseconds, as told to the store.
        margin: how much sooner it counts as over here, in microseconds.
    """

    def __init__(self, clock: Clock, length: int, margin: int = MARGIN) -> None:
        self._clock = clock
        self._length = length - margin
        self._held: dict[Id, tuple[int, int]] = {}

    def take(self, claimed: Iterable[Claimed], asked_at: int) -> None:
        """Notes what a claim gave. ``asked_at``: the monotonic instant before the store was asked."""
        deadline = asked_at + self._length
        for message in claimed:
            self._held[message.id] = (message.lease, deadline)

    def holds(self, message_id: Id, lease: int) -> bool:
        """Whether we may still act on a message under this lease."""
        held = self._held.get(message_id)
        return held is not None and held[0] == lease and self._clock.monotonic() < held[1]

    def all(self) -> list[tuple[Id, int]]:
        """Every (message, token) held, whether still good or not."""
        return [(message_id, lease) for message_id, (lease, _) in self._held.items()]

    def renewed(self, asked: Iterable[tuple[Id, int]], lost: set[Id], asked_at: int) -> None:
        """Notes the answer to a renewal."""
        deadline = asked_at + self._length
        for message_id, lease in asked:
            held = self._held.get(message_id)
            if held is None or held[0] != lease:
                continue
            if message_id in lost:
                del self._held[message_id]
            else:
                self._held[message_id] = (lease, deadline)

    def drop(self, message_id: Id, lease: int) -> None:
        """Forgets a message whose settlement is recorded, unless it has been claimed anew since."""
        held = self._held.get(message_id)
        if held is not None and held[0] == lease:
            del self._held[message_id]

    def __len__(self) -> int:
        return len(self._held)
