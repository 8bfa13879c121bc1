"""What the room of suppressions needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel
from posthouse.core.suppressions.model import LogEntry, SoftBounce, Suppression, SuppressionQuery

Place = tuple[int, Id]
"""Generation and identifier: where a reading of the list stands."""


class SuppressionStore(Protocol):
    """Keeps suppressions.

    Every change raises the suppression generation; changes are serialised by it, so generations become visible in order.
    """

    async def suppression_generation(self) -> int:
        """A number that grows with every change of the list; 0: nothing was ever suppressed."""
        ...

    async def suppress(self, entries: Sequence[Suppression], softs: Sequence[SoftBounce] = ()) -> list[Suppression]:
        """Adds entries in one durable transaction with their audit; those that changed something.

        An address that has one of the same category and reason keeps it, unless the new one reaches further. Soft bounces are
        counted once for each message; the suppression of one that is enough by now is added like the others.
        """
        ...

    async def unsuppress(self, entries: Sequence[Suppression]) -> list[Suppression]:
        """Takes entries away, with their audit: ``id``, ``created_at``, ``by`` and ``source`` are those of the removal.

        Those that were there, as they were.
        """
        ...

    async def suppressions_of(self, workspace_id: Id, channel: Channel, address: str) -> list[Suppression]:
        """All entries of one address (folded), expired ones too, newest first."""
        ...

    async def suppression(self, workspace_id: Id, suppression_id: Id) -> Suppression | None:
        """One entry."""
        ...

    async def suppressions(self, query: SuppressionQuery) -> list[Suppression]:
        """At most ``query.limit`` entries, newest first."""
        ...

    async def suppression_log(self, workspace_id: Id, channel: Channel, address: str, limit: int) -> list[LogEntry]:
        """What was done to the entries of one address, newest first."""
        ...

    async def suppressed_after(self, place: Place, limit: int) -> list[tuple[int, Id, Id, int, str]]:
        """Addresses whose entries changed beyond a place, in order: generation, identifier, workspace, channel, address."""
        ...

    async def purge_soft_bounces(self, before: int) -> int:
        """Forgets soft bounces from before an instant, in small transactions; how many."""
        ...
