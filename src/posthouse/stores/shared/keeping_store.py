"""The port methods of keeping that both stores do alike."""

from collections.abc import Sequence

from posthouse.core.keeping.erasure import Erasure
from posthouse.core.keeping.person import Naming, Person
from posthouse.core.keeping.ports import Bite, Gone, Hit, Mark, Scanned
from posthouse.core.keeping.scrubbing import Aged, Left, Less, Told
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel
from posthouse.stores.shared import erasing, keeping
from posthouse.stores.shared.erasure_tables import BY_HAND, TABLES
from posthouse.stores.shared.primitives import Primitives


class SharedKeeping(Primitives):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

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

    async def put_off(self, workspace_id: Id, after: tuple[Id, int], limit: int) -> list[tuple[Mark, Aged]]:
        """See RetentionStore."""
        return await self._read(keeping.put_off, workspace_id, after, limit)

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

    # --- ErasureStore, but cancel

    @property
    def tables(self) -> Sequence[str]:
        """See ErasureStore."""
        return TABLES

    @property
    def by_hand(self) -> Sequence[str]:
        """See ErasureStore."""
        return BY_HAND

    async def add_erasure(self, erasure: Erasure) -> None:
        """See ErasureStore."""
        await self._write(erasing.add, erasure)

    async def erasure(self, workspace_id: Id, erasure_id: Id) -> Erasure | None:
        """See ErasureStore."""
        return await self._read(erasing.one, workspace_id, erasure_id)

    async def erasures(self, workspace_id: Id) -> list[Erasure]:
        """See ErasureStore."""
        return await self._read(erasing.newest, workspace_id)

    async def open_erasures(self) -> list[Erasure]:
        """See ErasureStore."""
        return await self._read(erasing.unfinished)

    async def hold_erasure(self, erasure_id: Id, token: int, now: int, until: int) -> Erasure | None:
        """See ErasureStore."""
        return await self._write(erasing.hold, erasure_id, token, now, until)

    async def keep_erasure(self, erasure: Erasure) -> Erasure | None:
        """See ErasureStore."""
        return await self._wipe(erasing.keep, erasure)

    async def persons_messages(self, workspace_id: Id, recipients: Sequence[str], limit: int) -> list[Aged]:
        """See ErasureStore."""
        return await self._read(erasing.persons_messages, workspace_id, recipients, limit)

    async def ended_of(self, message_ids: Sequence[Id]) -> set[Id]:
        """See ErasureStore."""
        return await self._read(erasing.ended_of, message_ids)

    async def empty_messages(
        self, erasure: Erasure, left: Sequence[Left], facts: Sequence[Less], words: Sequence[tuple[int, Id]]
    ) -> Erasure | None:
        """See ErasureStore."""
        return await self._wipe(erasing.empty_messages, erasure, left, facts, words)

    async def hash_suppressions(self, erasure: Erasure, places: Sequence[tuple[Channel, str, str]]) -> Erasure | None:
        """See ErasureStore."""
        return await self._wipe(erasing.hash_suppressions, erasure, places)

    async def scan(self, workspace_id: Id, number: int, after: str, pattern: Naming, limit: int) -> Scanned:
        """See ErasureStore."""
        return await self._read(erasing.scan, workspace_id, number, after, pattern, limit)

    async def strike(
        self, erasure: Erasure, name: str, hits: Sequence[Hit], pattern: Naming, person: Person
    ) -> Erasure | None:
        """See ErasureStore."""
        return await self._wipe(erasing.strike, erasure, name, hits, pattern, person)

    async def forget_files(self, erasure: Erasure) -> Erasure | None:
        """See ErasureStore."""
        return await self._wipe(erasing.forget_files, erasure)
