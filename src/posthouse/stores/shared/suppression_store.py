"""The port methods of suppression and of returned mail that both stores do alike."""

from collections.abc import Sequence

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Message
from posthouse.core.returned.ports import Filing, Unmatched
from posthouse.core.suppressions.model import LogEntry, SoftBounce, Suppression, SuppressionQuery
from posthouse.core.suppressions.ports import Place
from posthouse.stores.shared import returned, suppressions
from posthouse.stores.shared.gentle import GentleBell
from posthouse.stores.shared.primitives import Primitives


class SharedSuppressions(Primitives):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    _shard: int
    _told: GentleBell

    # --- SuppressionStore

    async def suppression_generation(self) -> int:
        """See SuppressionStore. A store may answer faster."""
        return await self._read(suppressions.generation)

    async def suppress(self, entries: Sequence[Suppression], softs: Sequence[SoftBounce] = ()) -> list[Suppression]:
        """See SuppressionStore."""
        return await self._write(suppressions.suppress, entries, softs)

    async def unsuppress(self, entries: Sequence[Suppression]) -> list[Suppression]:
        """See SuppressionStore."""
        return await self._write(suppressions.unsuppress, entries)

    async def suppressions_of(self, workspace_id: Id, channel: Channel, address: str) -> list[Suppression]:
        """See SuppressionStore."""
        return await self._read(suppressions.suppressions_of, workspace_id, channel, address)

    async def suppression(self, workspace_id: Id, suppression_id: Id) -> Suppression | None:
        """See SuppressionStore."""
        return await self._read(suppressions.suppression, workspace_id, suppression_id)

    async def suppressions(self, query: SuppressionQuery) -> list[Suppression]:
        """See SuppressionStore."""
        return await self._read(suppressions.listed, query)

    async def suppression_log(self, workspace_id: Id, channel: Channel, address: str, limit: int) -> list[LogEntry]:
        """See SuppressionStore."""
        return await self._read(suppressions.log_of, workspace_id, channel, address, limit)

    async def suppressed_after(self, place: Place, limit: int) -> list[tuple[int, Id, Id, int, str]]:
        """See SuppressionStore."""
        return await self._read(suppressions.suppressed_after, place, limit)

    async def purge_soft_bounces(self, before: int) -> int:
        """See SuppressionStore."""
        total = 0
        while purged := await self._write(suppressions.purge_soft_bounces, before):
            total += purged
        return total

    # --- ReturnedStore

    async def message_of(self, message_id: Id, now: int) -> Message | None:
        """See ReturnedStore."""
        return await self._read(returned.message_of, message_id, now)

    async def file_return(self, filing: Filing) -> None:
        """See ReturnedStore."""
        await self._write(returned.file_return, self._shard, filing)
        if filing.events:
            self._told.ring()

    async def settle_receipts(self, before: int) -> int:
        """See ReturnedStore."""
        return await self._write(returned.settle_receipts, before)

    async def unmatched(self, limit: int) -> list[Unmatched]:
        """See ReturnedStore."""
        return await self._read(returned.unmatched, limit)
