"""Uploaded files in memory."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from posthouse.core.messages.files import FileUse, Kept
from posthouse.core.messages.model import Attachment
from posthouse.core.templates.model import Release


class FakeFiles:
    """Files by digest, with whoever uses them."""

    def __init__(self) -> None:
        self.kept: dict[bytes, Kept] = {}
        self.uses: dict[bytes, list[FileUse]] = {}
        self.waiting: dict[bytes, int] = {}

    def add(self, data: bytes) -> bytes:
        digest = hashlib.sha256(data).digest()
        self.kept[digest] = Kept(digest, len(data), 1_700_000_000_000_000)
        return digest

    async def files(self, workspace_id: bytes, after: bytes | None, limit: int) -> Sequence[Kept]:
        return [self.kept[one] for one in sorted(self.kept) if one > (after or b"")][:limit]

    async def file(self, workspace_id: bytes, digest: bytes) -> Kept | None:
        return self.kept.get(digest)

    async def file_uses(self, workspace_id: bytes, digests: Sequence[bytes]) -> dict[bytes, Sequence[FileUse]]:
        return {one: self.uses[one] for one in digests if one in self.uses}

    async def file_waiting(self, workspace_id: bytes, digest: bytes) -> int:
        return self.waiting.get(digest, 0)

    async def remove_file(self, workspace_id: bytes, digest: bytes) -> bool:
        return self.kept.pop(digest, None) is not None


class NoAttachments:
    """Makes nothing."""

    async def make(
        self, release: Release, variables: Mapping[str, Any], at: int
    ) -> tuple[tuple[Attachment, ...], dict[bytes, bytes]]:
        return (), {}
