"""The port methods of keeping that both stores do alike."""

import abc
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from posthouse.core.keeping.ports import Bite, Gone, Mark
from posthouse.core.keeping.scrubbing import Aged, Told
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared import keeping

P = ParamSpec("P")
T = TypeVar("T")


class SharedKeeping(abc.ABC):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    @abc.abstractmethod
    async def _read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` against one snapshot. UnavailableError when the store does not answer."""

    @abc.abstractmethod
    async def _write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` in one durable transaction. UnavailableError when the store cannot write."""

    async def _wipe(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like :meth:`_write`; a store that can, overwrites what it removes."""
        return await self._write(work, *args, **kwargs)

    # --- RetentionStore

    async def retention_classes(self, workspace_id: Id) -> dict[Id, str]:
        """See RetentionStore."""
        return await self._read(keeping.classes, workspace_id)

    async def retention_marks(self, workspace_id: Id) -> dict[Mark, Id]:
        """See RetentionStore."""
        return await self._read(keeping.marks, workspace_id)

    async def aged(self, workspace_id: Id, template_id: Id | None, after: Id, before: Id, limit: int) -> list[Aged]:
        """See RetentionStore."""
        return await self._read(keeping.aged, workspace_id, template_id, after, before, limit)

    async def put_off(self, workspace_id: Id, limit: int) -> list[tuple[Mark, Aged]]:
        """See RetentionStore."""
        return await self._read(keeping.put_off, workspace_id, limit)

    async def facts_of(self, message_ids: Sequence[Id]) -> list[Told]:
        """See RetentionStore."""
        return await self._read(keeping.facts_of, message_ids)

    async def erase(self, workspace_id: Id, bite: Bite) -> Gone:
        """See RetentionStore."""
        return await self._wipe(keeping.erase, workspace_id, bite)

    async def drop_events_before(self, instant: int) -> int:  # noqa: ARG002 - stores with partitions use it
        """See RetentionStore. A store with partitions drops them."""
        return 0

    async def count_aged(self, workspace_id: Id, template_id: Id | None, after: Id, before: Id) -> int:
        """See RetentionStore."""
        return await self._read(keeping.count_aged, workspace_id, template_id, after, before)

    async def forget_uploads(self, workspace_id: Id, before: int, limit: int) -> int:
        """See RetentionStore."""
        return await self._wipe(keeping.forget_uploads, workspace_id, before, limit)
