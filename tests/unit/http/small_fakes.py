"""Smaller stand-ins: held messages, and the figures of tracking."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from posthouse.core.messages.model import EventType
from posthouse.core.tracking.model import Shares
from posthouse.core.tracking.reports import TrackingReports
from posthouse.core.tracking.rules import Rules


class FakeHeld:
    """Remembers what was released."""

    def __init__(self) -> None:
        self.released: list[Sequence[bytes] | None] = []

    async def release_held(self, workspace_id: bytes | None, message_ids: Sequence[bytes] | None, at: int) -> int:
        self.released.append(message_ids)
        return 0 if message_ids is None else len(message_ids)


class FakeTrackingStore:
    """Knows one figure."""

    async def shares(
        self, workspace_id: bytes, template_id: bytes | None, since: int | None, until: int | None
    ) -> list[Shares]:
        return [Shares(EventType.OPENED, 3, 1, 4)]


def tracking_reports(templates: Any, workspaces: Any) -> TrackingReports:
    """Reports over that figure, with the rules of the house."""
    rules = Rules(files("posthouse.core.tracking").joinpath("rules.toml").read_text())
    return TrackingReports(FakeTrackingStore(), templates, workspaces, rules)
