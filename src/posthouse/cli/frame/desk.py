"""Where a command works: the settings it was given, its output, and the way to the store."""

import shlex
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from posthouse.cli.frame.output import Output
from posthouse.config import Loaded, Settings, load, read_master_key
from posthouse.core.kernel.errors import NotFoundError, ValidationError
from posthouse.core.workspaces.model import Workspace

if TYPE_CHECKING:
    from posthouse.bootstrap import House


class Desk(msgspec.Struct):
    """What the common options of a command gave."""

    out: Output
    environ: Mapping[str, str]
    data: Path | None = None
    database: str | None = None
    config: Path | None = None
    workspace: str | None = None
    afterwards: Callable[[], int] | None = None
    """What goes on when the command is over, outside its event loop; gives the exit code. For the supervisor."""

    def load(self, **overrides: Any) -> Loaded:
        """The settings; ``overrides`` by name with ``__`` for the dot, those that are None left out."""
        line = {name.replace("__", "."): value for name, value in overrides.items() if value is not None}
        if self.database is not None:
            line["database"] = self.database
        return load(data=self.data, config=self.config, environ=self.environ, overrides=line)

    @property
    def again(self) -> str:
        """The common options as they were typed, for a command line that somebody is told to type next."""
        given = {"data": self.data, "config": self.config, "workspace": self.workspace}
        words = "".join(f" --{name} {shlex.quote(str(value))}" for name, value in given.items() if value is not None)
        return words + (" --database …" if self.database else "")  # it may hold a password

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.load().settings

    @asynccontextmanager
    async def open(self) -> "AsyncIterator[House]":
        """The house: store and services, closed again at the end."""
        from posthouse.bootstrap import open_house  # here: a store and a web framework take a while to import

        settings = self.settings
        read_master_key(settings)  # first: a mistyped --data must not leave an empty store behind
        async with open_house(settings, role="cli") as house:
            yield house

    @asynccontextmanager
    async def open_workspace(self) -> "AsyncIterator[tuple[House, Workspace]]":
        """The house and the workspace that the command is about."""
        async with self.open() as house:
            yield house, pick(await house.store.workspaces(), self.workspace)


def pick(workspaces: Sequence[Workspace], name: str | None) -> Workspace:
    """The workspace of that name, or the only one.

    Raises:
        NotFoundError: there is none of that name, or none at all.
        ValidationError: there are several and no name was given.
    """
    names = ", ".join(workspace.name for workspace in workspaces)
    if name is not None:
        for workspace in workspaces:
            if workspace.name == name:
                return workspace
        raise NotFoundError(f"there is no workspace {name!r}; there is: {names or 'none'}")
    if not workspaces:
        raise NotFoundError("there is no workspace yet; run `posthouse init` first")
    if len(workspaces) > 1:
        raise ValidationError(f"there are several workspaces; say which with --workspace: {names}")
    return workspaces[0]
