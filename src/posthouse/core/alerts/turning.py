"""From what is wrong now to what is told: one alert for each cause, and its end."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import msgspec

from posthouse.core.alerts.model import RULES, Alert, AlertSettings, Kind, Signal
from posthouse.core.kernel.ids import Id, IdSource


class Turn(NamedTuple):
    """What changes. Alerts are as they are to be kept."""

    opened: list[Alert]
    recovered: list[Alert]
    unmuted: list[Alert]
    """Opened before, while they were muted; to be told now."""


class Calm:
    """Since when open alerts have been well. In memory: after a restart an alert ends a little later."""

    def __init__(self) -> None:
        self._since: dict[Id, int] = {}

    def well(self, alert: Alert, now: int) -> bool:
        """All is well; whether it has been for long enough."""
        return now - self._since.setdefault(alert.id, now) >= RULES[alert.kind].calm

    def unwell(self, alert: Alert) -> None:
        """It is not."""
        self._since.pop(alert.id, None)


def turn(
    workspace_id: Id,
    settings: AlertSettings,
    signals: Sequence[Signal],
    open_: Sequence[Alert],
    *,
    judged: Collection[Kind],
    calm: Calm,
    now: int,
    new_id: IdSource,
) -> Turn:
    """What follows from signals.

    Args:
        workspace_id: whose.
        settings: what is muted.
        signals: what is wrong, or nearly.
        open_: the alerts that are open.
        judged: the kinds that could be looked at; of others nothing changes.
        calm: how long alerts have been well.
        now: the instant.
        new_id: makes identifiers.
    """
    by_cause = {(one.kind, one.subject): one for one in signals}
    known = {(alert.kind, alert.subject): alert for alert in open_}
    opened = [
        Alert(
            id=new_id(),
            workspace_id=workspace_id,
            kind=one.kind,
            subject=one.subject,
            opened_at=now,
            numbers=one.numbers,
            told=not settings.muted(one.kind, one.subject, now),
        )
        for cause, one in by_cause.items()
        if one.bad and cause not in known
    ]
    recovered, unmuted = [], []
    for cause, alert in known.items():
        signal = by_cause.get(cause)
        off = not settings.rule(alert.kind).enabled
        if not off and (signal is not None or alert.kind not in judged):
            calm.unwell(alert)
            if not alert.told and signal is not None and signal.bad and not settings.muted(*cause, now):
                unmuted.append(msgspec.structs.replace(alert, told=True, numbers=signal.numbers))
        elif off or calm.well(alert, now):
            calm.unwell(alert)
            recovered.append(msgspec.structs.replace(alert, recovered_at=now))
    return Turn(opened, recovered, unmuted)
