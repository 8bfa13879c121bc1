"""The port methods of alerts and service levels, which both stores do alike: AlertStore, CircuitStore and LevelStore."""

from collections.abc import Mapping, Sequence

from posthouse.core.alerts.levels import ServiceLevel
from posthouse.core.alerts.model import Alert, AlertSettings, Notice
from posthouse.core.alerts.ports import AlertQuery, Circuit
from posthouse.core.kernel.ids import Id
from posthouse.stores.shared import alerts
from posthouse.stores.shared.primitives import Primitives


class SharedAlerts(Primitives):
    """A part of :class:`~posthouse.stores.shared.store.SharedStore`."""

    async def alert_settings(self, workspace_id: Id) -> AlertSettings:
        """See AlertStore."""
        return await self._read(alerts.settings_of, workspace_id)

    async def all_alert_settings(self) -> Mapping[Id, AlertSettings]:
        """See AlertStore."""
        return await self._read(alerts.all_settings)

    async def save_alert_settings(self, workspace_id: Id, before: AlertSettings, after: AlertSettings) -> None:
        """See AlertStore."""
        await self._write(alerts.save_settings, workspace_id, before, after)

    async def alerts(self, query: AlertQuery) -> list[Alert]:
        """See AlertStore."""
        return await self._read(alerts.listed, query)

    async def alert(self, workspace_id: Id, alert_id: Id) -> Alert | None:
        """See AlertStore."""
        return await self._read(alerts.one, workspace_id, alert_id)

    async def open_alerts(self, workspace_id: Id | None = None) -> list[Alert]:
        """See AlertStore."""
        return await self._read(alerts.open_of, workspace_id)

    async def acknowledge_alert(self, workspace_id: Id, alert_id: Id, at: int, by: str, note: str) -> Alert:
        """See AlertStore."""
        return await self._write(alerts.acknowledge, workspace_id, alert_id, at, by, note)

    async def hold_alerts(self, token: int, now: int, until: int) -> bool:
        """See AlertStore."""
        return await self._write(alerts.hold, token, now, until)

    async def alerts_held_until(self) -> int | None:
        """See AlertStore."""
        return await self._read(alerts.held_until)

    async def keep_alerts(self, token: int, kept: Sequence[Alert], notices: Sequence[Notice]) -> bool:
        """See AlertStore."""
        return await self._write(alerts.keep, token, kept, notices)

    async def due_notices(self, now: int, limit: int) -> list[Notice]:
        """See AlertStore."""
        return await self._read(alerts.due_notices, now, limit)

    async def delay_notice(self, notice: Notice) -> None:
        """See AlertStore."""
        await self._write(alerts.delay_notice, notice)

    async def drop_notice(self, notice_id: Id) -> None:
        """See AlertStore."""
        await self._write(alerts.drop_notice, notice_id)

    async def purge_alerts(self, before: Id, limit: int) -> int:
        """See AlertStore."""
        return await self._write(alerts.purge, before, limit)

    # --- CircuitStore

    async def keep_circuits(self, holder: int, circuits: Sequence[Circuit], now: int) -> None:
        """See CircuitStore."""
        await self._write(alerts.keep_circuits, holder, circuits, now)

    async def circuits(self, since: int) -> list[Circuit]:
        """See CircuitStore."""
        return await self._read(alerts.circuits_since, since)

    # --- LevelStore

    async def service_levels(self, workspace_id: Id | None = None) -> list[ServiceLevel]:
        """See LevelStore."""
        return await self._read(alerts.levels, workspace_id)

    async def save_service_level(self, level: ServiceLevel) -> None:
        """See LevelStore."""
        await self._write(alerts.save_level, level)

    async def remove_service_level(self, workspace_id: Id, template_id: Id) -> None:
        """See LevelStore."""
        await self._write(alerts.remove_level, workspace_id, template_id)
