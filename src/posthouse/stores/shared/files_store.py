"""The port methods of uploaded files that both stores do alike."""

from collections.abc import Sequence

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.files import FileUse, Kept
from posthouse.stores.shared import files
from posthouse.stores.shared.primitives import Primitives


class SharedFiles(Primitives):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    async def files(self, workspace_id: Id, after: bytes | None, limit: int) -> Sequence[Kept]:
        """See FileStore."""
        return await self._read(files.files, workspace_id, after, limit)

    async def file(self, workspace_id: Id, digest: bytes) -> Kept | None:
        """See FileStore."""
        return await self._read(files.file, workspace_id, digest)

    async def file_uses(self, workspace_id: Id, digests: Sequence[bytes]) -> dict[bytes, Sequence[FileUse]]:
        """See FileStore."""
        return dict(await self._read(files.file_uses, workspace_id, digests))

    async def file_waiting(self, workspace_id: Id, digest: bytes) -> int:
        """See FileStore."""
        return await self._read(files.file_waiting, workspace_id, digest)

    async def remove_file(self, workspace_id: Id, digest: bytes) -> bool:
        """See FileStore."""
        return await self._write(files.remove_file, workspace_id, digest)
