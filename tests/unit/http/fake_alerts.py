"""Alerts and service levels without a store."""

import asyncio
from typing import Any

import msgspec
from tests.unit.http.fake_webhooks import FakePoster

from posthouse.bootstrap.alerts import speaker_of
from posthouse.channels.email.addresses import EmailAddressRules
from posthouse.config import Settings
from posthouse.config.model import Http
from posthouse.core.alerts.levels import ServiceLevel
from posthouse.core.alerts.measuring import LevelService
from posthouse.core.alerts.model import Alert, AlertSettings, Notice, Target
from posthouse.core.alerts.ports import AlertQuery
from posthouse.core.alerts.service import AlertService
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.errors import NotFoundError
from posthouse.core.kernel.ids import Uuid7Source
from posthouse.core.workspaces.service import WorkspaceService


class FakeAlertStore:
    """What the management of alerts and levels needs, in lists."""

    def __init__(self) -> None:
        self.said: dict[bytes, AlertSettings] = {}
        self.rows: list[Alert] = []
        self.levels: dict[bytes, ServiceLevel] = {}

    async def alert_settings(self, workspace_id: bytes) -> AlertSettings:
        return self.said.get(workspace_id, AlertSettings())

    async def save_alert_settings(self, workspace_id: bytes, before: AlertSettings, after: AlertSettings) -> None:
        self.said[workspace_id] = after

    async def alerts(self, query: AlertQuery) -> list[Alert]:
        found = [
            one
            for one in self.rows[::-1]
            if one.workspace_id == query.workspace_id
            and query.open in (None, one.recovered_at is None)
            and query.kind in (None, one.kind)
            and (query.before is None or one.id < query.before)
        ]
        return found[: query.limit]

    async def alert(self, workspace_id: bytes, alert_id: bytes) -> Alert | None:
        return next((one for one in self.rows if (one.workspace_id, one.id) == (workspace_id, alert_id)), None)

    async def acknowledge_alert(self, workspace_id: bytes, alert_id: bytes, at: int, by: str, note: str) -> Alert:
        (place,) = [place for place, one in enumerate(self.rows) if one.id == alert_id]
        self.rows[place] = msgspec.structs.replace(self.rows[place], acknowledged_at=at, acknowledged_by=by, note=note)
        return self.rows[place]

    async def service_levels(self, workspace_id: bytes | None = None) -> list[ServiceLevel]:
        return [one for one in self.levels.values() if one.workspace_id == workspace_id]

    async def save_service_level(self, level: ServiceLevel) -> None:
        self.levels[level.template_id] = level

    async def remove_service_level(self, workspace_id: bytes, template_id: bytes) -> None:
        if self.levels.pop(template_id, None) is None:
            raise NotFoundError("none")


class FakeTeller:
    """Remembers what was told; a target named `deaf` takes nothing."""

    def __init__(self) -> None:
        self.told: list[tuple[Target, Notice]] = []

    async def tell(self, target: Target, notice: Notice) -> str:
        self.told.append((target, notice))
        return "timeout: no answer" if target.name == "deaf" else ""


class _Shelf:
    """Templates under the names that the store has for it."""

    def __init__(self, templates: Any) -> None:
        self.template = templates.template
        self.templates = templates.list


def alert_services(
    store: FakeAlertStore, teller: FakeTeller, sums: Any, templates: Any, settings: Any, box: Any, clock: Clock
) -> dict[str, Any]:
    """The real services over these."""
    new_id, shelf = Uuid7Source(clock.now), _Shelf(templates)
    workspaces = WorkspaceService(store=settings, new_id=new_id, clock=clock)
    levels = LevelService(store, sums, shelf, clock)
    alerts = AlertService(
        store, sums, shelf, workspaces, teller, FakePoster(1.0), box, levels, normal=EmailAddressRules().normal_email,
        clock=clock, new_id=new_id, entropy=lambda count: b"e" * count, pause=lambda: asyncio.sleep(0),
    )  # fmt: skip
    speaker = speaker_of(Settings(http=Http(public_url="https://post.example/")), bytes(32))
    return {"alerts": alerts, "levels": levels, "speaker": speaker}
