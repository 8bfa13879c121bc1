"""From the words of a request to a question, or to what is wrong with them."""

import datetime as dt
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from posthouse.core.analytics import calendar
from posthouse.core.analytics.dimensions import DIMENSIONS, Names
from posthouse.core.analytics.measures import DEFAULT, METRICS, Metric
from posthouse.core.analytics.model import Kind
from posthouse.core.kernel.clock import DAY, HOUR
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.moments import read_moment
from posthouse.core.kernel.nearest import did_you_mean

GRANULARITIES: Final = ("hour", "day", "week", "month")
MAX_BUCKETS: Final = 2_000
MAX_DAYS: Final = 3_660
DEFAULT_DAYS: Final = 30
MAX_BY: Final = 3
MAX_WORDS: Final = 100
_ALONE: Final = {name: one.kind for name, one in DIMENSIONS.items() if one.kind in (Kind.TAGS, Kind.STEPS)}
"""Dimensions whose rows know the coarse ones only."""


class Asked(msgspec.Struct, frozen=True):
    """A question in the words of a request. Empty: the default."""

    since: str = ""
    until: str = ""
    timezone: str = ""
    granularity: str = ""
    metrics: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = {}
    """By dimension; several values of one are alternatives."""
    live: bool | None = True
    previous: bool = False
    sort: str = ""
    limit: int = 50


class Question(msgspec.Struct, frozen=True):
    """The same, checked."""

    workspace_id: Id
    since: int
    until: int
    zone: str
    granularity: str
    metrics: tuple[Metric, ...]
    by: tuple[str, ...]
    filters: tuple[tuple[str, tuple[str | int, ...]], ...]
    """Columns of combinations, with the values they may have."""
    kind: Kind
    previous: bool
    sort: Metric
    limit: int

    def before(self) -> "Question":
        """The same about the period before, of the same length: as many days, where it begins with one."""
        day = calendar.day_of(self.zone, self.since)
        if calendar.start_of_day(self.zone, day) != self.since:
            return msgspec.structs.replace(self, since=2 * self.since - self.until, until=self.since)
        days = calendar.day_of(self.zone, self.until - 1) - day + 1
        since = calendar.start_of_day(self.zone, day - days)
        whole = calendar.start_of_day(self.zone, day + days) == self.until
        until = self.since if whole else min(self.since, since + self.until - self.since)
        return msgspec.structs.replace(self, since=since, until=until)


def read(asked: Asked, workspace_id: Id, zone: str, names: Names, now: int) -> Question:
    """The question that words ask.

    Args:
        asked: the words.
        workspace_id: of whom.
        zone: the time zone of the workspace.
        names: what there is in it.
        now: the instant.

    Raises:
        ValidationError: words that are wrong, each with what to write instead.
    """
    reading = _Reading()
    zone = reading.zone(asked.timezone or zone)
    granularity = reading.one("/granularity", asked.granularity or "day", GRANULARITIES)
    until = reading.moment("/until", asked.until, zone, now)
    today = calendar.day_of(zone, until - 1)
    since = reading.moment("/since", asked.since, zone, calendar.start_of_day(zone, today - DEFAULT_DAYS + 1))
    since, until = _to_the_hour(zone, since), _to_the_hour(zone, until, up=True)
    reading.period(since, until, granularity)
    wanted = dict.fromkeys(reading.many("/metrics", asked.metrics or DEFAULT, METRICS))
    metrics = tuple([METRICS[name] for name in wanted])
    sort = METRICS[reading.one("/sort", asked.sort, METRICS)] if asked.sort else (metrics or (METRICS["accepted"],))[0]
    by = tuple(dict.fromkeys(reading.many("/by", asked.by, DIMENSIONS)))
    if len(by) > MAX_BY:
        reading.wrong("/by", f"at most {MAX_BY} dimensions at once", "too-many")
    filters = reading.filters(asked.filters, names)
    kind = reading.kind({*by, *[name for name, values in asked.filters.items() if values]})
    reading.end()
    if asked.live is not None:
        filters.append(("live", (int(asked.live),)))
    return Question(
        workspace_id,
        since,
        until,
        zone,
        granularity,
        metrics,
        by,
        tuple(filters),
        kind,
        asked.previous,
        sort,
        asked.limit,
    )


