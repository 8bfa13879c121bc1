"""Accept: one transaction for a whole batch, written by hand because everything else waits for it."""

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.ids import MESSAGE, Id, show
from posthouse.core.messages.model import AcceptResult, EventType, KeyReused, NewMessage, Replayed, Status, Stored
from posthouse.core.templates.model import UnknownPolicy
from posthouse.stores.shared.documents import IDEMPOTENCY_GENERATION
from posthouse.stores.sqlite.events import Dimensions, EventRow, add_counts, write_events
from posthouse.stores.sqlite.rows import insert

_KNOWN_KEY: Final = "SELECT message_id, body_hash, answer FROM idempotency WHERE workspace_id = ? AND key = ?"
_GENERATION: Final = "SELECT number FROM meta WHERE name = ?"
_ADD_MESSAGE: Final = """
INSERT INTO messages (id, workspace_id, key_id, flow, live, channel, lane, template_id, release_id, locale, recipient,
    recipient_name, variables, created_at, due_at, expires_at, policy, extras, tags, correlation, supersedes)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ADD_TO_QUEUE: Final = """
INSERT INTO queue (message_id, workspace_id, lane, flow, available_at, attempts, held) VALUES (?, ?, ?, ?, ?, 0, 0)
"""
_ADD_ACCEPTED: Final = "INSERT INTO events (message_id, type, key, workspace_id, at) VALUES (?, ?, '', ?, ?)"
_ADD_KEY: Final = """
INSERT INTO idempotency (workspace_id, key, body_hash, message_id, generation, answer) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (workspace_id, key) DO NOTHING
"""
_ADD_TAG: Final = "INSERT INTO message_tags (workspace_id, tag, message_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
_ADD_BLOB: Final = """
INSERT INTO blobs (workspace_id, digest, created_at, data) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
"""
_USE_BLOB: Final = "UPDATE blobs SET created_at = max(created_at, ?) WHERE workspace_id = ? AND digest = ?"
_OLDER_PENDING: Final = """
SELECT m.id, m.template_id, m.channel, m.lane, m.live, q.attempts
FROM messages m JOIN queue q ON q.message_id = m.id
WHERE m.workspace_id = ? AND m.supersedes = ? AND m.live = ? AND (q.lease IS NULL OR q.available_at <= ?)
"""
_TAKE_OUT: Final = "DELETE FROM queue WHERE message_id = ?"
_ADD_STATE: Final = """
INSERT INTO states (message_id, workspace_id, status, ended_at, attempts) VALUES (?, ?, ?, ?, ?)
"""

_ACCEPTED: Final = int(EventType.ACCEPTED)
_Row = tuple[Any, ...]


def message_row(new: NewMessage) -> _Row:
    """The columns of ``messages``, made before the ticket is taken."""
    tags = json.dumps(new.tags, ensure_ascii=False) if new.tags else None
    policy = 1 if new.policy is UnknownPolicy.HOLD else 0
    return (
        new.id, new.workspace_id, new.key_id, new.flow, new.live, int(new.channel), int(new.lane), new.template_id,
        new.release_id, new.locale, new.recipient, new.recipient_name, new.variables, new.created_at, new.due_at,
        new.expires_at, policy, new.extras, tags, new.correlation, new.supersedes,
    )  # fmt: skip


def accept(
    raw: sqlite3.Connection, shard: int, batch: Sequence[NewMessage], rows: Sequence[_Row]
) -> list[AcceptResult]:
    """Keeps what is new of a batch; the answers in order. Runs in the writer's transaction."""
    answers = _take_keys(raw, batch)
    fresh = [place for place, answer in enumerate(answers) if answer is None]
    new = batch if len(fresh) == len(batch) else [batch[place] for place in fresh]
    insert(raw, _ADD_MESSAGE, rows if new is batch else [rows[place] for place in fresh])
    insert(raw, _ADD_TO_QUEUE, [(one.id, one.workspace_id, int(one.lane), one.flow, one.due_at) for one in new])
    insert(raw, _ADD_ACCEPTED, [(one.id, _ACCEPTED, one.workspace_id, one.created_at) for one in new])
    insert(raw, _ADD_TAG, [(one.workspace_id, tag, one.id) for one in new for tag in one.tags])
    raw.executemany(
        _ADD_BLOB, [(one.workspace_id, digest, one.created_at, data) for one in new for digest, data in one.blobs]
    )
    raw.executemany(_USE_BLOB, [(one.due_at, one.workspace_id, digest) for one in new for digest in one.uses])
    _count(raw, shard, new)
    _suppress(raw, shard, [one for one in new if one.suppressed is not None])
    withdrawn = _supersede(raw, shard, new)
    return [answer or Stored(withdrawn.get(one.id, 0)) for one, answer in zip(batch, answers, strict=True)]


