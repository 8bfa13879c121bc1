"""Recording how attempts went: states, events and counters of a whole batch in one statement."""

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from posthouse.core.delivery.model import Settlement
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event, Lane, Status
from posthouse.stores.postgres.pool import SLOTS, Connection, Database
from posthouse.stores.postgres.statements import RECORD
from posthouse.stores.shared.events import encode_data
from posthouse.stores.shared.queue import HELD_IN_DOUBT, NOT_HELD

_ENDED: Final[list[list[object]]] = [[] for _ in range(6)]
_RETURNED: Final[list[list[object]]] = [[] for _ in range(5)]
_TOLD: Final[list[list[object]]] = [[] for _ in range(8)]
_COUNTED_BY: Final[list[list[object]]] = [[] for _ in range(5)]

Held = tuple[Id, int]
"""A message and the lease it was settled under."""


async def record(database: Database, shard: int, batch: Sequence[Settlement]) -> tuple[list[bool], list[Event]]:
    """Settles a batch in one transaction. Of two settlements under one lease the first ends it.

    Returns:
        Which settlements took effect, in order, and the events of those that came too late, marked as such: still to be appended.
    """
    first: dict[Held, int] = {}
    for place, one in enumerate(batch):
        first.setdefault((one.message_id, one.lease), place)
    settled, counted_by = _arguments([batch[place] for place in first.values()])

    async def work(connection: Connection, slot: int) -> set[Held]:
        rows = await connection.fetch(RECORD, *settled, shard * SLOTS + slot, *counted_by)
        return {(row[0], row[1]) for row in rows}

    ours = await database.run(work)
    took = {first[held] for held in ours}
    effective = [place in took for place in range(len(batch))]
    late = [_late(event) for one, mine in zip(batch, effective, strict=True) if not mine for event in one.events]
    return effective, late


def someone_may_begin(batch: Sequence[Settlement]) -> bool:
    """Whether a settlement made something claimable at once, so that dispatchers should look."""
    return any(one.status.pending and one.status is not Status.HELD and _available_at(one) <= one.at for one in batch)


def _available_at(one: Settlement) -> int:
    return one.at if one.next_at is None else one.next_at


def _late(event: Event) -> Event:
    return msgspec.structs.replace(event, data={**event.data, "late": True})


def _once(events: Sequence[Event]) -> Sequence[Event]:
    """The events of one settlement, the first of each type and key."""
    if len(events) < 2:
        return events
    first: dict[tuple[int, str], Event] = {}
    for event in events:
        first.setdefault((event.type, event.key), event)
    return list(first.values())


def _arguments(batch: Iterable[Settlement]) -> tuple[list[Sequence[object]], list[Sequence[object]]]:
    """The columns of RECORD before and after its shard."""
    ended: list[tuple[object, ...]] = []
    returned: list[tuple[object, ...]] = []
    told: list[tuple[object, ...]] = []
    places: dict[tuple[Id | None, Channel, Lane, bool, Id | None], int] = {}
    for one in batch:
        message_id, workspace_id, lease, status = one.message_id, one.workspace_id, one.lease, one.status
        if status.pending:
            held = HELD_IN_DOUBT if status is Status.HELD else NOT_HELD
            returned.append((message_id, lease, _available_at(one), one.attempts, held))
        else:
            ended.append((message_id, lease, status, one.at, one.attempts, one.provider_id))
        counted_by = (one.template_id, one.channel, one.lane, one.live, one.provider_id)
        place = places.setdefault(counted_by, len(places) + 1)
        told += [
            (message_id, lease, e.type, e.key, workspace_id, e.at, encode_data(e), place) for e in _once(one.events)
        ]
    dimensions = [
        (template.hex() if template else "", channel, lane, int(live), provider.hex() if provider else "")
        for template, channel, lane, live, provider in places
    ]
    return [
        *(zip(*ended, strict=True) if ended else _ENDED),
        *(zip(*returned, strict=True) if returned else _RETURNED),
        *(zip(*told, strict=True) if told else _TOLD),
    ], [*(zip(*dimensions, strict=True) if dimensions else _COUNTED_BY)]
