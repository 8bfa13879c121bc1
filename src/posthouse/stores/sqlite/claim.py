"""Claim and extend: leases on what is due, shared evenly between flows."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from posthouse.core.delivery.model import Claimed
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Lane
from posthouse.stores.shared.messages import POLICIES
from posthouse.stores.sqlite.rows import by_ids, change_by_ids

_DUE_FLOWS: Final = """
WITH RECURSIVE flows (flow) AS (
    SELECT (SELECT min(flow) FROM queue WHERE held = 0 AND lane = ?1 AND flow > ?2)
    UNION ALL
    SELECT (SELECT min(q.flow) FROM queue q WHERE q.held = 0 AND q.lane = ?1 AND q.flow > flows.flow)
    FROM flows WHERE flows.flow IS NOT NULL
)
SELECT flow FROM flows
WHERE flow IS NOT NULL AND EXISTS (
    SELECT 1 FROM queue q WHERE q.held = 0 AND q.lane = ?1 AND q.flow = flows.flow AND q.available_at <= ?3)
LIMIT ?4
"""
"""One step in the index for each flow: the length of the queue does not matter."""
_DUE_OF_FLOW: Final = """
SELECT message_id, attempts, lease IS NOT NULL FROM queue
WHERE held = 0 AND lane = ? AND flow = ? AND available_at <= ? ORDER BY available_at, message_id LIMIT ?
"""
_TAKE: Final = "UPDATE queue SET lease = ?, available_at = ? WHERE message_id IN ({})"
_MESSAGES: Final = """
SELECT id, workspace_id, flow, live, channel, lane, template_id, release_id, locale, recipient, recipient_name,
    variables, extras, created_at, due_at, expires_at, policy, tags
FROM messages WHERE id IN ({})
"""
_LEASES: Final = "SELECT message_id, lease FROM queue WHERE message_id IN ({})"
_RENEW: Final = "UPDATE queue SET available_at = ? WHERE message_id = ?"
_LOWEST_FLOW: Final = -(1 << 63)


class Taken(NamedTuple):
    """A queue row under our lease."""

    message_id: Id
    attempts: int
    in_doubt: int


class Claimer:
    """Takes messages. Remembers which flow was served last in each lane, so that with more flows than places all get their turn."""

    def __init__(self) -> None:
        self._last: dict[int, int] = {}

    def take(
        self, raw: sqlite3.Connection, lanes: Sequence[tuple[Lane, int]], *, now: int, until: int, lease: int
    ) -> list[Taken]:
        """Puts leases on what is due; runs in the writer's transaction."""
        taken: list[Taken] = []
        for lane, places in lanes:
            if places > 0:
                taken += self._of_lane(raw, int(lane), now, places)
        change_by_ids(raw, _TAKE, [row.message_id for row in taken], lease, until)
        return taken

    def _of_lane(self, raw: sqlite3.Connection, lane: int, now: int, places: int) -> list[Taken]:
        flows = self._due_flows(raw, lane, now, places)
        open_flows = [(flow, raw.execute(_DUE_OF_FLOW, (lane, flow, now, places))) for flow in flows]
        taken: list[Taken] = []
        while open_flows and len(taken) < places:
            share = max(1, (places - len(taken)) // len(open_flows))
            more = []
            for flow, cursor in open_flows:
                wanted = min(share, places - len(taken))
                rows = cursor.fetchmany(wanted) if wanted else []
                if rows:
                    self._last[lane] = flow
                taken += [Taken(*row) for row in rows]
                if len(rows) == share:
                    more.append((flow, cursor))
            open_flows = more
        return taken

    def _due_flows(self, raw: sqlite3.Connection, lane: int, now: int, places: int) -> list[int]:
        """At most as many flows as there are places, beginning after the one that was served last."""
        last = self._last.get(lane, _LOWEST_FLOW)
        flows = [row[0] for row in raw.execute(_DUE_FLOWS, (lane, last, now, places))]
        if len(flows) < places and last != _LOWEST_FLOW:
            rest = raw.execute(_DUE_FLOWS, (lane, _LOWEST_FLOW, now, places - len(flows)))
            flows += [row[0] for row in rest if row[0] <= last]
        return flows


def read_claimed(raw: sqlite3.Connection, taken: Sequence[Taken], lease: int) -> list[Claimed]:
    """The messages of rows that were taken, in their order. Message rows never change, so no transaction is needed."""
    rows: dict[Id, Any] = {row[0]: row for row in by_ids(raw, _MESSAGES, [one.message_id for one in taken])}
    return [_claimed(rows[one.message_id], one, lease) for one in taken if one.message_id in rows]


def extend(raw: sqlite3.Connection, held: Sequence[tuple[Id, int]], until: int) -> set[Id]:
    """Renews leases that are still ours; the messages that are not."""
    leases = dict(by_ids(raw, _LEASES, [message_id for message_id, _ in held]))
    lost = {message_id for message_id, lease in held if leases.get(message_id) != lease}
    raw.executemany(_RENEW, [(until, message_id) for message_id, _ in held if message_id not in lost])
    return lost


def _claimed(row: Any, taken: Taken, lease: int) -> Claimed:
    (
        message_id, workspace_id, flow, live, channel, lane, template_id, release_id, locale, recipient,
        recipient_name, variables, extras, created_at, due_at, expires_at, policy, tags,
    ) = row  # fmt: skip
    return Claimed(
        message_id,
        workspace_id,
        flow,
        bool(live),
        Channel(channel),
        Lane(lane),
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
        taken.attempts,
        lease,
        bool(taken.in_doubt),
    )
