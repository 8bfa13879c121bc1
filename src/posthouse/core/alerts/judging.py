"""What the numbers of a workspace say is wrong."""

import math
from collections.abc import Collection, Iterator, Mapping
from typing import Final, NamedTuple

from posthouse.core.alerts.baseline import (
    Usual,
    chance_of_as_few,
    chance_of_as_many,
    chance_of_rate,
)
from posthouse.core.alerts.model import EVERYTHING, AlertSettings, Kind, Numbers, Signal
from posthouse.core.alerts.traffic import ACCEPTED, COLUMNS, LONGEST, TOTAL, Traffic
from posthouse.core.analytics.latencies import Latencies, Span
from posthouse.core.kernel.clock import HOUR, MINUTE
from posthouse.core.messages.model import Lane

SILENCE_LEVEL: Final = 1e-5
SURGE_LEVEL: Final = 1e-6
"""What is less likely than this is not usual."""
WINDOWS: Final = (1, 2, 4, 8, LONGEST)
"""Hours that end with the running one."""
SURGE_WINDOWS: Final = (1, 4)
STOPPED: Final = 0.1
"""A template with less than this share of the usual has stopped."""
SHORTEST: Final = 3 * MINUTE
"""So long nothing has to come before it is asked whether that is usual."""
ALIVE: Final = 0.5
"""With this share it is back."""
FEWEST_ALIVE: Final = 5
FEWEST_SURGE: Final = 50
MANY_WEEKS: Final = 5
"""From so many on, one odd week (a feast day) among them is overlooked."""
RATE_LEVEL: Final = 5e-3
FEWEST: Final = {Kind.BOUNCES: 5, Kind.COMPLAINTS: 3}
FEWEST_MEASURED: Final = 20
_DAY: Final = 24
_SENT, _BOUNCED, _AT_ONCE, _COMPLAINED = (
    COLUMNS.index(name) for name in ("sent", "bounced", "bounced_at_once", "complained")
)
_NOBODY: Final = "(no template)"

Open = Collection[tuple[Kind, str]]


class Scene(NamedTuple):
    """What is judged."""

    traffic: Traffic
    settings: AlertSettings
    names: Mapping[str, str]
    """Keys of the templates that may be sent, by what the roll-ups call them."""
    now: int
    """Up to here everything is counted."""
    open: Open
    """Kinds and subjects of alerts that are open."""

    @property
    def hour(self) -> int:
        """The running hour; at a full hour, the one that is just over."""
        return (self.now - 1) // HOUR

    @property
    def part(self) -> float:
        """How much of it is over."""
        return (self.now - self.hour * HOUR) / HOUR

    def subjects(self) -> Iterator[tuple[str, str]]:
        """Everything first, then each template: key of the series and subject."""
        yield TOTAL, EVERYTHING
        for key in self.traffic.keys:
            if key in self.names:
                yield key, self.names[key]
            elif not key:
                yield key, _NOBODY


def judge(scene: Scene) -> list[Signal]:
    """All that the roll-ups say."""
    found: list[Signal] = []
    for kind, look in ((Kind.SILENCE, _silent), (Kind.SURGE, _surging)):
        if scene.settings.rule(kind).enabled:
            found += one_cause(look(scene), scene.open)
    for kind, column in ((Kind.BOUNCES, _BOUNCED), (Kind.COMPLAINTS, _COMPLAINED)):
        if scene.settings.rule(kind).enabled:
            found += one_cause(_too_many(scene, kind, column), scene.open)
    if scene.settings.rule(Kind.LATENCY).enabled:
        found += list(_slow(scene))
    return found


def one_cause(signals: Iterator[Signal], open_: Open = ()) -> list[Signal]:
    """Where everything is wrong, its parts are not said one by one; what was said already stays.

    Where it is one template alone that makes everything look wrong, the template is said, unless everything was said before.
    """
    found = list(signals)
    whole = next((one for one in found if one.bad and one.subject == EVERYTHING), None)
    if whole is None:
        return found
    parts = [one for one in found if one.bad and one.subject != EVERYTHING]
    said = parts[0] if len(parts) == 1 and (whole.kind, EVERYTHING) not in open_ else whole
    return [one if one is said else Signal(one.kind, one.subject, one.numbers, bad=False) for one in found]


def _silent(scene: Scene) -> Iterator[Signal]:
    hour, traffic = scene.hour, scene.traffic
    windows = [(length, hour - length + 1, traffic.weeks_ago(hour - length + 1, hour)) for length in WINDOWS]
    least = scene.settings.rule(Kind.SILENCE).threshold
    for key, subject in scene.subjects():
        signal = _stopped(scene, key, subject, windows, least)
        if signal is not None:
            yield signal


_Windows = list[tuple[int, int, list[tuple[int, int]]]]


def _stopped(scene: Scene, key: str, subject: str, windows: _Windows, least: float) -> Signal | None:
    traffic, hour = scene.traffic, scene.hour
    _, _, longest = windows[-1]
    day = traffic.usual(key, longest)  # the most that any of the windows can expect
    is_open = (Kind.SILENCE, subject) in scene.open
    if day is None or (not is_open and day.samples[-1] < least):
        return None
    numbers: Numbers = {"weeks": day.weeks}
    quiet = _since_the_last(scene, key, least)
    if quiet is not None:
        return Signal(Kind.SILENCE, subject, numbers | quiet)
    for length, begin, places in windows:
        seen = traffic.sum(key, ACCEPTED, begin, hour + 1)
        if seen > STOPPED * day.samples[-1]:
            continue  # more than a tenth of what the whole day ever had, so of any part of it
        known = traffic.usual(key, places, scene.part)
        if known is None or known.mean < least:
            continue
        if _is_silence(seen, known):
            numbers |= {"observed": seen, "expected": round(known.mean, 1), "hours": length}
            return Signal(Kind.SILENCE, subject, numbers)
    if is_open and not _alive(scene, key, windows) and _expected_of_week(scene, key) >= least:
        return Signal(Kind.SILENCE, subject, numbers, bad=False)
    return None


