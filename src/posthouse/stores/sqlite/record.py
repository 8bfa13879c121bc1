"""Record: the outcomes of many attempts in one transaction."""

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec

from posthouse.core.delivery.model import Settlement
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event, Status
from posthouse.stores.shared.events import encode_data
from posthouse.stores.shared.queue import HELD_IN_DOUBT, NOT_HELD
from posthouse.stores.sqlite.events import Dimensions, EventRow, write_events
from posthouse.stores.sqlite.rows import by_ids, change_by_ids, insert

_LEASES: Final = "SELECT message_id, lease FROM queue WHERE message_id IN ({})"
_HOW_MANY_OURS: Final = "SELECT count(*) FROM queue WHERE lease = ? AND message_id IN ({})"
_TAKE_OUT: Final = "DELETE FROM queue WHERE message_id IN ({})"
_ADD_STATE: Final = """
INSERT INTO states (message_id, workspace_id, status, ended_at, attempts, provider_id) VALUES (?, ?, ?, ?, ?, ?)
"""
_PUT_BACK: Final = """
UPDATE queue SET lease = NULL, available_at = ?, attempts = ?, held = ? WHERE message_id = ?
"""


def record(raw: sqlite3.Connection, shard: int, batch: Sequence[Settlement]) -> list[bool]:
    """Settles what is still under its lease; runs in the writer's transaction."""
    effects = _in_effect(raw, batch)
    effective = [one for one, effect in zip(batch, effects, strict=True) if effect]
    ended = [one for one in effective if not one.status.pending]
    change_by_ids(raw, _TAKE_OUT, [one.message_id for one in ended])
    insert(
        raw,
        _ADD_STATE,
        [(one.message_id, one.workspace_id, int(one.status), one.at, one.attempts, one.provider_id) for one in ended],
    )
    raw.executemany(
        _PUT_BACK,
        [(_available_at(one), one.attempts, _held(one), one.message_id) for one in effective if one.status.pending],
    )
    _write(raw, shard, batch, effects)
    return effects


def someone_may_begin(batch: Sequence[Settlement]) -> bool:
    """Whether a settlement made something claimable at once, so that dispatchers should look."""
    return any(one.status.pending and one.status is not Status.HELD and _available_at(one) <= one.at for one in batch)


def _in_effect(raw: sqlite3.Connection, batch: Sequence[Settlement]) -> list[bool]:
    """Whether each settlement's lease is still the row's lease. The first of two for one message ends the lease."""
    if _all_ours(raw, batch):
        return [True] * len(batch)
    leases: dict[Id, int | None] = dict(by_ids(raw, _LEASES, [one.message_id for one in batch]))
    effects = []
    for one in batch:
        mine = leases.get(one.message_id) == one.lease
        effects.append(mine)
        if mine:
            leases[one.message_id] = None
    return effects


def _all_ours(raw: sqlite3.Connection, batch: Sequence[Settlement]) -> bool:
    """Whether all is as it nearly always is: nothing twice, every lease still ours. One step for each claim they came from."""
    by_lease: dict[int, set[Id]] = {}
    for one in batch:
        by_lease.setdefault(one.lease, set()).add(one.message_id)
    if sum(map(len, by_lease.values())) < len(batch) or len(by_lease) * 4 > len(batch):
        return False
    return all(
        sum(count for (count,) in by_ids(raw, _HOW_MANY_OURS, list(ids), lease)) == len(ids)
        for lease, ids in by_lease.items()
    )


def _available_at(one: Settlement) -> int:
    return one.at if one.next_at is None else one.next_at


def _held(one: Settlement) -> int:
    return HELD_IN_DOUBT if one.status is Status.HELD else NOT_HELD


def _write(raw: sqlite3.Connection, shard: int, batch: Sequence[Settlement], effects: Sequence[bool]) -> None:
    rows: list[EventRow] = []
    dimensions: list[Dimensions] = []
    for one, effect in zip(batch, effects, strict=True):
        template = one.template_id.hex() if one.template_id else ""
        provider = one.provider_id.hex() if one.provider_id else ""
        counted_by = (template, int(one.channel), int(one.lane), one.live, provider)
        for event in one.events:
            rows.append(_event_row(event, late=not effect))
            dimensions.append(counted_by)
    write_events(raw, shard, rows, dimensions)


def _event_row(event: Event, *, late: bool) -> EventRow:
    data = msgspec.json.encode({**event.data, "late": True}) if late else encode_data(event)
    return (event.message_id, int(event.type), event.key, event.workspace_id, event.at, data)
