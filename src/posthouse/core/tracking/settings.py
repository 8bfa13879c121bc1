"""What a workspace wants to know of its messages."""

import re
from typing import Any, Final

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.workspaces.model import Workspace

KEY: Final = "tracking"
"""Where these stand in the settings of a workspace."""
MAX_VIEW_DAYS: Final = 3_650
MAX_ATTRIBUTION_DAYS: Final = 90
MAX_HOSTS: Final = 50
_HOST: Final = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII)


class TrackingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last word where neither message nor template says anything. Nothing is tracked until somebody wants it."""

    opens: bool = False
    clicks: bool = False
    honeypot: bool = False
    """Whether mails carry a link that people cannot see: who follows it is a machine."""
    view_days: int = 30
    """How long a message can be read in the browser, days after it was due."""
    conversion_hosts: tuple[str, ...] = ()
    """Hosts (``shop.example``, ``*.shop.example``) whose links carry the click on, as ``ph_cid``; others are never given anything."""
    attribution_days: int = 7
    """How long after a click an order is credited to it."""


def settings_of(workspace: Workspace | None) -> TrackingSettings:
    """The settings of a workspace."""
    kept: dict[str, Any] = (workspace.settings.get(KEY) or {}) if workspace is not None else {}
    return msgspec.convert(kept, TrackingSettings)


def with_settings(workspace: Workspace, settings: TrackingSettings) -> Workspace:
    """The workspace with other settings.

    Raises:
        ValidationError: the days are out of bounds, or a host is none.
    """
    problems = [
        FieldProblem(f"/{name}", f"write 1 to {most} days", "range")
        for name, most in (("view_days", MAX_VIEW_DAYS), ("attribution_days", MAX_ATTRIBUTION_DAYS))
        if not 1 <= getattr(settings, name) <= most
    ]
    problems += [
        FieldProblem(f"/conversion_hosts/{index}", "write a host such as shop.example or *.shop.example", "bad-host")
        for index, host in enumerate(settings.conversion_hosts)
        if _HOST.fullmatch(host) is None
    ]
    if len(settings.conversion_hosts) > MAX_HOSTS:
        problems.append(FieldProblem("/conversion_hosts", f"at most {MAX_HOSTS} hosts", "too-many"))
    if problems:
        raise ValidationError("The tracking settings are wrong.", fields=problems)
    return msgspec.structs.replace(workspace, settings={**workspace.settings, KEY: msgspec.to_builtins(settings)})
