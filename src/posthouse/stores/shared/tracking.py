"""Opens, clicks and verdicts: the queries of both stores, each in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, case, delete, func, insert, select

from posthouse.core.kernel.ids import Id, lowest_at
from posthouse.core.messages.model import Channel, Event, EventType, Lane, Status
from posthouse.core.tracking.model import Correction, Engagement, Shares, Tracked, Verdict, engagement_of
from posthouse.core.tracking.ratings import answers_in
from posthouse.stores.shared import late, ratings
from posthouse.stores.shared.documents import upsert_for
from posthouse.stores.shared.events import CHUNK, write_events
from posthouse.stores.shared.schema import engagements, events, messages, states, verdicts

_HITS: Final = (int(EventType.OPENED), int(EventType.CLICKED))
_LEFT: Final = (int(Status.SENT), int(Status.DELIVERED))
_VERDICTS: Final = ("unknown", "human", "machine")


def tracked(connection: Connection, message_ids: Sequence[Id]) -> dict[Id, Tracked]:
    """Messages by their identifiers."""
    m, s = messages.c, states.c
    left = case((s.status.in_(_LEFT), s.ended_at))
    statement = select(
        m.id, m.workspace_id, m.template_id, m.release_id, m.channel, m.lane, m.live, m.locale, m.recipient,
        m.created_at, m.due_at, left, func.length(m.variables) == 0,
    ).outerjoin(states, s.message_id == m.id)  # fmt: skip
    found: dict[Id, Tracked] = {}
    for start in range(0, len(message_ids), CHUNK):
        for row in connection.execute(statement.where(m.id.in_(message_ids[start : start + CHUNK]))):
            one, workspace, template, release, channel, lane, live, *rest = row
            rest[-1] = bool(rest[-1])
            found[one] = Tracked(one, workspace, template, release, Channel(channel), Lane(lane), bool(live), *rest)
    return found


def variables_of(connection: Connection, message_ids: Sequence[Id]) -> dict[Id, bytes]:
    """The variables of messages."""
    m = messages.c
    found: dict[Id, bytes] = {}
    for start in range(0, len(message_ids), CHUNK):
        asked = select(m.id, m.variables).where(m.id.in_(message_ids[start : start + CHUNK]))
        found.update({row[0]: row[1] for row in connection.execute(asked)})
    return found


def add_hits(connection: Connection, shard: int, hits: Sequence[Event], known: Mapping[Id, Tracked]) -> None:
    """Keeps events, counters and engagements."""
    ours = [hit for hit in hits if hit.message_id in known]
    erased = [one for one in {hit.message_id: known[hit.message_id] for hit in ours}.values() if one.erased]
    if erased:
        ours = [late.without_person(hit) if known[hit.message_id].erased else hit for hit in ours]
        late.give_an_end(connection, erased)
    added = write_events(connection, shard, ours)
    if not added:
        return
    summed = [
        _row(one, (known[one.message_id].workspace_id, known[one.message_id].template_id))
        for one in summed_by_type(added)
    ]
    new = upsert_for(connection, engagements)
    c, e = engagements.c, new.excluded
    statement = new.on_conflict_do_update(
        index_elements=["message_id", "type"],
        set_={
            **{name: c[name] + e[name] for name in _VERDICTS},
            "first_at": case((e.first_at < c.first_at, e.first_at), else_=c.first_at),
            "last_at": case((e.last_at > c.last_at, e.last_at), else_=c.last_at),
        },
    )
    connection.execute(statement, summed)
    ratings.keep(connection, answers_in(added, known))


def engagements_of(connection: Connection, workspace_id: Id, message_id: Id) -> list[Engagement]:
    """What came back for one message."""
    c = engagements.c
    mine = (c.message_id == message_id) & (c.workspace_id == workspace_id)
    columns = (c.message_id, c.type, c.human, c.machine, c.unknown, c.first_at, c.last_at)
    rows = connection.execute(select(*columns).where(mine).order_by(c.type))
    return [Engagement(one, EventType(kind), *rest) for one, kind, *rest in rows]


def shares(
    connection: Connection, workspace_id: Id, template_id: Id | None, since: int | None, until: int | None
) -> list[Shares]:
    """Messages that were opened, clicked… at least once, by the best verdict of each."""
    c = engagements.c
    human = func.sum(case((c.human > 0, 1), else_=0))
    unknown = func.sum(case(((c.human == 0) & (c.unknown > 0), 1), else_=0))
    machine = func.sum(case(((c.human == 0) & (c.unknown == 0), 1), else_=0))
    statement = select(c.type, human, unknown, machine).where(c.workspace_id == workspace_id)
    if template_id is not None:
        statement = statement.where(c.template_id == template_id)
    if since is not None:
        statement = statement.where(c.message_id >= lowest_at(since // 1000))
    if until is not None:
        statement = statement.where(c.message_id < lowest_at(until // 1000))
    rows = connection.execute(statement.group_by(c.type).order_by(c.type))
    return [Shares(EventType(kind), *map(int, counts)) for kind, *counts in rows]


def engaged_after(connection: Connection, message_id: Id, limit: int) -> list[Id]:
    """The next messages that were opened or clicked; not those that were erased, whose facts no longer tell who it was."""
    c, m = engagements.c, messages.c
    kept = select(c.message_id).join(messages, m.id == c.message_id).where(m.variables != b"")
    statement = kept.where(c.message_id > message_id, c.type.in_(_HITS)).distinct()
    return list(connection.execute(statement.order_by(c.message_id).limit(limit)).scalars())


def hits_of(connection: Connection, message_ids: Sequence[Id]) -> list[Event]:
    """Opens and clicks as they were recorded."""
    c = events.c
    statement = select(c.message_id, c.workspace_id, c.type, c.at, c.key, c.data, c.seq)
    wanted = statement.where(c.message_id.in_(message_ids), c.type.in_(_HITS)).order_by(c.message_id, c.at, c.key)
    return [
        Event(message_id, workspace_id, EventType(kind), at, key, msgspec.json.decode(data) if data else {}, seq)
        for message_id, workspace_id, kind, at, key, data, seq in connection.execute(wanted)
    ]


def correct(connection: Connection, corrections: Sequence[Correction], message_ids: Sequence[Id]) -> None:
    """Keeps verdicts beside the events in place of earlier ones, and counts the engagements of messages again."""
    c, e, v = engagements.c, events.c, verdicts.c
    kept = select(c.message_id).where(c.message_id.in_(message_ids)).order_by(c.message_id, c.type).with_for_update()
    connection.execute(kept).all()  # whoever adds a hit meanwhile waits, and adds it to what is counted here
    connection.execute(delete(verdicts).where(verdicts.c.message_id.in_(message_ids)))
    if corrections:
        connection.execute(insert(verdicts), [_verdict_row(one) for one in corrections])
    same = (v.message_id == e.message_id) & (v.type == e.type) & (v.key == e.key)
    recorded = select(e.message_id, e.workspace_id, e.type, e.at, e.data, v.verdict).outerjoin(verdicts, same)
    hits = [
        Event(one, workspace, EventType(kind), at, data=_judged(data, verdict))
        for one, workspace, kind, at, data, verdict in connection.execute(
            recorded.where(e.message_id.in_(message_ids), e.type >= int(EventType.OPENED))
        )
    ]
    places = _places(connection, set(message_ids))
    rows = [_row(one, places[one.message_id]) for one in summed_by_type(hits) if one.message_id in places]
    if rows:
        again = upsert_for(connection, engagements)
        replaced = {name: again.excluded[name] for name in (*_VERDICTS, "first_at", "last_at")}
        connection.execute(again.on_conflict_do_update(index_elements=["message_id", "type"], set_=replaced), rows)


def _judged(data: bytes | None, verdict: int | None) -> dict[str, Any]:
    decoded: dict[str, Any] = msgspec.json.decode(data) if data else {}
    return decoded if verdict is None else {**decoded, "verdict": Verdict(verdict).word}


def summed_by_type(hits: Iterable[Event]) -> list[Engagement]:
    """Events by message and type, in the order of the key, so that two transactions never wait in a ring."""
    found: dict[tuple[Id, int], list[Event]] = {}
    for hit in hits:
        found.setdefault((hit.message_id, int(hit.type)), []).append(hit)
    return [engagement_of(found[key]) for key in sorted(found)]


def _row(one: Engagement, place: tuple[Id, Id | None]) -> dict[str, Any]:
    workspace_id, template_id = place
    return {
        **msgspec.structs.asdict(one),
        "type": int(one.type),
        "workspace_id": workspace_id,
        "template_id": template_id,
    }


def _verdict_row(one: Correction) -> dict[str, Any]:
    judged = one.judged
    return {
        "message_id": one.message_id,
        "type": int(one.type),
        "key": one.key,
        "verdict": int(judged.verdict),
        "reason": judged.reason,
        "rules": judged.rules,
    }


def _places(connection: Connection, ids: Iterable[Id]) -> dict[Id, tuple[Id, Id | None]]:
    """Workspace and template of messages."""
    m = messages.c
    rows = connection.execute(select(m.id, m.workspace_id, m.template_id).where(m.id.in_(list(ids))))
    return {row[0]: (row[1], row[2]) for row in rows}
