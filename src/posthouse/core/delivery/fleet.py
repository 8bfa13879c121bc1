"""The providers that are up in this process, and which of them a message may take."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from posthouse.core.delivery.circuit import Circuit
from posthouse.core.delivery.model import Claimed, ProviderRow, RouteStep
from posthouse.core.delivery.ports import DeliveryStore, Provider, ProviderFactory
from posthouse.core.kernel.cache import GenerationCache
from posthouse.core.kernel.clock import Clock
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel
from posthouse.core.workspaces.ports import SecretBox, WorkspaceStore

SANDBOX: Final = "sandbox"


class WayOut(msgspec.Struct, eq=False):
    """A provider that is up, with its circuit."""

    row: ProviderRow
    provider: Provider
    circuit: Circuit


Leg = tuple[int, int, ProviderRow]
"""Position, weight, provider."""


class Fleet:
    """Finds ways out and keeps them up.

    Args:
        store: providers and routes.
        workspaces: for the settings generation.
        factory: makes a provider from its row and its opened secret.
        box: opens secrets.
        clock: for the cache.
        random: gives a number in [0, 1), for weighted routes.
    """

    def __init__(
        self,
        store: DeliveryStore,
        workspaces: WorkspaceStore,
        factory: ProviderFactory,
        *,
        box: SecretBox,
        clock: Clock,
        random: Callable[[], float],
    ) -> None:
        self._store = store
        self._factory = factory
        self._box = box
        self._random = random
        self._legs: GenerationCache[tuple[Id, Channel], list[Leg]] = GenerationCache(workspaces.generation, clock)
        self._up: dict[Id, WayOut] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def ways(self, message: Claimed) -> Sequence[WayOut]:
        """The ways out for a message, in the order to try them. Test messages only ever go to the sandbox."""
        if not message.live:
            return [self._bring_up(sandbox_row(message.workspace_id, message.channel))]
        legs = await self._legs.get((message.workspace_id, message.channel), self._read)
        if len(legs) == 1:
            return [self._bring_up(legs[0][2])]
        return [self._bring_up(row) for row in self._order(legs)]

    def failing(self) -> dict[Id, int]:
        """The providers that are left alone, and since when (monotonic microseconds)."""
        return {
            way.row.id: way.circuit.open_since
            for way in self._up.values()
            if way.circuit.open_since is not None and way.row.kind != SANDBOX
        }

    async def _read(self, key: tuple[Id, Channel]) -> list[Leg]:
        workspace_id, channel = key
        rows = {row.id: row for row in await self._store.providers(workspace_id) if row.channel == channel}
        steps: Sequence[RouteStep] = ()
        for route in await self._store.routes(workspace_id):
            if route.channel == channel:
                steps = route.steps
        if not steps:
            steps = [RouteStep(row.id, position) for position, row in enumerate(rows.values())]
        self._retire(rows)
        return sorted(
            (
                (step.position, step.weight, rows[step.provider_id])
                for step in steps
                if step.provider_id in rows and rows[step.provider_id].enabled
            ),
            key=lambda leg: leg[0],
        )

    def _order(self, legs: Sequence[Leg]) -> Iterator[ProviderRow]:
        """By position; those of one position drawn by weight without putting back."""
        for position in dict.fromkeys(leg[0] for leg in legs):
            left = [(weight, row) for at, weight, row in legs if at == position]
            while left:
                point = self._random() * sum(weight for weight, _ in left)
                index = 0
                while index < len(left) - 1 and point >= left[index][0]:
                    point -= left[index][0]
                    index += 1
                yield left.pop(index)[1]

    def _bring_up(self, row: ProviderRow) -> WayOut:
        way = self._up.get(row.id)
        if way is not None and (way.row is row or way.row == row):
            return way
        if way is not None:
            self._close(way)
        secret = msgspec.json.decode(self._box.open(row.secret, purpose="provider")) if row.secret else {}
        way = self._up[row.id] = WayOut(row, self._factory(row, secret), Circuit())
        return way

    def _retire(self, rows: dict[Id, ProviderRow]) -> None:
        for way in [way for way in self._up.values() if way.row.kind != SANDBOX]:
            known = rows.get(way.row.id)
            if known is None and way.row.workspace_id in {row.workspace_id for row in rows.values()}:
                self._close(self._up.pop(way.row.id))

    def _close(self, way: WayOut) -> None:
        task = asyncio.ensure_future(way.provider.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Closes every provider."""
        for way in self._up.values():
            self._close(way)
        self._up.clear()
        await asyncio.gather(*self._closing, return_exceptions=True)


def sandbox_row(workspace_id: Id, channel: Channel) -> ProviderRow:
    """The sandbox that every workspace has without asking."""
    return ProviderRow(
        id=workspace_id,
        workspace_id=workspace_id,
        name=SANDBOX,
        channel=channel,
        kind=SANDBOX,
        settings={},
        created_at=0,
    )
