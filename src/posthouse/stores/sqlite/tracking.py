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
from posthouse.stores.sqlite.rows import by_ids, insert

_TRACKED: Final = f"""
SELECT json_group_array(json_array(hex(m.id), hex(m.workspace_id), hex(m.template_id), hex(m.release_id), m.channel, m.lane, m.live,
    m.locale, m.recipient, m.created_at, m.due_at,
    CASE WHEN s.status IN ({int(Status.SENT)}, {int(Status.DELIVERED)}) THEN s.ended_at END, length(m.variables) = 0))
FROM messages m LEFT JOIN states s ON s.message_id = m.id WHERE m.id IN ({{}})
"""  # noqa: S608 - numbers of ours
"""As one row: see rows.py on what each step costs."""
_rows_of: Final = msgspec.json.Decoder(
    list[tuple[str, str, str, str, int, int, int, str, str, int, int, int | None, int]]
).decode
_id_of: Final = bytes.fromhex
_CHANNELS: Final = {int(one): one for one in Channel}
_LANES: Final = {int(one): one for one in Lane}
_VARIABLES: Final = "SELECT id, variables FROM messages WHERE id IN ({})"
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
    for (rows,) in by_ids(raw, _TRACKED, message_ids):
        for (
            word,
            workspace,
            template,
            release,
            channel,
            lane,
            live,
            locale,
            recipient,
            made,
            due,
            sent,
            erased,
        ) in _rows_of(rows):
            one = _id_of(word)
            found[one] = Tracked(
                one, _id_of(workspace), _id_of(template) or None, _id_of(release) or None, _CHANNELS[channel], _LANES[lane],
                bool(live), locale, recipient, made, due, sent, bool(erased),
            )  # fmt: skip
    return found


def variables_of(raw: sqlite3.Connection, message_ids: Sequence[Id]) -> dict[Id, bytes]:
    """The variables of messages."""
    return {row[0]: bytes(row[1]) for row in by_ids(raw, _VARIABLES, message_ids)}


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
    insert(
        raw,
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