def _since_the_last(scene: Scene, key: str, least: float) -> Numbers | None:
    """Nothing at all since the last message, which the hours' windows see later; None: it is not for long."""
    last = scene.traffic.last(key)
    begin = last // HOUR
    if not scene.hour - LONGEST < begin <= scene.hour or scene.now - last < SHORTEST:
        return None
    places = scene.traffic.weeks_ago(begin, scene.hour)
    known = scene.traffic.usual(key, places, scene.part, (last - begin * HOUR) / HOUR)
    if known is None or known.mean < least or not _is_silence(0, known):
        return None
    return {"observed": 0, "expected": round(known.mean, 1), "hours": round((scene.now - last) / HOUR, 2)}


def _is_silence(seen: int, known: Usual) -> bool:
    if seen > STOPPED * known.mean or chance_of_as_few(seen, known) >= SILENCE_LEVEL:
        return False
    odd = 1 if known.weeks >= MANY_WEEKS else 0
    return known.as_few(max(seen, STOPPED * known.mean)) <= odd


def _alive(scene: Scene, key: str, windows: _Windows) -> bool:
    """Whether something is sent again. A night in which nothing is due anyway proves nothing."""
    for length, begin, places in windows:
        if length > 4:
            break
        known = scene.traffic.usual(key, places, scene.part)
        seen = scene.traffic.sum(key, ACCEPTED, begin, scene.hour + 1)
        if seen >= max(FEWEST_ALIVE, ALIVE * (known.mean if known else 0)):
            return True
    return False


def _expected_of_week(scene: Scene, key: str) -> float:
    """What the week so far should have had: a template that was retired is no longer missed once the weeks before are empty too."""
    hour = scene.hour
    known = scene.traffic.usual(key, scene.traffic.weeks_ago(hour - 167, hour))
    return known.mean if known else 0.0


def _surging(scene: Scene) -> Iterator[Signal]:
    hour, traffic = scene.hour, scene.traffic
    times = scene.settings.rule(Kind.SURGE).threshold
    windows = [(length, hour - length + 1, traffic.weeks_ago(hour - length + 1, hour)) for length in SURGE_WINDOWS]
    for key, subject in scene.subjects():
        worst: Signal | None = None
        for length, begin, places in windows:
            seen = traffic.sum(key, ACCEPTED, begin, hour + 1)
            if seen < FEWEST_SURGE:
                continue
            known = traffic.usual(key, places)
            if known is None:
                continue
            numbers: Numbers = {
                "observed": seen,
                "expected": round(known.mean, 1),
                "hours": length,
                "weeks": known.weeks,
            }
            is_open = (Kind.SURGE, subject) in scene.open
            bad = seen >= times * known.mean and chance_of_as_many(seen, known) < SURGE_LEVEL
            if bad and (is_open or seen > traffic.highest(key, length, begin)):
                worst = Signal(Kind.SURGE, subject, numbers)
                break
            if is_open and seen >= (1 + times) / 2 * known.mean:
                worst = Signal(Kind.SURGE, subject, numbers, bad=False)
        if worst is not None:
            yield worst


def _too_many(scene: Scene, kind: Kind, column: int) -> Iterator[Signal]:
    end = scene.hour + 1
    begin, share = end - _DAY, scene.settings.rule(kind).threshold
    for key, subject in scene.subjects():
        happened = scene.traffic.sum(key, column, begin, end)
        if happened < FEWEST[kind]:
            continue
        sent = scene.traffic.sum(key, _SENT, begin, end) + scene.traffic.sum(key, _AT_ONCE, begin, end)
        of = max(sent, happened)
        numbers: Numbers = {"happened": happened, "of": of, "rate": round(happened / of, 6), "limit_rate": share}
        if chance_of_rate(happened, of, share) < RATE_LEVEL:
            yield Signal(kind, subject, numbers)
        elif happened > 0.8 * share * of:
            yield Signal(kind, subject, numbers, bad=False)


def _slow(scene: Scene) -> Iterator[Signal]:
    limit = scene.settings.rule(Kind.LATENCY).threshold
    for lane in (Lane.CRITICAL, Lane.NORMAL):
        merged = Latencies()
        for hour in (scene.hour - 1, scene.hour):
            if found := scene.traffic.latencies.get(hour, {}).get(int(lane)):
                merged.merge(found)
        measured = merged.count(Span.FIRST_ATTEMPT)
        slow = merged.percentile(Span.FIRST_ATTEMPT, 95)
        if measured < FEWEST_MEASURED or slow is None or slow / 1000 < limit / 2:
            continue
        seconds = slow / 1000 if slow < 10_000 else float(math.floor(slow / 1000))
        numbers: Numbers = {"seconds": seconds, "limit_seconds": limit, "of": measured}
        yield Signal(Kind.LATENCY, lane.name.lower(), numbers, bad=slow / 1000 > limit)
