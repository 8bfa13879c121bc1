"""What each store supplies, and all that stores do alike is made of."""

import abc
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

P = ParamSpec("P")
T = TypeVar("T")


class Primitives(abc.ABC):
    """A snapshot to read, a transaction to write."""

    @abc.abstractmethod
    async def _read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` against one snapshot. UnavailableError when the store does not answer."""

    @abc.abstractmethod
    async def _write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` in one durable transaction. UnavailableError when the store cannot write."""

    async def _wipe(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Like :meth:`_write`; a store that can, overwrites what it removes."""
        return await self._write(work, *args, **kwargs)
