"""What alerts would have said: the same code over the hours that are over."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from posthouse.core.alerts.judging import Scene, judge
from posthouse.core.alerts.levels import ServiceLevel
from posthouse.core.alerts.loading import BITE, Roll, latencies, rows
from posthouse.core.alerts.model import FROM_HISTORY, Alert, AlertSettings
from posthouse.core.alerts.past_levels import PastLevels
from posthouse.core.alerts.traffic import KEPT, Traffic
from posthouse.core.alerts.turning import Calm, turn
from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.ids import Id, IdSource


async def replay(
    store: Roll,
    edition: int,
    workspace_id: Id,
    zone: str,
    settings: AlertSettings,
    names: Mapping[str, str],
    promised: Sequence[ServiceLevel] = (),
    *,
    since: int,
    until: int,
    new_id: IdSource,
    pause: Callable[[], Awaitable[None]],
) -> list[Alert]:
    """The alerts of a period, oldest first, judged at the end of each hour. Mutes are not looked at.

    Args:
        store: the roll-ups.
        edition: which of them.
        workspace_id: whose.
        zone: its time zone.
        settings: the rules to try.
        names: keys of templates.
        promised: service levels, as they are now.
        since: the first hour (since the epoch).
        until: the one after the last.
        new_id: makes identifiers.
        pause: called after each hour, so that others come to work.
    """
    plain = msgspec.structs.replace(settings, mutes=())
    traffic = Traffic(zone, since - KEPT)
    for begin in range(since - KEPT, since, BITE):
        last = min(since, begin + BITE)
        traffic.set_hours(begin, last, await rows(store, edition, workspace_id, begin, last), last * HOUR)
    kept = PastLevels(promised, names, since, until)
    await kept.read(store, edition, workspace_id)
    open_: dict[Id, Alert] = {}
    done: list[Alert] = []
    calm = Calm()
    for begin in range(since, until, BITE):
        last = min(until, begin + BITE)
        by_hour: dict[int, list[tuple[int, str, Sequence[int]]]] = defaultdict(list)
        for row in await rows(store, edition, workspace_id, begin, last):
            by_hour[row[0]].append(row)
        traffic.latencies |= await latencies(store, edition, workspace_id, begin, last)
        for hour in range(begin, last):
            now = (hour + 1) * HOUR
            traffic.set_hours(hour, hour + 1, by_hour[hour], now)
            causes = {(one.kind, one.subject) for one in open_.values()}
            signals = [*judge(Scene(traffic, plain, names, now, causes)), *kept.signals(plain, hour)]
            signals = [one for one in signals if plain.rule(one.kind).enabled]
            changed = turn(
                workspace_id,
                plain,
                signals,
                list(open_.values()),
                judged=FROM_HISTORY,
                calm=calm,
                now=now,
                new_id=new_id,
            )
            for alert in changed.recovered:
                del open_[alert.id]
            done += changed.recovered
            open_ |= {alert.id: alert for alert in changed.opened}
            await pause()
    return sorted([*done, *open_.values()], key=lambda alert: (alert.opened_at, alert.id))
