"""The files that were uploaded: where each is used, and taking away those that nobody uses."""

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import ConflictError, FieldProblem, NotFoundError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.uploads import read_upload_id, upload_id

_SHOWN: Final = 5


class FileInUseError(ConflictError):
    """Templates or waiting messages still use this file."""

    slug = "file-in-use"


class Kept(msgspec.Struct, frozen=True):
    """A file as the store has it. ``used_at``: when it came, or was last given to a message by its identifier; microseconds."""

    digest: bytes
    size: int
    used_at: int


class FileUse(msgspec.Struct, frozen=True):
    """A template that attaches a file."""

    template: str
    name: str
    """What the file is called there."""
    draft: bool
    live: bool
    versions: tuple[int, ...] = ()
    """All that were published with it, the newest first: messages made from them can be looked at, and gone back to."""
    inline: bool = False
    """Whether it is a picture that the mail shows."""


class StoredFile(msgspec.Struct, frozen=True):
    """A file, and who uses it."""

    id: str
    size: int
    used_at: int
    uses: tuple[FileUse, ...] = ()
    waiting: int = 0
    """Messages that wait to be sent with it, named by themselves."""


class FileStore(Protocol):
    """Uploaded files (part of the store)."""

    async def files(self, workspace_id: Id, after: bytes | None, limit: int) -> Sequence[Kept]:
        """A page of files by digest."""
        ...

    async def file(self, workspace_id: Id, digest: bytes) -> Kept | None:
        """One file."""
        ...

    async def file_uses(self, workspace_id: Id, digests: Sequence[bytes]) -> dict[bytes, Sequence[FileUse]]:
        """The templates that attach each of these, by key."""
        ...

    async def file_waiting(self, workspace_id: Id, digest: bytes) -> int:
        """Messages that wait to be sent with it."""
        ...

    async def remove_file(self, workspace_id: Id, digest: bytes) -> bool:
        """Takes a file away unless a template attaches it; whether it did. Looks again in the same transaction."""
        ...


class FileService:
    """What people do with uploaded files.

    Args:
        store: keeps them.
    """

    def __init__(self, store: FileStore) -> None:
        self._store = store

    async def list(
        self, workspace_id: Id, after: str | None = None, limit: int = 50
    ) -> tuple[Sequence[StoredFile], str | None]:
        """A page of files with their uses, and where the next page begins."""
        place = None if after is None else _read(after)[0]
        found = list(await self._store.files(workspace_id, place, limit + 1))
        shown = found[:limit]
        uses = await self._store.file_uses(workspace_id, [one.digest for one in shown])
        files = [_stored(one, uses.get(one.digest, ())) for one in shown]
        return files, files[-1].id if len(found) > limit else None

    async def get(self, workspace_id: Id, word: str) -> StoredFile:
        """One file and everybody who uses it. NotFoundError when the workspace has none of that identifier."""
        digest, size = _read(word)
        kept = await self._store.file(workspace_id, digest)
        if kept is None or kept.size != size:
            raise NotFoundError(f"there is no upload {word[:100]!r} in this workspace")
        uses = await self._store.file_uses(workspace_id, [digest])
        return _stored(kept, uses.get(digest, ()), await self._store.file_waiting(workspace_id, digest))

    async def remove(self, workspace_id: Id, word: str) -> None:
        """Takes a file away for good.

        Raises:
            NotFoundError: there is none of that identifier.
            FileInUseError: it is attached by a template, in whatever version, or by a message that waits; ``fields`` lists them.
        """
        found = await self.get(workspace_id, word)
        if found.uses or found.waiting or not await self._store.remove_file(workspace_id, _read(word)[0]):
            raise _in_use(await self.get(workspace_id, word))


def _read(word: str) -> tuple[bytes, int]:
    try:
        return read_upload_id(word)
    except ValueError as error:
        raise NotFoundError(f"{word[:100]!r} is {error}") from None


def _stored(kept: Kept, uses: Sequence[FileUse], waiting: int = 0) -> StoredFile:
    return StoredFile(upload_id(kept.digest, kept.size), kept.size, kept.used_at, tuple(uses), waiting)


def _in_use(found: StoredFile) -> FileInUseError:
    fields = [
        FieldProblem(
            f"/templates/{use.template}", f"{_where(use)} of {use.template!r} attaches it as {use.name!r}", "in-use"
        )
        for use in found.uses
    ]
    if found.waiting:
        fields.append(FieldProblem("/messages", f"{counted(found.waiting, 'message')} to be sent with it", "in-use"))
    names = [repr(use.template) for use in found.uses]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    who = f"the templates {', '.join(names[:_SHOWN])}{more}" if names else counted(found.waiting, "waiting message")
    return FileInUseError(f"the file is used by {who}; nothing was removed", fields=fields)


def _where(use: FileUse) -> str:
    """``the draft, version 3 (live) and version 2``."""
    words = ["the draft"] * use.draft
    words += [f"version {one}{' (live)' if use.live and not index else ''}" for index, one in enumerate(use.versions)]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)
