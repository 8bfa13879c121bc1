"""What a workspace keeps, and for how long: one rule for each class of retention that its templates name, and one for all others."""

import re
from collections.abc import Collection
from typing import Any, Final, Literal

import msgspec

from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.workspaces.changing import Workspaces, find_workspace
from posthouse.core.workspaces.model import Workspace

KEY: Final = "retention"
"""Where these stand in the settings of a workspace."""
MOST_DAYS: Final = 36_500
LEAST_EVENT_DAYS: Final = 7
"""Webhooks try for three days, and returned mail comes for some more."""
MOST_CLASSES: Final = 100
_CLASS: Final = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,62}[^\s\x00-\x1f\x7f])?")


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How long a message of one class is kept, in days since it was accepted. None: for good."""

    content_days: int | None = None
    """Until variables, content, names, addresses, and what servers and browsers said are erased."""
    event_days: int | None = None
    """Until its events are erased. What was counted stays."""
    addresses: Literal["hash", "erase"] = "hash"
    """``hash``: a keyed hash stays in the place of the address, so that whoever knows the address still finds the message."""


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of a workspace. Nothing is erased until somebody says so."""

    default: Rule = Rule()
    """For templates without a class or with one that has no rule, and for content that a source rendered itself."""
    classes: dict[str, Rule] = {}

    def of(self, name: str) -> Rule:
        """The rule of a class."""
        return self.classes.get(name, self.default)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All of them."""
        return (self.default, *self.classes.values())


def retention_of(workspace: Workspace | None) -> Retention:
    """The rules of a workspace."""
    kept: dict[str, Any] = (workspace.settings.get(KEY) or {}) if workspace is not None else {}
    return msgspec.convert(kept, Retention)


async def ruled_classes(workspaces: Workspaces, workspace_id: Id) -> Collection[str]:
    """The classes that have a rule."""
    return retention_of(await find_workspace(workspaces, workspace_id)).classes


def with_retention(workspace: Workspace, retention: Retention) -> Workspace:
    """The workspace with other rules.

    Raises:
        ValidationError: days out of bounds, events that would go before the content, or a name that no template can have.
    """
    problems = _problems("/default", retention.default)
    for name, rule in retention.classes.items():
        pointer = f"/classes/{name[:64].replace('~', '~0').replace('/', '~1')}"
        if not _CLASS.fullmatch(name):
            problems.append(FieldProblem(pointer, "write 1 to 64 characters without blanks at the ends", "form"))
        problems += _problems(pointer, rule)
    if len(retention.classes) > MOST_CLASSES:
        problems.append(FieldProblem("/classes", f"at most {MOST_CLASSES} classes", "too-many"))
    if problems:
        raise ValidationError("The rules of retention are wrong.", fields=problems)
    return msgspec.structs.replace(workspace, settings={**workspace.settings, KEY: msgspec.to_builtins(retention)})


def _problems(pointer: str, rule: Rule) -> list[FieldProblem]:
    found = [
        FieldProblem(f"{pointer}/{name}", f"write {least} to {MOST_DAYS} days, or null: for good", "range")
        for name, days, least in (
            ("content_days", rule.content_days, 1),
            ("event_days", rule.event_days, LEAST_EVENT_DAYS),
        )
        if days is not None and not least <= days <= MOST_DAYS
    ]
    if not found and rule.event_days is not None and (rule.content_days is None or rule.event_days < rule.content_days):
        advice = "events are kept at least as long as the content: give content_days too, no more than event_days"
        found.append(FieldProblem(f"{pointer}/event_days", advice, "range"))
    return found
