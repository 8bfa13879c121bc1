"""Workspaces: made by the operator, seen by whoever has a key of theirs."""

import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id, IdSource
from posthouse.core.kernel.places import LOCALE_ADVICE, ZONE_ADVICE, is_locale, is_zone
from posthouse.core.workspaces.changing import change_workspace, find_workspace
from posthouse.core.workspaces.model import Workspace
from posthouse.core.workspaces.ports import WorkspaceStore

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class WorkspaceService:
    """Makes and shows workspaces."""

    def __init__(self, *, store: WorkspaceStore, clock: Clock, new_id: IdSource) -> None:
        self._store = store
        self._clock = clock
        self._new_id = new_id

    async def create(self, name: str, *, default_locale: str = "en", time_zone: str = "UTC") -> Workspace:
        """Makes a workspace.

        Args:
            name: 1 to 63 lower-case letters, digits and hyphens.
            default_locale: language tag (BCP 47).
            time_zone: IANA name.

        Raises:
            ValidationError: one of them is wrong.
            ConflictError: the name is taken.
        """
        _check(name, default_locale, time_zone)
        workspace = Workspace(
            id=self._new_id(),
            name=name,
            created_at=self._clock.now(),
            default_locale=default_locale,
            time_zone=time_zone,
        )
        await self._store.add_workspace(workspace)
        return workspace

    async def change(self, workspace_id: Id, change: Callable[[Workspace], Workspace]) -> Workspace:
        """Keeps other settings of a workspace; a change that somebody else makes at the same moment is not lost.

        Raises:
            UnknownWorkspaceError: there is none; or what ``change`` raises.
        """
        return await change_workspace(self._store, workspace_id, change)

    async def rename(self, workspace_id: Id, name: str) -> Workspace:
        """Gives it another name; the one it has already is fine.

        Raises:
            UnknownWorkspaceError: there is none.
            ValidationError: the name is wrong.
            ConflictError: the name is taken.
        """
        _check(name, "en", "UTC")
        return await self.change(workspace_id, lambda workspace: msgspec.structs.replace(workspace, name=name))

    async def list(self) -> Sequence[Workspace]:
        """All workspaces, oldest first."""
        return await self._store.workspaces()

    async def get(self, workspace_id: Id) -> Workspace:
        """One workspace.

        Raises:
            UnknownWorkspaceError: there is none.
        """
        return await find_workspace(self._store, workspace_id)


def _check(name: str, locale: str, time_zone: str) -> None:
    problems = []
    if not _NAME.fullmatch(name):
        problems.append(FieldProblem("/name", "write 1 to 63 lower-case letters, digits and hyphens", "form"))
    if not is_locale(locale):
        problems.append(FieldProblem("/default_locale", LOCALE_ADVICE, "form"))
    if not is_zone(time_zone):
        problems.append(FieldProblem("/time_zone", ZONE_ADVICE, "form"))
    if problems:
        raise ValidationError("The workspace cannot be made like this.", fields=problems)
