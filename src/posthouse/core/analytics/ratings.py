"""What people answered to the ratings in messages: NPS, CSAT, and their words."""

import contextlib
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

import msgspec

from posthouse.core.analytics import calendar
from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import DAY, Clock
from posthouse.core.kernel.errors import FieldProblem, NotFoundError, PosthouseError, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.paging import MAX_PAGE, Page
from posthouse.core.templates.model import Template
from posthouse.core.tracking.ratings import QUARTER, RatingAnswer, RatingCount, RatingQuery, RatingStore
from posthouse.core.workspaces.service import WorkspaceService

PERIODS: Final = ("day", "week", "month")
DEFAULT_DAYS: Final = 90
MAX_DAYS: Final = 3_660
MAX_DAYS_BY_DAY: Final = 1_000
_SURE: Final = 1.96
"""Standard deviations on each side that hold 95 of 100."""
_BAD_CURSOR: Final = "this is no `next` of a page of answers; begin without `cursor`"


class Figures(msgspec.Struct, frozen=True):
    """Answers, counted."""

    answers: int
    value: float | None
    """NPS (-100 to 100) or CSAT (0 to 100); None without answers."""
    margin: float | None
    """The true value lies within this on both sides, 95 times of 100."""
    scores: dict[str, int]
    """How many gave each score that was given."""


class PeriodFigures(msgspec.Struct, frozen=True):
    """Answers given in one day, week or month."""

    start: str
    """RFC 3339 in the time zone."""
    figures: Figures


class Rated(msgspec.Struct, frozen=True):
    """One rating of one template."""

    template: str | None
    """Key; None: a message without one."""
    rating: str
    lowest: int
    highest: int
    measure: str
    """``nps`` where scores are 0 to 10, otherwise ``csat``."""
    total: Figures
    series: list[PeriodFigures]
    """Periods with answers, the oldest first."""


class Summary(msgspec.Struct, frozen=True):
    """What was answered in a period; the most answers first."""

    since: str
    until: str
    timezone: str
    granularity: str
    items: list[Rated]


class Said(msgspec.Struct, frozen=True):
    """An answer, the key of its template, and the language of its message."""

    answer: RatingAnswer
    template: str | None
    locale: str | None


class Templates(Protocol):
    """Where templates are."""

    async def template(self, workspace_id: Id, key: str) -> Template | None:
        """One by its key."""
        ...

    async def templates(self, workspace_id: Id) -> Sequence[Template]:
        """All of a workspace."""
        ...


class RatingService:
    """Answers questions about answers.

    Args:
        store: the answers.
        templates: for their keys.
        workspaces: for their time zones.
        clock: the time.
    """

    def __init__(self, store: RatingStore, templates: Templates, workspaces: WorkspaceService, clock: Clock) -> None:
        self._store = store
        self._templates = templates
        self._workspaces = workspaces
        self._clock = clock

    async def summary(
        self,
        workspace_id: Id,
        *,
        live: bool,
        template: str | None = None,
        rating: str | None = None,
        since: int | None = None,
        until: int | None = None,
        granularity: str = "month",
    ) -> Summary:
        """NPS or CSAT of each rating of each template, and over time in the workspace's time zone. Each message counts once.

        Raises:
            ValidationError: the period is empty or too long.
            NotFoundError: the workspace has no such template.
        """
        zone = (await self._workspaces.get(workspace_id)).time_zone
        until = self._clock.now() if until is None else min(until, calendar.LAST)
        since = until - DEFAULT_DAYS * DAY if since is None else max(since, 0)
        _check(since, until, granularity)
        template_id = await self._template_id(workspace_id, template)
        query = RatingQuery(workspace_id, live, template_id, rating, since, until)
        counted: dict[tuple[Id | None, str, int, int], list[RatingCount]] = {}
        for one in await self._store.rating_counts(query):
            counted.setdefault((one.template_id, one.rating, one.lowest, one.highest), []).append(one)
        keys = await self._keys(workspace_id)
        items = [
            _rated(keys.get(key[0]) if key[0] else None, key[1:], some, zone, granularity)
            for key, some in counted.items()
        ]
        items.sort(key=lambda one: (-one.total.answers, one.template or "", one.rating))
        return Summary(calendar.show(zone, since), calendar.show(zone, until), zone, granularity, items)

    async def answers(
        self,
        workspace_id: Id,
        *,
        live: bool,
        template: str | None = None,
        rating: str | None = None,
        since: int | None = None,
        until: int | None = None,
        lowest: int | None = None,
        highest: int | None = None,
        commented: bool = False,
        locale: str | None = None,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Said]:
        """Single answers with their words, the newest first. A page may have fewer than ``limit`` although another follows.

        Raises:
            ValidationError: the cursor is none.
            NotFoundError: the workspace has no such template.
        """
        wanted = max(1, min(limit, MAX_PAGE))
        query = RatingQuery(
            workspace_id,
            live,
            await self._template_id(workspace_id, template),
            rating,
            since,
            until,
            lowest,
            highest,
            commented,
            locale,
            None if cursor is None else _read_cursor(cursor),
            wanted + 1,
        )
        found, upto = await self._store.rating_answers(query)
        keys = await self._keys(workspace_id) if found else {}
        sent = await self._store.tracked([one.message_id for one in found[:wanted]])
        shown = [
            Said(
                one,
                keys.get(one.template_id) if one.template_id else None,
                sent[one.message_id].locale if one.message_id in sent else None,
            )
            for one in found[:wanted]
        ]
        if len(found) > wanted:
            last = shown[-1].answer
            upto = (last.at, last.message_id, last.rating)
        return Page(shown, None if upto is None else _show_cursor(*upto))

    async def templates(self, workspace_id: Id) -> list[str]:
        """The keys that answers can be asked for."""
        return sorted((await self._keys(workspace_id)).values())

    async def _template_id(self, workspace_id: Id, key: str | None) -> Id | None:
        if key is None:
            return None
        found = await self._templates.template(workspace_id, key)
        if found is None:
            raise NotFoundError(f"there is no template {key[:100]!r} in this workspace")
        return found.id

    async def _keys(self, workspace_id: Id) -> dict[Id, str]:
        return {one.id: one.key for one in await self._templates.templates(workspace_id)}


