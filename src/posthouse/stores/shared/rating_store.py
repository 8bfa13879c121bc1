"""The port methods of answers to ratings that both stores do alike."""

from posthouse.core.tracking.ratings import Looked, RatingCount, RatingQuery
from posthouse.stores.shared import ratings
from posthouse.stores.shared.primitives import Primitives


class SharedRatings(Primitives):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    async def rating_answers(self, query: RatingQuery) -> Looked:
        """See RatingStore."""
        return await self._read(ratings.answers, query)

    async def rating_counts(self, query: RatingQuery) -> list[RatingCount]:
        """See RatingStore."""
        return await self._read(ratings.counts, query)