def _to_the_hour(zone: str, instant: int, *, up: bool = False) -> int:
    """Numbers are kept by the hour; the beginning of a day is kept too, in zones that are half an hour off."""
    if calendar.start_of_day(zone, calendar.day_of(zone, instant)) == instant:
        return instant
    return -(-instant // HOUR) * HOUR if up else instant // HOUR * HOUR


class _Reading:
    """Collects what is wrong, so that it is told at once."""

    def __init__(self) -> None:
        self._problems: list[FieldProblem] = []

    def wrong(self, pointer: str, detail: str, code: str) -> None:
        self._problems.append(FieldProblem(pointer, detail, code))

    def end(self) -> None:
        if self._problems:
            raise ValidationError("The query has bad values.", fields=self._problems)

    def one(self, pointer: str, word: str, known: Iterable[str]) -> str:
        words = list(known)
        if word in words:
            return word
        hint = did_you_mean(word, words) or "; write one of " + ", ".join(words)
        self.wrong(pointer, f'"{word[:64]}" is unknown{hint}', "unknown-word")
        return words[0]

    def many(self, pointer: str, words: Sequence[str], known: Mapping[str, object]) -> list[str]:
        if len(words) > MAX_WORDS:
            self.wrong(pointer, f"at most {MAX_WORDS} words; {len(words)} came", "too-many")
            return []
        return [self.one(f"{pointer}/{index}", word, known) for index, word in enumerate(words)]

    def zone(self, word: str) -> str:
        if len(word) <= 64 and calendar.zone(word) is not None:
            return word
        hint = did_you_mean(word, zoneinfo.available_timezones()) or ' such as "Europe/Paris"'
        self.wrong("/timezone", f'"{word[:64]}" is no time zone; write an IANA name{hint}', "unknown-word")
        return "UTC"

    def moment(self, pointer: str, word: str, zone: str, default: int) -> int:
        if not word:
            return default
        try:
            if len(word) == len("2027-01-31"):
                return calendar.start_of_day(zone, calendar.day_number(dt.date.fromisoformat(word)))
            return min(read_moment(word), calendar.LAST)
        except (ValueError, OverflowError) as error:
            advice = f"write a date such as 2027-01-31, or a date and time such as 2027-01-31T09:00:00Z ({error})"
            self.wrong(pointer, advice, "bad-time")
            return default

    def period(self, since: int, until: int, granularity: str) -> None:
        if since >= until:
            self.wrong("/since", "the period is empty: `since` must be before `until`", "range")
        elif until - since > MAX_DAYS * DAY:
            self.wrong("/since", f"ask for at most {MAX_DAYS} days at once", "range")
        elif granularity == "hour" and (until - since) // HOUR > MAX_BUCKETS:
            self.wrong(
                "/granularity", f"that would be more than {MAX_BUCKETS} hours; write day, or a shorter period", "range"
            )

    def filters(self, asked: Mapping[str, tuple[str, ...]], names: Names) -> list[tuple[str, tuple[str | int, ...]]]:
        found: list[tuple[str, tuple[str | int, ...]]] = []
        for dimension, words in asked.items():
            values: list[str | int] = []
            for index, word in enumerate(words):
                try:
                    values += names.values(dimension, word)
                except ValueError as error:
                    self.wrong(f"/{dimension}/{index}", str(error), "unknown-word")
            if words:
                found.append((DIMENSIONS[dimension].columns[-1], tuple(values)))
        if asked.get("version") and len(asked.get("template", ())) != 1:
            self.wrong("/version", "a version means something for one template: add `template`", "missing")
        if len(asked.get("tag", ())) > 1:
            self.wrong("/tag", "ask for one tag at a time: messages that have both would count twice", "too-many")
        return found

    def kind(self, used: set[str]) -> Kind:
        fine = sorted([name for name in used if name in DIMENSIONS and DIMENSIONS[name].kind is Kind.FINE])
        alone = sorted(used & _ALONE.keys())
        if not alone:
            return Kind.FINE if fine else Kind.COARSE
        if others := [*alone[1:], *fine]:
            text = f"{alone[0]}s are not counted by {' and '.join(others)}; leave one of them out"
            self.wrong(f"/{alone[0]}", text, "not-kept")
        return _ALONE[alone[0]]