def _take_keys(raw: sqlite3.Connection, batch: Sequence[NewMessage]) -> list[AcceptResult | None]:
    """Takes the idempotency keys; what each message was told before where its key was taken, None: it is new.

    Keys are random, so each costs a page of the table: they are written first and looked up only when one was there already.
    """
    keyed = [one for one in batch if one.idempotency_key is not None]
    answers: list[AcceptResult | None] = [None] * len(batch)
    if keyed and _add_keys(raw, keyed) < len(keyed):
        for place, one in enumerate(batch):
            if one.idempotency_key is not None:
                holder, body_hash, answer = raw.execute(_KNOWN_KEY, (one.workspace_id, one.idempotency_key)).fetchone()
                if holder != one.id:
                    answers[place] = Replayed(answer) if body_hash == one.idempotency_hash else KeyReused()
    return answers


def _add_keys(raw: sqlite3.Connection, keyed: Sequence[NewMessage]) -> int:
    """Writes the keys that are free, the first of a batch before its twins; how many."""
    row = raw.execute(_GENERATION, (IDEMPOTENCY_GENERATION,)).fetchone()
    generation = row[0] if row else 0
    rows = [
        (one.workspace_id, one.idempotency_key, one.idempotency_hash, one.id, generation, one.answer) for one in keyed
    ]
    return insert(raw, _ADD_KEY, rows)


def _count(raw: sqlite3.Connection, shard: int, new: Sequence[NewMessage]) -> None:
    counted: Counter[tuple[Id, int, str, int, int, bool, str, int]] = Counter()
    for (workspace, hour, template, channel, lane, live), count in Counter(
        [(one.workspace_id, one.created_at // HOUR, one.template_id, one.channel, one.lane, one.live) for one in new]
    ).items():
        name = template.hex() if template else ""
        counted[workspace, hour, name, int(channel), int(lane), live, "", _ACCEPTED] = count
    add_counts(raw, shard, counted)


def _suppress(raw: sqlite3.Connection, shard: int, stopped: Sequence[NewMessage]) -> None:
    """Ends those that must not be written to, before anybody can have claimed them."""
    if not stopped:
        return
    raw.executemany(_TAKE_OUT, [(one.id,) for one in stopped])
    ended = [(one.id, one.workspace_id, int(Status.SUPPRESSED), one.created_at, 0) for one in stopped]
    raw.executemany(_ADD_STATE, ended)
    kind = int(EventType.SUPPRESSED)
    events: list[EventRow] = [
        (one.id, kind, "", one.workspace_id, one.created_at, json.dumps(one.suppressed).encode()) for one in stopped
    ]
    dimensions: list[Dimensions] = [
        (one.template_id.hex() if one.template_id else "", int(one.channel), int(one.lane), one.live, "")
        for one in stopped
    ]
    write_events(raw, shard, events, dimensions)


def _supersede(raw: sqlite3.Connection, shard: int, new: Sequence[NewMessage]) -> dict[Id, int]:
    """Withdraws what is older than each message with a ``supersedes`` key; how many for each."""
    withdrawn: dict[Id, int] = {}
    later = {one.id for one in new if one.supersedes is not None}
    for one in new:
        if one.supersedes is None:
            continue
        found = raw.execute(_OLDER_PENDING, (one.workspace_id, one.supersedes, one.live, one.created_at)).fetchall()
        older = [row for row in found if row[0] not in later]
        later.discard(one.id)
        if older:
            withdrawn[one.id] = len(older)
            _withdraw(raw, shard, one, older)
    return withdrawn


def _withdraw(raw: sqlite3.Connection, shard: int, by: NewMessage, older: Sequence[_Row]) -> None:
    at, workspace, status = by.created_at, by.workspace_id, int(Status.SUPERSEDED)
    raw.executemany(_TAKE_OUT, [(row[0],) for row in older])
    raw.executemany(_ADD_STATE, [(row[0], workspace, status, at, row[5]) for row in older])
    data = json.dumps({"message": show(MESSAGE, by.id)}).encode()
    events: list[EventRow] = [(row[0], int(EventType.SUPERSEDED), "", workspace, at, data) for row in older]
    dimensions: list[Dimensions] = [(row[1].hex() if row[1] else "", row[2], row[3], row[4], "") for row in older]
    write_events(raw, shard, events, dimensions)
