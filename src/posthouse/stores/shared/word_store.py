"""The port methods of searching by words that both stores do alike."""

from collections.abc import Sequence

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Found, MessageQuery
from posthouse.core.messages.words import Handed
from posthouse.stores.shared import searching, words
from posthouse.stores.shared.primitives import Primitives


class SharedWords(Primitives):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

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
