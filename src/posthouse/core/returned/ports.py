"""What the room of returned mail needs from outside."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event, Message, Status
from posthouse.core.returned.model import Returned
from posthouse.core.suppressions.model import SoftBounce, Suppression


class Reader(Protocol):
    """Reads returned mail (channels/email/returned), away from the event loop."""

    async def __call__(self, raw: bytes) -> Returned:
        """What it says; never raises."""
        ...


class Unmatched(msgspec.Struct, frozen=True):
    """A returned mail of which no message of ours was found: kept in short, so that somebody can look."""

    id: Id
    at: int
    via: str
    """``smtp`` or ``mailbox``."""
    kind: str
    people: tuple[str, ...] = ()
    verdict: str = ""
    words: str = ""
    header_message_id: str = ""
    digest: bytes = b""
    """SHA-256 of the mail: the same mail is kept once."""


class Filing(msgspec.Struct, frozen=True):
    """All that is to be written down of one returned mail."""

    events: tuple[Event, ...] = ()
    status: tuple[Id, Status, int] | None = None
    """The message, the state that it is proved to be in, and since when."""
    suppressions: tuple[Suppression, ...] = ()
    soft_bounces: tuple[SoftBounce, ...] = ()
    unmatched: Unmatched | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.events or self.suppressions or self.soft_bounces or self.unmatched)


class ReturnedStore(Protocol):
    """Files what came back."""

    async def message_of(self, message_id: Id, now: int) -> Message | None:
        """A message of any workspace: returned mail says which message, not whose."""
        ...

    async def file_return(self, filing: Filing) -> None:
        """Writes one returned mail down in ONE durable transaction; again changes nothing.

        States only move forward (see FORWARD). A message that still waits in the queue ends: the report proves that it had left. One
        that is being sent at this moment (the report was faster than our own record) is noted, for :meth:`settle_receipts`.
        """
        ...

    async def settle_receipts(self, before: int) -> int:
        """Brings noted reports to the messages that have ended meanwhile; how many. Notes from ``before`` an instant are dropped."""
        ...

    async def unmatched(self, limit: int) -> Sequence[Unmatched]:
        """Returned mails without a message, newest first; the newest 1,000 are kept."""
        ...


FORWARD: dict[Status, frozenset[Status]] = {
    Status.DELIVERED: frozenset({Status.SENT, Status.UNKNOWN}),
    Status.BOUNCED: frozenset({Status.SENT, Status.DELIVERED, Status.UNKNOWN}),
}
"""From where a report may move a message to each state: t, u and v of docs/explain/message-states.md."""
