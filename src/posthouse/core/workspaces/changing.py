"""Changes of settings that two people may make at the same moment: neither is lost, and who looked at older ones is told."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeVar

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.workspaces.errors import StaleSettingsError, UnknownWorkspaceError
from posthouse.core.workspaces.model import Workspace

S = TypeVar("S", bound=msgspec.Struct)
_TRIES: Final = 5


class Workspaces(Protocol):
    """A part of WorkspaceStore."""

    async def workspaces(self) -> Sequence[Workspace]:
        """All of them."""
        ...

    async def update_workspace(self, before: Workspace, after: Workspace) -> None:
        """See WorkspaceStore."""
        ...


async def change_workspace(store: Workspaces, workspace_id: Id, change: Callable[[Workspace], Workspace]) -> Workspace:
    """Changes a workspace as it is at that moment; ``change`` is asked again when somebody else was faster.

    Raises:
        UnknownWorkspaceError: there is none.
        StaleSettingsError: others keep changing it; or what ``change`` raises.
    """
    return await changed(lambda: find_workspace(store, workspace_id), change, store.update_workspace)


async def changed(
    read: Callable[[], Awaitable[S]], change: Callable[[S], S], write: Callable[[S, S], Awaitable[None]]
) -> S:
    """Reads, changes, and writes if it is still as it was read; some times, then the StaleSettingsError is the caller's."""
    tries = 0
    while True:
        before = await read()
        after = change(before)
        try:
            await write(before, after)
        except StaleSettingsError:
            tries += 1
            if tries == _TRIES:
                raise
        else:
            return after


async def find_workspace(store: Workspaces, workspace_id: Id) -> Workspace:
    """One workspace.

    Raises:
        UnknownWorkspaceError: there is none.
    """
    for workspace in await store.workspaces():
        if workspace.id == workspace_id:
            return workspace
    raise UnknownWorkspaceError


def settings_hash(settings: msgspec.Struct) -> str:
    """What says whether settings are still those that somebody looked at (``ETag``)."""
    return hashlib.sha256(msgspec.json.encode(settings, order="sorted")).hexdigest()


def check_base(settings: S, base: str | None) -> S:
    """The settings, if they are those that a change was made from; no base: whatever they are.

    Raises:
        StaleSettingsError: they are others by now.
    """
    if base is not None and base != settings_hash(settings):
        raise StaleSettingsError(
            "Somebody else changed these settings since you read them; read them again and repeat your change."
        )
    return settings
