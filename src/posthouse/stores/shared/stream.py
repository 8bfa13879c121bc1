"""The stream of events read by its order: one query for both stores."""

import json

import msgspec
from sqlalchemy import Connection, select

from posthouse.core.messages.model import Channel, Event, EventType
from posthouse.core.messages.stream import StreamQuery, Told
from posthouse.stores.shared.schema import events, messages, templates


def between(connection: Connection, query: StreamQuery, until: int) -> list[Told]:
    """Events with ``query.after < seq <= until`` that match, oldest first, at most ``query.limit``."""
    e, m = events.c, messages.c
    columns = (e.seq, e.message_id, e.workspace_id, e.type, e.at, e.key, e.data)
    about = (m.live, m.channel, m.correlation, m.tags, templates.c.key)
    statement = (
        select(*columns, *about)
        .join(messages, m.id == e.message_id)
        .outerjoin(templates, templates.c.id == m.template_id)
        .where(e.seq > query.after, e.seq <= until)
    )
    if query.workspace_id is not None:
        statement = statement.where(e.workspace_id == query.workspace_id)
    if query.message_id is not None:
        statement = statement.where(e.message_id == query.message_id)
    if query.live is not None:
        statement = statement.where(m.live == query.live)
    if query.types:
        statement = statement.where(e.type.in_(sorted(int(kind) for kind in query.types)))
    if query.templates:
        statement = statement.where(templates.c.key.in_(sorted(query.templates)))
    rows = connection.execute(statement.order_by(e.seq).limit(query.limit))
    return [
        Told(
            Event(message_id, workspace_id, EventType(kind), at, key, msgspec.json.decode(data) if data else {}, seq),
            bool(live),
            Channel(channel),
            template,
            correlation,
            tuple(json.loads(tags)) if tags else (),
        )
        for seq, message_id, workspace_id, kind, at, key, data, live, channel, correlation, tags, template in rows
    ]
