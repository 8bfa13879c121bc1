"""The port methods of statistics that both stores do alike: RollupStore and SumStore, but rollup_facts and keep_rollup."""

from collections.abc import Collection, Mapping, Sequence

from posthouse.core.analytics.model import Before, Position
from posthouse.core.analytics.ports import Known, SumQuery, Sums
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared import rollups
from posthouse.stores.shared.primitives import Primitives


class SharedRollups(Primitives):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    async def rollup_position(self, edition: int | None = None) -> Position:
        """See RollupStore."""
        return await self._read(rollups.position, edition)

    async def rollup_zones(self, edition: int) -> Mapping[Id, str]:
        """See RollupStore."""
        return await self._read(rollups.zones, edition)

    async def rollup_known(self, workspace_id: Id) -> Sequence[Known]:
        """See RollupStore."""
        return await self._read(rollups.known, workspace_id)

    async def rollup_before(self, edition: int, message_ids: Collection[Id], until: int) -> dict[Id, Before]:
        """See RollupStore."""
        return await self._read(rollups.before, edition, message_ids, until)

    async def begin_edition(self) -> int:
        """See RollupStore."""
        return await self._write(rollups.begin_edition)

    async def answer_from(self, edition: int) -> bool:
        """See RollupStore."""
        return await self._write(rollups.answer_from, edition)

    async def purge_editions(self, keep: Collection[int]) -> int:
        """See RollupStore."""
        return await self._write(rollups.purge, keep)

    async def rollup_sums(self, edition: int, query: SumQuery) -> list[Sums]:
        """See SumStore."""
        return await self._read(rollups.sums, edition, query)

    async def first_after(self, seq: int) -> int | None:
        """See SumStore."""
        return await self._read(rollups.first_after, seq)

    async def source_names(self, workspace_id: Id) -> Mapping[str, str]:
        """See SumStore."""
        return await self._read(rollups.source_names, workspace_id)
