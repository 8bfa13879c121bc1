"""Taking due messages under a lease, in equal shares for the flows of a lane."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from posthouse.core.delivery.model import Claimed
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Lane
from posthouse.stores.postgres.pool import Connection, Database
from posthouse.stores.postgres.statements import CLAIM, DUE_FLOWS, EXTEND
from posthouse.stores.shared.messages import POLICIES

_LANES: Final = tuple(Lane)
_CHANNELS: Final = {int(channel): channel for channel in Channel}
_LOWEST_FLOW: Final = -1
_ROUNDS: Final = 8
"""Each round hands what the short flows left over to the others; the last one no longer looks for equal shares."""

Share = tuple[int, int, int]
"""Lane, flow, how many."""


class Claimer:
    """Claims for one process; remembers where it stopped when a lane has more flows than one claim can serve."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after: dict[int, int] = {}

    async def claim(self, lanes: Sequence[tuple[Lane, int]], *, now: int, until: int, lease: int) -> list[Claimed]:
        """See QueueStore.claim."""
        if not any(most > 0 for _, most in lanes):
            return []

        async def work(connection: Connection, _slot: int) -> list[Claimed]:
            wanted = {int(lane): most for lane, most in lanes if most > 0}
            flows = await self._due_flows(connection, wanted, now)
            taken: list[Any] = []
            for attempt in range(1, _ROUNDS + 1):
                shares = _shares(flows, wanted, equal=attempt < _ROUNDS)
                if not shares:
                    break
                rows = await connection.fetch(CLAIM, *zip(*shares, strict=True), now, lease, until)
                taken += rows
                _settle(flows, wanted, shares, rows)
            return _in_order(taken, lanes, lease)

        return await self._database.run(work)

    async def extend(self, held: Sequence[tuple[Id, int]], until: int) -> set[Id]:
        """See QueueStore.extend."""
        if not held:
            return set()

        async def work(connection: Connection, _slot: int) -> set[Id]:
            return {row[0] for row in await connection.fetch(EXTEND, *zip(*held, strict=True), until)}

        renewed = await self._database.run(work)
        return {message_id for message_id, _ in held} - renewed

    async def _due_flows(self, connection: Connection, wanted: dict[int, int], now: int) -> dict[int, list[int]]:
        """The flows to serve in each lane, at most as many as messages are wanted."""
        flows = await self._look(connection, wanted, self._after, now)
        cut = {lane: most for lane, most in wanted.items() if self._after.get(lane) and len(flows[lane]) < most}
        if cut:  # we began in the middle and came to the end: go on from the first flow
            for lane, first in (await self._look(connection, cut, {}, now)).items():
                flows[lane] += [flow for flow in first if flow not in set(flows[lane])][: cut[lane] - len(flows[lane])]
        for lane, found in flows.items():
            self._after[lane] = found[-1] if len(found) >= wanted[lane] else 0
        return flows

    async def _look(
        self, connection: Connection, wanted: dict[int, int], after: dict[int, int], now: int
    ) -> dict[int, list[int]]:
        starts = [after.get(lane) or _LOWEST_FLOW for lane in wanted]
        flows: dict[int, list[int]] = {lane: [] for lane in wanted}
        for lane, flow in await connection.fetch(DUE_FLOWS, list(wanted), list(wanted.values()), starts, now):
            flows[lane].append(flow)
        return flows


def _shares(flows: dict[int, list[int]], wanted: dict[int, int], *, equal: bool) -> list[Share]:
    """What to take from each flow in this round."""
    shares: list[Share] = []
    for lane, most in wanted.items():
        serving = flows[lane][:most]
        if not serving or most <= 0:
            continue
        each, more = divmod(most, len(serving)) if equal else (most, 0)
        shares += [(lane, flow, each + (place < more)) for place, flow in enumerate(serving)]
    return shares


def _settle(flows: dict[int, list[int]], wanted: dict[int, int], shares: list[Share], rows: Iterable[Any]) -> None:
    """Takes what came off the wishes, and the flows that gave less than their share off the list."""
    got: dict[tuple[int, int], int] = {}
    for row in rows:
        key = (row[5], row[2])
        got[key] = got.get(key, 0) + 1
    for lane, flow, share in shares:
        count = got.get((lane, flow), 0)
        wanted[lane] -= count
        if count < share:
            flows[lane].remove(flow)


def _in_order(rows: list[Any], lanes: Sequence[tuple[Lane, int]], lease: int) -> list[Claimed]:
    """The messages lane by lane, in each lane one of each flow in turn."""
    place = {int(lane): number for number, (lane, _) in enumerate(lanes)}
    turn: dict[tuple[int, int], int] = {}
    keyed = []
    for row in rows:
        flow = (row[5], row[2])
        turn[flow] = number = turn.get(flow, -1) + 1
        keyed.append((place[row[5]], number, row))
    keyed.sort(key=_by_turn)
    return [_claimed(row, lease) for _, _, row in keyed]


def _by_turn(keyed: tuple[int, int, Any]) -> tuple[int, int]:
    return keyed[0], keyed[1]


def _claimed(row: Any, lease: int) -> Claimed:
    (
        message_id, workspace_id, flow, live, channel, lane, template_id, release_id, locale, recipient, recipient_name,
        variables, extras, created_at, due_at, expires_at, policy, tags, attempts, in_doubt,
    ) = row  # fmt: skip
    return Claimed(
        message_id,
        workspace_id,
        flow,
        live,
        _CHANNELS[channel],
        _LANES[lane],
        template_id,
        release_id,
        locale,
        recipient,
        recipient_name,
        variables,
        extras,
        created_at,
        due_at,
        expires_at,
        POLICIES[policy],
        tuple(json.loads(tags)) if tags else (),
        attempts,
        lease,
        in_doubt,
    )
