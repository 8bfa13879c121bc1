"""Opens and clicks by hand: what every hit costs."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from posthouse.core.keeping.ports import Step
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event, Lane, Status
from posthouse.core.tracking.model import Tracked
from posthouse.core.tracking.ratings import RatingAnswer, answers_in
from posthouse.stores.shared.events import encode_data
from posthouse.stores.shared.late import NONE, without_person
from posthouse.stores.shared.tracking import summed_by_type
from posthouse.stores.sqlite.events import write_events

_TRACKED: Final = f"""
SELECT m.id, m.workspace_id, m.template_id, m.release_id, m.channel, m.lane, m.live, m.locale, m.recipient, m.created_at,
    m.due_at, CASE WHEN s.status IN ({int(Status.SENT)}, {int(Status.DELIVERED)}) THEN s.ended_at END, length(m.variables) = 0
FROM messages m LEFT JOIN states s ON s.message_id = m.id WHERE m.id = ?
"""  # noqa: S608 - numbers of ours
_VARIABLES: Final = "SELECT variables FROM messages WHERE id = ?"
_ENGAGE: Final = """
INSERT INTO engagements (message_id, type, workspace_id, template_id, human, machine, unknown, first_at, last_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (message_id, type) DO UPDATE SET human = human + excluded.human, machine = machine + excluded.machine,
    unknown = unknown + excluded.unknown, first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)
"""
_END: Final = """
INSERT OR IGNORE INTO retention_later (message_id, workspace_id, step)
SELECT ?1, workspace_id, step FROM retention_marks WHERE workspace_id = ?2 AND template_id = ?3 AND step = ?4 AND position >= ?1
"""
_ANSWER: Final = RatingAnswer.__struct_fields__
_RATE: Final = f"""
INSERT INTO rating_answers ({", ".join(_ANSWER)}) VALUES ({", ".join("?" for _ in _ANSWER)})
ON CONFLICT (message_id, rating) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in _ANSWER[2:])}
WHERE excluded.at >= rating_answers.at
"""  # noqa: S608 - names of ours


def tracked(raw: sqlite3.Connection, message_ids: Sequence[Id]) -> dict[Id, Tracked]:
    """Messages by their identifiers."""
    found: dict[Id, Tracked] = {}
    for message_id in message_ids:
        row = raw.execute(_TRACKED, (message_id,)).fetchone()
        if row is not None:
            one, workspace, template, release, channel, lane, live, *rest = row
            rest[-1] = bool(rest[-1])
            found[one] = Tracked(one, workspace, template, release, Channel(channel), Lane(lane), bool(live), *rest)
    return found


def variables_of(raw: sqlite3.Connection, message_id: Id) -> bytes | None:
    """The variables of a message."""
    row = raw.execute(_VARIABLES, (message_id,)).fetchone()
    return None if row is None else bytes(row[0])


def add_hits(raw: sqlite3.Connection, shard: int, hits: Sequence[Event], known: Mapping[Id, Tracked]) -> None:
    """Keeps events, counters and engagements."""
    ours = [hit for hit in hits if hit.message_id in known]
    if not ours:
        return
    erased = [one for one in {hit.message_id: known[hit.message_id] for hit in ours}.values() if one.erased]
    if erased:
        ours = [without_person(hit) if known[hit.message_id].erased else hit for hit in ours]
        raw.executemany(_END, [(one.id, one.workspace_id, one.template_id or NONE, int(Step.EVENTS)) for one in erased])
    rows = [(e.message_id, int(e.type), e.key, e.workspace_id, e.at, encode_data(e)) for e in ours]
    dimensions = []
    for hit in ours:
        one = known[hit.message_id]
        template = one.template_id.hex() if one.template_id else ""
        dimensions.append((template, int(one.channel), int(one.lane), one.live, ""))
    fresh = write_events(raw, shard, rows, dimensions)
    if fresh is not None:
        kept = {(e.message_id, int(e.type), e.key): e for e in reversed(ours)}
        ours = [event for identity, event in kept.items() if identity in fresh]
    raw.executemany(
        _ENGAGE,
        [
            (
                one.message_id, int(one.type), known[one.message_id].workspace_id, known[one.message_id].template_id,
                one.human, one.machine, one.unknown, one.first_at, one.last_at,
            )
            for one in summed_by_type(ours)
        ],
    )  # fmt: skip
    rated = answers_in(ours, known)
    if rated:
        raw.executemany(_RATE, [msgspec.structs.astuple(one) for one in rated])
