"""What is wrong with the things that messages pass: providers, queue, endpoints, domains, certificates, keys, reviews."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from posthouse.core.alerts.levels import Measured, ServiceLevel
from posthouse.core.alerts.model import AlertSettings, Kind, Numbers, Signal
from posthouse.core.alerts.ports import Circuit
from posthouse.core.analytics import calendar
from posthouse.core.delivery.model import LaneDepth
from posthouse.core.kernel.clock import DAY, SECOND
from posthouse.core.kernel.ids import Id
from posthouse.core.webhooks.model import Endpoint, Line, Pause
from posthouse.core.workspaces.model import Domain
from posthouse.core.workspaces.ports import DnsFinding

FEWEST_LATE: Final = 5
"""So many messages must be late before a service level is said to be missed."""


class Certificate(NamedTuple):
    """A certificate that a listener of ours shows."""

    name: str
    ends_at: int


def providers(
    settings: AlertSettings, names: Mapping[Id, str], circuits: Sequence[Circuit], now: int
) -> Iterator[Signal]:
    """Providers that dispatch leaves alone because they failed."""
    limit = settings.rule(Kind.PROVIDER).threshold
    for circuit in circuits:
        if circuit.provider_id in names:
            seconds = max(0, now - circuit.since) // SECOND
            yield Signal(Kind.PROVIDER, names[circuit.provider_id], {"seconds": seconds}, bad=seconds >= limit)


def queue(settings: AlertSettings, depths: Sequence[LaneDepth], now: int) -> Iterator[Signal]:
    """Lanes in which a message has been due for long."""
    limit = settings.rule(Kind.QUEUE).threshold
    for depth in depths:
        seconds = 0 if depth.oldest_due_at is None else max(0, now - depth.oldest_due_at) // SECOND
        if seconds > limit / 2:
            numbers: Numbers = {"seconds": seconds, "limit_seconds": limit, "waiting": depth.ready}
            yield Signal(Kind.QUEUE, depth.lane.name.lower(), numbers, bad=seconds > limit)


def webhooks(settings: AlertSettings, lines: Sequence[tuple[Endpoint, Line]], now: int) -> Iterator[Signal]:
    """Endpoints that take nothing, or were paused for that. One that somebody paused is no news to him."""
    limit = settings.rule(Kind.WEBHOOK).threshold
    for endpoint, line in lines:
        if not endpoint.live:
            continue
        if line.paused in (Pause.GONE, Pause.FAILING):
            yield Signal(Kind.WEBHOOK, endpoint.name, {"paused": 1, "waiting_events": line.waiting})
        elif line.paused is None and line.failing_since is not None:
            seconds = max(0, now - line.failing_since) // SECOND
            yield Signal(
                Kind.WEBHOOK, endpoint.name, {"seconds": seconds, "waiting_events": line.waiting}, bad=seconds >= limit
            )


def domain(settings: AlertSettings, found: Domain, findings: Sequence[DnsFinding], looks: int) -> Signal | None:
    """A domain that was proved by DNS and no longer is. ``looks``: so many in a row were bad, with this one."""
    wrong = [one for one in findings if one.record.required and one.known and not one.ok]
    if not wrong:
        return None
    records = ", ".join(f"{one.record.type} {one.record.name}" for one in wrong)
    bad = looks >= settings.rule(Kind.DOMAIN).threshold
    return Signal(Kind.DOMAIN, found.name, {"records": records, "advice": wrong[0].advice}, bad=bad)


def keys(settings: AlertSettings, domains: Sequence[Domain], now: int) -> Iterator[Signal]:
    """Signing keys that are as old as their domain."""
    limit = settings.rule(Kind.KEY).threshold
    for one in domains:
        days = (now - one.created_at) // DAY
        if one.keys and days >= limit:
            yield Signal(Kind.KEY, one.name, {"days": days, "limit_days": round(limit)})


def certificates(settings: AlertSettings, found: Sequence[Certificate], now: int) -> Iterator[Signal]:
    """Certificates that end soon, or have ended."""
    limit = settings.rule(Kind.CERTIFICATE).threshold
    for one in found:
        days = (one.ends_at - now) // DAY
        if days < limit:
            yield Signal(Kind.CERTIFICATE, one.name, {"left_days": max(0, days), "until": _day(one.ends_at // DAY)})


def reviews(settings: AlertSettings, due: Mapping[str, str], today: int) -> Iterator[Signal]:
    """Templates (by key) whose day of review (``2027-03-31``) has come. ``today``: days since the epoch where the workspace is."""
    ahead = settings.rule(Kind.REVIEW).threshold
    for key, word in due.items():
        try:
            day = calendar.day_number(dt.date.fromisoformat(word))
        except ValueError:
            continue
        if day - today <= ahead:
            yield Signal(Kind.REVIEW, key, {"until": word})


def levels(
    settings: AlertSettings, found: Sequence[tuple[ServiceLevel, Measured]], names: Mapping[str, str]
) -> Iterator[Signal]:
    """Service levels whose budget is spent, or is being spent fast."""
    limit = settings.rule(Kind.SERVICE_LEVEL).threshold
    for level, measured in found:
        key = names.get(level.template_id.hex())
        if key is None or measured.late < FEWEST_LATE or measured.kept is None:
            continue
        burn = measured.burn or 0.0
        near = measured.left < 0.1 * measured.budget or burn > limit / 2
        bad = measured.left < 0 or burn >= limit
        if near or bad:
            numbers: Numbers = {
                "kept_rate": measured.kept,
                "share_rate": level.share,
                "within_seconds": level.seconds,
                "of": measured.messages,
                "late": measured.late,
                "left": measured.left,
                "burn": burn,
                "days": level.days,
            }
            yield Signal(Kind.SERVICE_LEVEL, key, numbers, bad=bad)


def _day(day: int) -> str:
    return calendar.date_of(day).isoformat()
