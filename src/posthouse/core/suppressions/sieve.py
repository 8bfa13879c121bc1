"""Tells in well under a microsecond that an address is not suppressed, which is nearly always so.

Each process keeps a Bloom filter of all suppressed addresses: 16 bytes for each, whatever its length. What the sieve holds back is asked of the
store; what it lets pass is certainly not on the list as far as this process has read it.
"""

import asyncio
from array import array
from collections.abc import Iterable
from typing import Any, Final

from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.kernel.ids import Id, lowest_at
from posthouse.core.kernel.waiting import AskedOnce
from posthouse.core.messages.model import Channel
from posthouse.core.messages.pseudonyms import Pseudonyms, is_pseudonym
from posthouse.core.suppressions.model import Suppression, facts, fold
from posthouse.core.suppressions.ports import Place, SuppressionStore
from posthouse.core.templates.model import Category

FRESH_FOR: Final = SECOND // 10
_PAGE: Final = 2_000
"""Addresses read, or marked again, before others may go on: a few milliseconds of work."""
_BITS_EACH: Final = 32
_SMALLEST: Final = 1 << 15
_WORD: Final = (1 << 64) - 1


class Sieve:
    """Knows who is suppressed.

    What another process added is respected a tenth of a second later at most, and at once after :meth:`doubt`.

    Args:
        store: the list itself.
        pseudonyms: stand in the place of addresses that were erased, and are suppressed still.
        clock: for the age of the last look.
    """

    def __init__(self, store: SuppressionStore, pseudonyms: Pseudonyms, clock: Clock) -> None:
        self._store = store
        self._pseudonyms = pseudonyms
        self._some_erased = False
        self._clock = clock
        self._hashes: array[int] = array("Q")
        self._bits = bytearray(_SMALLEST // 8)
        self._mask = _SMALLEST - 1
        self._place: Place = (0, lowest_at(0))
        self._generation = 0
        self._looked_at = -FRESH_FOR
        self._doubted = False
        self._ask = AskedOnce(self._find_out)

    async def warm(self) -> None:
        """Reads the list: a process that is about to answer has it before the first request.

        Raises:
            UnavailableError: the list cannot be read just now.
        """
        await self._look()

    def doubt(self) -> None:
        """The list may have changed: it is asked for before the next answer.

        Said after a claim, so that what was suppressed before a message was claimed always counts.
        """
        self._doubted = True
        self._looked_at = -FRESH_FOR

    async def find(
        self, workspace_id: Id, channel: Channel, address: str, category: Category | None, at: int
    ) -> Suppression | None:
        """What stops a message to this address at an instant; None: nothing does. ``category`` None: whatever covers anything.

        Raises:
            UnavailableError: the list cannot be read just now.
        """
        if self._clock.monotonic() - self._looked_at >= FRESH_FOR:
            await self._look()
        if not self.holds_back(workspace_id, channel, address):
            return None
        entries = await entries_of(self._store, self._pseudonyms, workspace_id, channel, fold(address))
        return next(
            (
                entry
                for entry in sorted(entries, key=lambda entry: (entry.covers, entry.reason))
                if entry.holds(at) and (category is None or entry.covers.stops(category))
            ),
            None,
        )

    async def stops(
        self, workspace_id: Id, channel: Channel, address: str, category: Category, at: int
    ) -> dict[str, Any] | None:
        """See core/messages/ports.py, Suppressions."""
        entry = await self.find(workspace_id, channel, address, category, at)
        return None if entry is None else facts(entry)

    async def suspects(self, workspace_id: Id, channel: Channel, address: str) -> bool:
        """Whether :meth:`find` would have to ask the store: for callers that must find out more before they can ask."""
        if self._clock.monotonic() - self._looked_at >= FRESH_FOR:
            await self._look()
        return self.holds_back(workspace_id, channel, address)

    def holds_back(self, workspace_id: Id, channel: Channel, address: str) -> bool:
        """Whether the address may be on the list."""
        if not self._hashes:
            return False
        folded = fold(address)
        return self._marked(workspace_id, channel, folded) or (
            self._some_erased
            and self._marked(workspace_id, channel, self._pseudonyms.of(workspace_id, channel, folded))
        )

    def _marked(self, workspace_id: Id, channel: int, folded: str) -> bool:
        first = hash((workspace_id, int(channel), folded)) & _WORD
        bits, mask = self._bits, self._mask
        second = (first >> 32) | 1
        one, two, three = first & mask, (first + second) & mask, (first + 5 * second) & mask
        return bool(
            bits[one >> 3] & (1 << (one & 7))
            and bits[two >> 3] & (1 << (two & 7))
            and bits[three >> 3] & (1 << (three & 7))
        )

    async def _look(self) -> None:
        """Finds out whether the list changed. A question that was under way before a doubt does not answer it: then it is asked again."""
        await self._ask()
        if self._doubted:
            await self._ask()

    async def _find_out(self) -> None:
        asked, self._doubted = self._clock.monotonic(), False
        generation = await self._store.suppression_generation()
        if generation != self._generation:
            if generation < self._generation:  # another database: a restore, or a test's
                self._forget()
            await self._read_on()
            self._generation = generation
        if not self._doubted:
            self._looked_at = asked

    async def _read_on(self) -> None:
        """Reads what changed since the last time. What was removed stays in the sieve: the store says no then."""
        while True:
            page = await self._store.suppressed_after(self._place, _PAGE)
            self._some_erased = self._some_erased or any(is_pseudonym(row[4]) for row in page)
            await self._add(
                [hash((workspace_id, channel, address)) & _WORD for _, _, workspace_id, channel, address in page]
            )
            if page:
                self._place = (page[-1][0], page[-1][1])
            if len(page) < _PAGE:
                return

    async def _add(self, values: list[int]) -> None:
        self._hashes.extend(values)
        if len(self._hashes) * _BITS_EACH > self._mask + 1:
            await self._grow()
        else:
            _mark(self._bits, self._mask, values)

    async def _grow(self) -> None:
        """Marks all again, in a wider one beside the one in use: others go on meanwhile, with what had been read before."""
        mask = self._mask
        while len(self._hashes) * _BITS_EACH > mask + 1:
            mask = (mask + 1) * 4 - 1
        bits = bytearray((mask + 1) // 8)
        for start in range(0, len(self._hashes), _PAGE):
            _mark(bits, mask, self._hashes[start : start + _PAGE])
            await asyncio.sleep(0)
        self._bits, self._mask = bits, mask

    def _forget(self) -> None:
        self._hashes = array("Q")
        self._bits = bytearray(_SMALLEST // 8)
        self._mask = _SMALLEST - 1
        self._place = (0, lowest_at(0))
        self._some_erased = False


async def entries_of(
    store: SuppressionStore, pseudonyms: Pseudonyms, workspace_id: Id, channel: Channel, folded: str
) -> list[Suppression]:
    """All entries of an address, those that stand under its pseudonym too, newest first."""
    found = await store.suppressions_of(workspace_id, channel, folded)
    erased = pseudonyms.of(workspace_id, channel, folded)
    if erased != folded:
        found = sorted([*found, *await store.suppressions_of(workspace_id, channel, erased)], key=_id, reverse=True)
    return found


def _id(entry: Suppression) -> Id:
    return entry.id


def _mark(bits: bytearray, mask: int, values: Iterable[int]) -> None:
    for first in values:
        second = (first >> 32) | 1
        for place in (first & mask, (first + second) & mask, (first + 5 * second) & mask):
            bits[place >> 3] |= 1 << (place & 7)
