"""The port methods of conversions that both stores do alike."""

from collections.abc import Sequence

from posthouse.core.conversions.model import Conversion, Sum
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event
from posthouse.core.tracking.model import Tracked
from posthouse.stores.shared import conversions
from posthouse.stores.shared.gentle import GentleBell
from posthouse.stores.shared.primitives import Primitives


class SharedConversions(Primitives):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    _shard: int
    _told: GentleBell

    async def add_conversion(self, new: Conversion, event: Event | None, message: Tracked | None) -> Conversion:
        """See ConversionStore."""
        kept = await self._write(conversions.add, self._shard, new, event, message)
        self._told.ring()
        return kept

    async def correct_conversion(
        self, before: Conversion, after: Conversion, event: Event | None, message: Tracked | None
    ) -> bool:
        """See ConversionStore."""
        kept = await self._write(conversions.correct, self._shard, before, after, event, message)
        self._told.ring()
        return kept

    async def conversions(
        self, workspace_id: Id, live: bool, *, order: str | None = None, before: Id | None = None, limit: int = 50
    ) -> list[Conversion]:
        """See ConversionStore."""
        return await self._read(conversions.listed, workspace_id, live, order=order, before=before, limit=limit)

    async def conversion_of_order(self, workspace_id: Id, live: bool, order: str) -> Conversion | None:
        """See ConversionStore."""
        return await self._read(conversions.of_order, workspace_id, live, order)

    async def conversions_of(self, message_id: Id) -> int:
        """See ConversionStore."""
        return await self._read(conversions.of_message, message_id)

    async def revenue(self, workspace_id: Id, live: bool, since: int | None, until: int | None) -> list[Sum]:
        """See ConversionStore."""
        return await self._read(conversions.revenue, workspace_id, live, since, until)

    async def clicked_by(
        self, workspace_id: Id, channel: Channel, address: str, since: int, live: bool
    ) -> Sequence[Id]:
        """See ConversionStore."""
        return await self._read(conversions.clicked_by, workspace_id, channel, address, since, live)
