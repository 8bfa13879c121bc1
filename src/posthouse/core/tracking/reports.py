"""Settings of tracking, and what was opened and clicked: for people who manage it."""

from collections.abc import Callable

import msgspec

from posthouse.core.kernel.errors import NotFoundError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import EventType
from posthouse.core.templates.ports import TemplateStore
from posthouse.core.tracking.model import Shares
from posthouse.core.tracking.ports import TrackingStore
from posthouse.core.tracking.recount import Recounted, recount
from posthouse.core.tracking.rules import Rules
from posthouse.core.tracking.settings import TrackingSettings, settings_of, with_settings
from posthouse.core.workspaces.changing import check_base
from posthouse.core.workspaces.model import Workspace
from posthouse.core.workspaces.service import WorkspaceService


class Share(msgspec.Struct, frozen=True):
    """Messages that something came back for, by the best that is known of each."""

    event: str
    human: int
    """Messages with a human among them: the number to look at."""
    unknown: int
    machine: int
    machine_share: float
    """Of all messages that something came back for, those with machines only; 0 to 1."""


class TrackingReports:
    """What a workspace wants to know, and knows.

    Args:
        store: opens and clicks.
        templates: for their keys.
        workspaces: where settings are.
        rules: who is who.
    """

    def __init__(
        self, store: TrackingStore, templates: TemplateStore, workspaces: WorkspaceService, rules: Rules
    ) -> None:
        self._store = store
        self._templates = templates
        self._workspaces = workspaces
        self._rules = rules

    @property
    def rules_version(self) -> int:
        """Of the rules in force."""
        return self._rules.version

    async def settings(self, workspace_id: Id) -> TrackingSettings:
        """The settings of a workspace.

        Raises:
            UnknownWorkspaceError: there is none.
        """
        return settings_of(await self._workspaces.get(workspace_id))

    async def change(
        self, workspace_id: Id, change: Callable[[TrackingSettings], TrackingSettings], base: str | None = None
    ) -> TrackingSettings:
        """Keeps other settings, made from those there are at that moment.

        Args:
            workspace_id: whose.
            change: makes the new ones; asked again when somebody else was faster.
            base: hash (``settings_hash``) of the settings that the change was made from; None: of any.

        Raises:
            UnknownWorkspaceError: there is none.
            ValidationError: a value is out of bounds.
            StaleSettingsError: the settings are not those of ``base``.
        """

        def changed(workspace: Workspace) -> Workspace:
            return with_settings(workspace, change(check_base(settings_of(workspace), base)))

        return settings_of(await self._workspaces.change(workspace_id, changed))

    async def shares(
        self, workspace_id: Id, template: str | None = None, *, since: int | None = None, until: int | None = None
    ) -> list[Share]:
        """How many messages were opened, clicked… by whom. Instants are those at which messages were accepted.

        Raises:
            NotFoundError: the workspace has no such template.
        """
        template_id = None
        if template is not None:
            found = await self._templates.template(workspace_id, template)
            if found is None:
                raise NotFoundError(f"there is no template {template[:100]!r} in this workspace")
            template_id = found.id
        return [_share(one) for one in await self._store.shares(workspace_id, template_id, since, until)]

    async def recount(self) -> Recounted:
        """Tells every verdict again, of all workspaces."""
        return await recount(self._store, self._rules)


def _share(one: Shares) -> Share:
    total = one.human + one.unknown + one.machine
    return Share(
        EventType(one.type).name.lower(),
        one.human,
        one.unknown,
        one.machine,
        round(one.machine / total, 4) if total else 0.0,
    )
