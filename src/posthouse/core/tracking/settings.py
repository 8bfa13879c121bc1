"""What a workspace wants to know of its messages."""

from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.workspaces.model import Workspace

KEY: Final = "tracking"
"""Where these stand in the settings of a workspace."""
MAX_VIEW_DAYS: Final = 3_650


class TrackingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last word where neither message nor template says anything. Nothing is tracked until somebody wants it."""

    opens: bool = False
    clicks: bool = False
    honeypot: bool = False
    """Whether mails carry a link that people cannot see: who follows it is a machine."""
    view_days: int = 30
    """How long a message can be read in the browser, days after it was due."""


def settings_of(workspace: Workspace | None) -> TrackingSettings:
    """The settings of a workspace."""
    kept: dict[str, Any] = (workspace.settings.get(KEY) or {}) if workspace is not None else {}
    return msgspec.convert(kept, TrackingSettings)


def with_settings(workspace: Workspace, settings: TrackingSettings) -> Workspace:
    """The workspace with other settings.

    Raises:
        ValidationError: the days are out of bounds.
    """
    if not 1 <= settings.view_days <= MAX_VIEW_DAYS:
        problem = FieldProblem("/view_days", f"write 1 to {MAX_VIEW_DAYS} days", "range")
        raise ValidationError("The tracking settings are wrong.", fields=[problem])
    return msgspec.structs.replace(workspace, settings={**workspace.settings, KEY: msgspec.to_builtins(settings)})