def figures(scores: Counter[int], lowest: int, highest: int) -> Figures:
    """NPS or CSAT of scores, with a margin that stays honest where there are few: some answers of each kind are added for it.

    Source: Agresti and Coull (1998) for a share, Rocks (2016) for NPS.
    """
    answers = scores.total()
    if not answers:
        return Figures(0, None, None, {})
    told = {str(score): count for score, count in sorted(scores.items())}
    if (lowest, highest) == (0, 10):
        promoters = sum(count for score, count in scores.items() if score >= 9)
        detractors = sum(count for score, count in scores.items() if score <= 6)
        good, bad, of = (promoters + 0.75), (detractors + 0.75), answers + 3
        spread = (good + bad) / of - ((good - bad) / of) ** 2
        value, margin = (promoters - detractors) / answers, _SURE * math.sqrt(spread / of)
    else:
        content = sum(count for score, count in scores.items() if score >= highest - 1)
        share = (content + 2) / (answers + 4)
        value, margin = content / answers, _SURE * math.sqrt(share * (1 - share) / (answers + 4))
    return Figures(answers, round(100 * value, 1), round(100 * margin, 1), told)


def _rated(
    template: str | None, scale: tuple[str, int, int], counts: Iterable[RatingCount], zone: str, granularity: str
) -> Rated:
    rating, lowest, highest = scale
    total: Counter[int] = Counter()
    periods: dict[int, Counter[int]] = {}
    for one in counts:
        total[one.score] += one.count
        start = _start_of(calendar.day_of(zone, one.quarter * QUARTER), granularity)
        periods.setdefault(start, Counter())[one.score] += one.count
    series = [
        PeriodFigures(calendar.show(zone, calendar.start_of_day(zone, day)), figures(periods[day], lowest, highest))
        for day in sorted(periods)
    ]
    measure = "nps" if (lowest, highest) == (0, 10) else "csat"
    return Rated(template, rating, lowest, highest, measure, figures(total, lowest, highest), series)


def _start_of(day: int, granularity: str) -> int:
    if granularity == "day":
        return day
    if granularity == "week":
        return calendar.monday_of(day)
    return calendar.day_number(calendar.date_of(day).replace(day=1))


def _check(since: int, until: int, granularity: str) -> None:
    problem = None
    if since >= until:
        problem = FieldProblem("/since", "the period is empty: `since` must be before `until`", "range")
    elif until - since > MAX_DAYS * DAY:
        problem = FieldProblem("/since", f"ask for at most {MAX_DAYS} days at once", "range")
    elif granularity == "day" and until - since > MAX_DAYS_BY_DAY * DAY:
        advice = f"that would be more than {MAX_DAYS_BY_DAY} days; write week or month, or a shorter period"
        problem = FieldProblem("/granularity", advice, "range")
    if problem is not None:
        raise ValidationError("The query has bad values.", fields=[problem])


def _show_cursor(at: int, message_id: Id, rating: str) -> str:
    return f"{at}.{ids.show(ids.MESSAGE, message_id)}.{rating}"


def _read_cursor(word: str) -> tuple[int, Id, str]:
    at, _, rest = word.partition(".")
    message, _, rating = rest.partition(".")
    if at.isascii() and at.isdigit() and len(at) <= 18 and 0 < len(rating) <= 100:
        with contextlib.suppress(PosthouseError):
            return int(at), ids.read(ids.MESSAGE, message), rating
    problem = FieldProblem("/cursor", _BAD_CURSOR, "bad-cursor")
    raise ValidationError("The query has bad values.", fields=[problem])
