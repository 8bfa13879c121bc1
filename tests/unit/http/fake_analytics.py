"""Roll-ups that say the same whatever they are asked, and remember the questions."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from posthouse.core.analytics.latencies import Span, encode, key_of
from posthouse.core.analytics.model import Position
from posthouse.core.analytics.ports import SumQuery, Sums
from posthouse.core.analytics.service import AnalyticsService
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.ids import Id, Uuid7Source
from posthouse.core.templates.model import Template
from posthouse.core.workspaces.service import WorkspaceService

COUNTS = {"accepted": 200, "sent": 100, "of_sent": 100, "of_opened_human": 25, "of_opened": 40, "of_clicked_human": 5}


class FakeSums:
    """One row for each question (and version, where versions were asked for): of the tag ``=1+1`` where tags were asked for, of nothing otherwise."""

    def __init__(self) -> None:
        self.asked: list[SumQuery] = []
        self.versions = (3,)
        self.open = asyncio.Event()
        """Cleared, questions wait."""
        self.open.set()

    async def rollup_position(self, edition: int | None = None) -> Position:
        return Position(edition or 0, 1)

    async def rollup_zones(self, edition: int) -> Mapping[Id, str]:
        return {}

    async def first_after(self, seq: int) -> int | None:
        return None

    async def source_names(self, workspace_id: Id) -> Mapping[str, str]:
        return {"aa": "shop"}

    async def rollup_sums(self, edition: int, query: SumQuery) -> list[Sums]:
        self.asked.append(query)
        await self.open.wait()
        values = {"tag": "=1+1", "source": "aa", "channel": 1, "lane": 0, "live": 1}
        versions = self.versions if "version" in query.by else (0,)
        values |= {name: chosen[0] for name, chosen in query.filters if name == "template"}
        dims = [tuple((values | {"version": one}).get(name, "") for name in query.by) for one in versions]
        counts = tuple(COUNTS.get(name, 0) for name in query.columns)
        latencies = [encode({key_of(Span.DELIVERED, 1_000): 1})] if query.latencies else []
        return [Sums(query.end - 1, one, counts, latencies) for one in dims]


class _Shelf:
    """Templates under the name that the store has for it."""

    def __init__(self, templates: Any) -> None:
        self._templates = templates

    async def templates(self, workspace_id: Id) -> Sequence[Template]:
        found: Sequence[Template] = await self._templates.list(workspace_id)
        return found


def analytics_service(sums: FakeSums, templates: Any, store: Any, clock: Clock) -> AnalyticsService:
    """The real service over these."""
    workspaces = WorkspaceService(store=store, new_id=Uuid7Source(clock.now), clock=clock)
    return AnalyticsService(sums, _Shelf(templates), store, workspaces, domains=("gmail", "other"), clock=clock)
