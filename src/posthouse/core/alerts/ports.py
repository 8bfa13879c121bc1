"""What the room of alerts needs from outside."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from posthouse.core.alerts.levels import ServiceLevel
from posthouse.core.alerts.model import Alert, AlertSettings, Kind, Notice, Target
from posthouse.core.kernel.ids import Id


class Circuit(NamedTuple):
    """A provider that a dispatch process leaves alone, because it failed several times in a row."""

    provider_id: Id
    since: int


class AlertQuery(NamedTuple):
    """Which alerts to list, newest first."""

    workspace_id: Id
    open: bool | None = None
    """None: all."""
    kind: Kind | None = None
    before: Id | None = None
    limit: int = 50


class AlertStore(Protocol):
    """Alerts, what workspaces say about them, and what is to be told."""

    async def alert_settings(self, workspace_id: Id) -> AlertSettings:
        """What a workspace says; the defaults when it said nothing."""
        ...

    async def all_alert_settings(self) -> Mapping[Id, AlertSettings]:
        """Of those that said something."""
        ...

    async def save_alert_settings(self, workspace_id: Id, before: AlertSettings, after: AlertSettings) -> None:
        """Replaces them. ConflictError when they are not ``before`` any more."""
        ...

    async def alerts(self, query: AlertQuery) -> list[Alert]:
        """Those that match, newest first."""
        ...

    async def alert(self, workspace_id: Id, alert_id: Id) -> Alert | None:
        """One of them."""
        ...

    async def open_alerts(self, workspace_id: Id | None = None) -> list[Alert]:
        """All that are open, of a workspace or of all."""
        ...

    async def acknowledge_alert(self, workspace_id: Id, alert_id: Id, at: int, by: str, note: str) -> Alert:
        """Notes that somebody has seen it. NotFoundError when there is none."""
        ...

    async def hold_alerts(self, token: int, now: int, until: int) -> bool:
        """Takes or keeps the right to judge. False: another process has it."""
        ...

    async def alerts_held_until(self) -> int | None:
        """Until when somebody has the right to judge, unless it is renewed; None: nobody ever had it."""
        ...

    async def keep_alerts(self, token: int, alerts: Sequence[Alert], notices: Sequence[Notice]) -> bool:
        """Keeps new and changed alerts and what is to be told, in one transaction. False: the right is another's, nothing was kept.

        Acknowledgements stay. An alert whose cause is open already is not kept, nor its notices.
        """
        ...

    async def due_notices(self, now: int, limit: int) -> list[Notice]:
        """What is to be told by now, oldest first."""
        ...

    async def delay_notice(self, notice: Notice) -> None:
        """It was not taken: when it is tried again, and why."""
        ...

    async def drop_notice(self, notice_id: Id) -> None:
        """It was taken, or is given up."""
        ...

    async def purge_alerts(self, before: Id, limit: int) -> int:
        """Forgets up to so many alerts that are over and older than an identifier; how many."""
        ...


class CircuitStore(Protocol):
    """Which providers dispatch processes leave alone just now."""

    async def keep_circuits(self, holder: int, circuits: Sequence[Circuit], now: int) -> None:
        """What one process leaves alone, in place of what it said before."""
        ...

    async def circuits(self, since: int) -> list[Circuit]:
        """What processes said at ``since`` or later; each provider once, with its earliest."""
        ...


class LevelStore(Protocol):
    """Service levels of templates."""

    async def service_levels(self, workspace_id: Id | None = None) -> list[ServiceLevel]:
        """Of a workspace, or of all."""
        ...

    async def save_service_level(self, level: ServiceLevel) -> None:
        """Keeps one, in place of the template's former one."""
        ...

    async def remove_service_level(self, workspace_id: Id, template_id: Id) -> None:
        """Forgets one. NotFoundError when there is none."""
        ...


class Teller(Protocol):
    """Tells a target; what went wrong, in words, empty: it was taken."""

    async def tell(self, target: Target, notice: Notice) -> str:
        """Tells. Never raises for what the other side does. The same notice is told under the same identifier."""
        ...
