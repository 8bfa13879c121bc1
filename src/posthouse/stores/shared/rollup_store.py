"""The port methods of statistics that both stores do alike: RollupStore and SumStore, but rollup_facts and keep_rollup."""

import abc
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from posthouse.core.analytics.model import Before, Position
from posthouse.core.analytics.ports import Known, SumQuery, Sums
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared import rollups

P = ParamSpec("P")
T = TypeVar("T")


class SharedRollups(abc.ABC):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    @abc.abstractmethod
    async def _read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` against one snapshot. UnavailableError when the store does not answer."""

    @abc.abstractmethod
    async def _write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` in one durable transaction. UnavailableError when the store cannot write."""

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
