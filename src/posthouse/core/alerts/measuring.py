"""Service levels, measured from the roll-ups and managed."""

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

from posthouse.core.alerts import levels
from posthouse.core.alerts.levels import Measure, Measured, ServiceLevel
from posthouse.core.alerts.loading import Roll, complete, counted_until, question
from posthouse.core.alerts.ports import LevelStore
from posthouse.core.analytics import calendar
from posthouse.core.analytics.latencies import Latencies
from posthouse.core.kernel.clock import HOUR, Clock
from posthouse.core.kernel.errors import ConflictError, NotFoundError
from posthouse.core.kernel.ids import Id
from posthouse.core.templates.errors import UnknownTemplateError
from posthouse.core.templates.model import Template

TOGETHER: Final = 20
"""Templates that one question asks for: of 28 days each has a histogram an hour, lane and provider."""


class Shelf(Protocol):
    """A part of TemplateStore."""

    async def template(self, workspace_id: Id, key: str) -> Template | None:
        """See TemplateStore."""
        ...

    async def templates(self, workspace_id: Id) -> Sequence[Template]:
        """See TemplateStore."""
        ...


class NoLevelError(NotFoundError):
    """The template has no service level."""

    slug = "no-service-level"


class InFileError(ConflictError):
    """The service level stands in the template's files."""

    slug = "service-level-in-file"


class LevelService:
    """Sets service levels and says how they are kept.

    Args:
        store: keeps them.
        rollups: what they are measured from.
        templates: for their keys.
        clock: the time.
    """

    def __init__(self, store: LevelStore, rollups: Roll, templates: Shelf, clock: Clock) -> None:
        self._store = store
        self._rollups = rollups
        self._templates = templates
        self._clock = clock

    async def save(
        self, workspace_id: Id, key: str, *, share: float, seconds: float, measure: str, days: int
    ) -> tuple[ServiceLevel, Measured]:
        """Promises something of a template.

        Raises:
            UnknownTemplateError: there is no such template.
            ValidationError: the promise is wrong.
        """
        template = await self._template(workspace_id, key)
        what = levels.check(share, seconds, measure, days)
        level = ServiceLevel(workspace_id, template.id, share, seconds, what, days)
        await self._store.save_service_level(level)
        return level, (await self.measured(workspace_id, [level]))[0]

    async def get(self, workspace_id: Id, key: str) -> tuple[ServiceLevel, Measured]:
        """What is promised of a template, and how it is kept.

        Raises:
            UnknownTemplateError: there is no such template.
            NoLevelError: nothing is promised.
        """
        template = await self._template(workspace_id, key)
        for level in await self.of(workspace_id):
            if level.template_id == template.id:
                return level, (await self.measured(workspace_id, [level]))[0]
        raise _none(key)

    async def remove(self, workspace_id: Id, key: str) -> None:
        """Promises nothing any more.

        Raises:
            UnknownTemplateError: there is no such template.
            NoLevelError: nothing was promised.
            InFileError: the template's own files promise it.
        """
        template = await self._template(workspace_id, key)
        try:
            await self._store.remove_service_level(workspace_id, template.id)
        except NotFoundError:
            if template.draft is not None and template.draft.service_level is not None:
                raise InFileError(
                    f"The service level of {key!r} stands in its template.toml; take it out there and push, or set another one here."
                ) from None
            raise _none(key) from None

    async def of(self, workspace_id: Id) -> list[ServiceLevel]:
        """What is promised in a workspace: what was set by hand, else what the template's files say."""
        found, templates = await asyncio.gather(
            self._store.service_levels(workspace_id), self._templates.templates(workspace_id)
        )
        by_hand = {level.template_id for level in found}
        return found + [
            level
            for template in templates
            if template.id not in by_hand and not template.archived and (level := _in_file(template)) is not None
        ]

    async def all(self, workspace_id: Id) -> list[tuple[str, ServiceLevel, Measured]]:
        """All of a workspace, by the template's key."""
        found, templates = await asyncio.gather(self.of(workspace_id), self._templates.templates(workspace_id))
        keys = {template.id: template.key for template in templates}
        here = [(keys[level.template_id], level) for level in found if level.template_id in keys]
        here.sort(key=lambda one: one[0])
        measured = await self.measured(workspace_id, [level for _, level in here])
        return [(key, level, found) for (key, level), found in zip(here, measured, strict=True)]

    async def measured(self, workspace_id: Id, promised: Sequence[ServiceLevel]) -> list[Measured]:
        """How levels of a workspace are kept: of live messages, in whole days of UTC and the running one.

        One question asks for many of them.
        """
        edition, until = await counted_until(self._rollups, self._clock.now())
        end, today = (until - 1) // HOUR + 1, calendar.day_of("UTC", until)
        lately = await self._histograms(edition, workspace_id, promised, end - 2, end)
        windows: dict[str, Latencies] = {}
        for days in levels.WINDOWS:
            begin = calendar.start_of_day("UTC", today - days + 1) // HOUR
            mine = [level for level in promised if level.days == days]
            windows |= await self._histograms(edition, workspace_id, mine, begin, end)
        nothing, keys = Latencies(), [level.template_id.hex() for level in promised]
        return [
            levels.measure(level, windows.get(key, nothing), lately.get(key, nothing))
            for level, key in zip(promised, keys, strict=True)
        ]

    async def _histograms(
        self, edition: int, workspace_id: Id, promised: Sequence[ServiceLevel], begin: int, end: int
    ) -> dict[str, Latencies]:
        """Of each template; those without any message are left out."""
        found: dict[str, Latencies] = {}
        keys = tuple(level.template_id.hex() for level in promised)
        for first in range(0, len(keys), TOGETHER):
            some = keys[first : first + TOGETHER]
            query = question(workspace_id, begin, end, by="template", of=some, by_hour=False)
            found |= {
                str(row.dims[0]): Latencies(row.latencies) for row in await complete(self._rollups, edition, query)
            }
        return found

    async def _template(self, workspace_id: Id, key: str) -> Template:
        found = await self._templates.template(workspace_id, key)
        if found is None:
            raise UnknownTemplateError(f"There is no template {key!r} in this workspace.")
        return found


def _in_file(template: Template) -> ServiceLevel | None:
    said = template.draft.service_level if template.draft is not None else None
    if said is None:
        return None
    what = Measure(said.measure)
    return ServiceLevel(template.workspace_id, template.id, said.share, said.seconds, what, said.days, in_file=True)


def _none(key: str) -> NoLevelError:
    return NoLevelError(
        f"The template {key!r} has no service level; set one with PUT /v1/templates/{key}/service-level."
    )
