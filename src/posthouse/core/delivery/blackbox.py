"""What is known of messages in hand when the process that held them dies.

The black box is a piece of memory that outlives its process (not its machine): for each message held it says how far the
attempt had come. After a crash it is read, and only what had *left without an answer* is in doubt; what had not
left goes back into the queue at once, and what had been answered is recorded as it was answered.
"""

import enum
from collections.abc import Sequence
from typing import Protocol

import msgspec

from posthouse.core.delivery.judge import give_back, hold_in_doubt, in_doubt, put_back
from posthouse.core.delivery.model import Claimed, Settlement
from posthouse.core.delivery.ports import QueueStore
from posthouse.core.messages.ports import MessageStore
from posthouse.core.templates.model import UnknownPolicy


class Phase(enum.IntEnum):
    """How far an attempt had come."""

    CLAIMED = 1
    LEFT = 2
    """The byte that may cause delivery was about to leave."""
    SETTLED = 3


class Remains(msgspec.Struct):
    """What a dead process had in hand: one message."""

    phase: Phase
    message: Claimed
    settlement: Settlement | None = None


class BlackBox(Protocol):
    """The memory itself. Every call costs about a microsecond and never fails a send."""

    def claimed(self, messages: Sequence[Claimed]) -> None:
        """These are in hand."""
        ...

    def left(self, message: Claimed) -> None:
        """Its last byte is about to leave."""
        ...

    def settled(self, settlement: Settlement) -> None:
        """This came of it; not recorded yet."""
        ...

    def done(self, settlements: Sequence[Settlement]) -> None:
        """The store has them."""
        ...


async def recover(remains: Sequence[Remains], queue: QueueStore, messages: MessageStore, now: int) -> int:
    """Brings what a dead process had in hand back to where it belongs; how many were in doubt.

    Fencing tokens decide, as always: what another process has claimed meanwhile is left alone.
    """
    doubts = [left.message for left in remains if left.phase is Phase.LEFT]
    if doubts:
        await messages.append([in_doubt(message, now, "the process died before the answer came") for message in doubts])
    settlements = []
    for left in remains:
        if left.settlement is not None:
            settlements.append(left.settlement)
        elif left.phase is Phase.LEFT and left.message.policy is UnknownPolicy.HOLD:
            settlements.append(hold_in_doubt(left.message, now))
        elif left.phase is Phase.LEFT:
            settlements.append(give_back(left.message, now, now))
        else:
            settlements.append(put_back(left.message, now))
    if settlements:
        await queue.record(settlements)
    return len(doubts)
