"""The queue's quieter statements: what is due next, how deep it is, holding, releasing, cancelling."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, text, update

from posthouse.core.delivery.model import LaneDepth
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event, EventType, Lane, Status
from posthouse.stores.shared.events import CHUNK, write_events
from posthouse.stores.shared.schema import messages, queue, states

NOT_HELD: Final = 0
HELD_AFTER_RESTORE: Final = 1
HELD_IN_DOUBT: Final = 2
EXACT_DEPTH: Final = 10_000

_EACH_FLOW = """
WITH RECURSIVE flows (flow) AS (
    SELECT min(flow) FROM queue WHERE held = 0 AND lane = :lane
    UNION ALL
    SELECT (SELECT min(q.flow) FROM queue q WHERE q.held = 0 AND q.lane = :lane AND q.flow > flows.flow)
    FROM flows WHERE flows.flow IS NOT NULL
)
"""
_FIRST_OF_FLOW = """
SELECT min((SELECT min(q.available_at) FROM queue q
            WHERE q.held = 0 AND q.lane = :lane AND q.flow = flows.flow AND q.available_at {} :now))
FROM flows WHERE flows.flow IS NOT NULL
"""
"""One step in the index for each flow, however long the queue is."""
_NEXT_DUE = text(_EACH_FLOW + _FIRST_OF_FLOW.format(">"))
_OLDEST_DUE = text(_EACH_FLOW + _FIRST_OF_FLOW.format("<="))
_SAMPLE = text("""
SELECT count(*), coalesce(sum(CASE WHEN available_at <= :now OR lease IS NOT NULL THEN 1 ELSE 0 END), 0)
FROM (SELECT available_at, lease FROM queue WHERE held = 0 AND lane = :lane LIMIT :most) AS sample
""")
_HELD = text("""
SELECT count(*) FROM (SELECT 1 FROM queue WHERE held IN (1, 2) AND lane = :lane LIMIT :most) AS sample
""")


def next_due(connection: Connection, now: int) -> int | None:
    """The soonest instant after ``now`` at which something that is not held may be claimed."""
    found = (connection.execute(_NEXT_DUE, {"lane": int(lane), "now": now}).scalar() for lane in Lane)
    return min((int(instant) for instant in found if instant is not None), default=None)


def depth(connection: Connection, now: int, waiting: dict[int, int]) -> list[LaneDepth]:
    """What waits in each lane; ``waiting`` is the estimate of a lane's rows, used where it is over 10,000."""
    return [_lane_depth(connection, lane, now, waiting.get(int(lane), 0)) for lane in Lane]


def _lane_depth(connection: Connection, lane: Lane, now: int, estimate: int) -> LaneDepth:
    known = {"lane": int(lane), "now": now, "most": EXACT_DEPTH + 1}
    counted, ready = connection.execute(_SAMPLE, known).one()
    total = max(counted, estimate) if counted > EXACT_DEPTH else counted
    ready = round(total * ready / counted) if counted else 0
    held = int(connection.execute(_HELD, {"lane": int(lane), "most": EXACT_DEPTH}).scalar() or 0)
    oldest = connection.execute(_OLDEST_DUE, {"lane": int(lane), "now": now}).scalar()
    return LaneDepth(lane, int(ready), int(total - ready), held, oldest)


def not_being_sent(at: int) -> ColumnElement[bool]:
    """A row that no dispatcher holds at an instant."""
    return or_(queue.c.lease.is_(None), queue.c.available_at <= at)


def hold_before(connection: Connection, shard: int, instant: int, at: int) -> int:
    """Holds every pending message created before an instant. Leases stay: what was in doubt stays in doubt."""
    c = queue.c
    older = select(c.message_id, c.workspace_id).join(messages, messages.c.id == c.message_id)
    found = connection.execute(older.where(c.held == NOT_HELD, messages.c.created_at < instant)).all()
    for start in range(0, len(found), CHUNK):
        chunk = [row[0] for row in found[start : start + CHUNK]]
        connection.execute(update(queue).where(c.message_id.in_(chunk)).values(held=HELD_AFTER_RESTORE))
    key = f"restore:{at}"
    write_events(connection, shard, [Event(row[0], row[1], EventType.HELD, at, key) for row in found])
    return len(found)


def release_held(
    connection: Connection, shard: int, workspace_id: Id | None, message_ids: Sequence[Id] | None, at: int
) -> int:
    """Lets held messages go; a message that was for later stays for later."""
    c = queue.c
    found: list[tuple[Id, Id]] = []
    wanted = None if message_ids is None else list(message_ids)
    chunks = [None] if wanted is None else [wanted[start : start + CHUNK] for start in range(0, len(wanted), CHUNK)]
    for chunk in chunks:
        conditions = [c.held != NOT_HELD]
        if workspace_id is not None:
            conditions.append(c.workspace_id == workspace_id)
        if chunk is not None:
            conditions.append(c.message_id.in_(chunk))
        statement = update(queue).where(and_(*conditions)).values(held=NOT_HELD)
        released = connection.execute(statement.returning(c.message_id, c.workspace_id)).all()
        found.extend((row[0], row[1]) for row in released)
    released_events = [Event(one, workspace, EventType.RELEASED, at, str(at)) for one, workspace in found]
    write_events(connection, shard, released_events)
    return len(found)


def cancel(connection: Connection, shard: int, workspace_id: Id, message_id: Id, at: int, why: str = "") -> bool:
    """Withdraws a pending message that is not being sent; whether it did."""
    c = queue.c
    mine = and_(c.message_id == message_id, c.workspace_id == workspace_id, not_being_sent(at))
    attempts = connection.execute(delete(queue).where(mine).returning(c.attempts)).scalar()
    if attempts is None:
        return False
    row = {"message_id": message_id, "workspace_id": workspace_id, "ended_at": at, "attempts": attempts}
    connection.execute(insert(states).values(**row, status=int(Status.CANCELLED)))
    write_events(
        connection,
        shard,
        [Event(message_id, workspace_id, EventType.CANCELLED, at, data={"reason": why} if why else {})],
    )
    return True
