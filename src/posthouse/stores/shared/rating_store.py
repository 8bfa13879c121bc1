"""The port methods of answers to ratings that both stores do alike."""

import abc
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from posthouse.core.tracking.ratings import RatingAnswer, RatingCount, RatingQuery
from posthouse.stores.shared import ratings

P = ParamSpec("P")
T = TypeVar("T")


class SharedRatings(abc.ABC):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    @abc.abstractmethod
    async def _read(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Runs ``work(connection, …)`` against one snapshot. UnavailableError when the store does not answer."""

    async def rating_answers(self, query: RatingQuery) -> list[RatingAnswer]:
        """See RatingStore."""
        return await self._read(ratings.answers, query)

    async def rating_counts(self, query: RatingQuery) -> list[RatingCount]:
        """See RatingStore."""
        return await self._read(ratings.counts, query)
