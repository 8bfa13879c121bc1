"""The port methods of searching by words that both stores do alike."""

import abc
from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Found, MessageQuery
from posthouse.core.messages.words import Handed
from posthouse.stores.shared import searching, words

P = ParamSpec("P")
T = TypeVar("T")


class SharedWords(abc.ABC):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    @abc.abstractmethod
    async def _read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` against one snapshot. UnavailableError when the store does not answer."""

    @abc.abstractmethod
    async def _write(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` in one durable transaction. UnavailableError when the store cannot write."""

    async def search(self, query: MessageQuery, now: int) -> Found:
        """See MessageStore."""
        return await self._read(searching.search, query, now)

    async def words_position(self) -> int:
        """See WordStore."""
        return await self._read(words.position)

    async def handed_between(self, after: int, until: int) -> list[Handed]:
        """See WordStore."""
        return await self._read(words.handed_between, after, until)

    async def keep_words(self, since: int, until: int, found: Sequence[tuple[int, Id]]) -> bool:
        """See WordStore."""
        return await self._write(words.keep, since, until, found)
