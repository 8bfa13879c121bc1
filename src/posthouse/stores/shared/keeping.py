"""Erasing what is old: the queries of both stores, each in the caller's transaction."""

import json
import re
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, and_, bindparam, delete, exists, func, literal, select, tuple_, update

from posthouse.core.keeping.ports import Bite, Gone, Mark, Step
from posthouse.core.keeping.scrubbing import Aged, Told
from posthouse.core.kernel.ids import Id, lowest_at
from posthouse.stores.shared import ratings, rollups, words
from posthouse.stores.shared.column_types import IdType
from posthouse.stores.shared.documents import EVENTS_ERASED, insert_unless_there
from posthouse.stores.shared.keeping_schema import retention_later, retention_marks
from posthouse.stores.shared.maintenance import number
from posthouse.stores.shared.schema import (
    blobs,
    editions,
    events,
    messages,
    meta,
    queue,
    sandbox,
    sources,
    templates,
    verdicts,
)

NONE: Final = bytes(16)
"""Stands for no template."""
_M: Final = messages.c
_UPLOAD: Final = re.compile(rb"upl_([0-9a-f]{64})-")


def classes(connection: Connection, workspace_id: Id) -> dict[Id, str]:
    """The class of each template, as its live version names it; of one that was never published, as its draft does."""
    t = templates.c
    live = (
        select(t.id, sources.c.document)
        .outerjoin(editions, (editions.c.template_id == t.id) & (editions.c.version == t.version))
        .outerjoin(sources, (sources.c.template_id == t.id) & (sources.c.source_hash == editions.c.source_hash))
        .where(t.workspace_id == workspace_id)
    )
    found = {}
    for template_id, document in connection.execute(live):
        found[template_id] = str(json.loads(document).get("retention") or "") if document else ""
    return found


def marks(connection: Connection, workspace_id: Id) -> dict[Mark, Id]:
    """Where each step stands."""
    c = retention_marks.c
    rows = connection.execute(select(c.template_id, c.step, c.position).where(c.workspace_id == workspace_id))
    return {Mark(None if template == NONE else template, Step(step)): position for template, step, position in rows}


def aged(
    connection: Connection, workspace_id: Id, template_id: Id | None, after: Id, before: Id, limit: int
) -> list[Aged]:
    """Messages of a template between two identifiers, oldest first."""
    pending = exists().where(queue.c.message_id == _M.id)
    statement = select(_M.id, _M.channel, _M.recipient, _M.extras, pending).where(
        _M.workspace_id == workspace_id, _M.template_id == template_id, _M.id > after, _M.id < before
    )
    rows = connection.execute(statement.order_by(_M.id).limit(limit))
    return [Aged(one, channel, recipient, extras, bool(waits)) for one, channel, recipient, extras, waits in rows]


def count_aged(connection: Connection, workspace_id: Id, template_id: Id | None, after: Id, before: Id) -> int:
    """How many there are."""
    statement = select(func.count()).where(
        _M.workspace_id == workspace_id, _M.template_id == template_id, _M.id > after, _M.id < before
    )
    return int(connection.execute(statement).scalar() or 0)


def put_off(connection: Connection, workspace_id: Id, after: tuple[Id, int], limit: int) -> list[tuple[Mark, Aged]]:
    """Messages that were passed over and have ended since."""
    c, (message, number) = retention_later.c, after
    behind = tuple_(c.message_id, c.step) > tuple_(literal(message, IdType()), literal(number))
    statement = (
        select(_M.template_id, c.step, _M.id, _M.channel, _M.recipient, _M.extras)
        .join(messages, _M.id == c.message_id)
        .where(c.workspace_id == workspace_id, behind, ~exists().where(queue.c.message_id == c.message_id))
    )
    rows = connection.execute(statement.order_by(c.message_id, c.step).limit(limit))
    return [
        (Mark(template, Step(step)), Aged(one, channel, recipient, extras, pending=False))
        for template, step, one, channel, recipient, extras in rows
    ]


def facts_of(connection: Connection, message_ids: Sequence[Id]) -> list[Told]:
    """Facts that have data."""
    e = events.c
    statement = select(e.message_id, e.type, e.key, e.data).where(e.message_id.in_(message_ids), e.data.is_not(None))
    return [Told(*row) for row in connection.execute(statement.order_by(e.message_id, e.type, e.key))]


def erase(connection: Connection, workspace_id: Id, bite: Bite) -> Gone:
    """Erases, and moves the mark from where it was said to stand."""
    if bite.until != bite.since and not _move(connection, workspace_id, bite):
        return Gone(held=False)
    if bite.ended:
        c = retention_later.c
        mine = (c.workspace_id == workspace_id) & (c.step == int(bite.mark.step)) & c.message_id.in_(bite.ended)
        connection.execute(delete(retention_later).where(mine))
    later = list(bite.later)
    erase_content(connection, bite)
    gone = 0
    if bite.eventless:
        gone, kept = _erase_events(connection, bite.eventless)
        later += kept
    if later:
        rows = [{"workspace_id": workspace_id, "message_id": one, "step": int(bite.mark.step)} for one in later]
        connection.execute(insert_unless_there(connection, retention_later), rows)
    return Gone(held=True, messages=len(bite.left), events=gone)


def erase_content(connection: Connection, bite: Bite) -> None:
    """What is to be left of messages and facts, and what goes with them."""
    if bite.left:
        statement = (
            update(messages)
            .where(_M.id == bindparam("of"))
            .values(
                recipient=bindparam("to"), recipient_name="", variables=b"", extras=bindparam("rest"), supersedes=None
            )
        )
        connection.execute(statement, [{"of": one.id, "to": one.recipient, "rest": one.extras} for one in bite.left])
        gone = [one.id for one in bite.left]
        connection.execute(delete(sandbox).where(sandbox.c.message_id.in_(gone)))
        ratings.forget_words(connection, gone)
    if bite.facts:
        e = events.c
        mine = and_(e.message_id == bindparam("of"), e.type == bindparam("kind"), e.key == bindparam("which"))
        rows = [
            {"of": one.message_id, "kind": one.type, "which": one.key, "less": one.data, "now": one.new_key}
            for one in bite.facts
        ]
        connection.execute(update(events).where(mine).values(data=bindparam("less"), key=bindparam("now")), rows)
    if bite.words:
        words.forget(connection, bite.words)


def forget_uploads(connection: Connection, workspace_id: Id, before: int, limit: int) -> int:
    """Removes files that were not used since an instant, unless an older message still waits."""
    q, b = queue.c, blobs.c
    waits = select(q.message_id).where(q.message_id < lowest_at(before // 1000), q.workspace_id == workspace_id)
    if connection.execute(waits.limit(1)).first() is not None:
        return 0
    old = select(b.digest).where(b.workspace_id == workspace_id, b.created_at < before).limit(limit)
    found = set(connection.execute(old).scalars())
    if not found:
        return 0
    mine = (b.workspace_id == workspace_id) & (b.created_at < before)
    if named := found & named_by_templates(connection, workspace_id):
        connection.execute(update(blobs).where(mine, b.digest.in_(named)).values(created_at=before))
    if not found - named:
        return 0
    return connection.execute(delete(blobs).where(mine, b.digest.in_(found - named))).rowcount


def named_by_templates(connection: Connection, workspace_id: Id) -> set[bytes]:
    """Uploads that templates attach, in whatever version."""
    t = templates.c
    drafts = select(t.document).where(t.workspace_id == workspace_id)
    older = (
        select(sources.c.document).join(templates, t.id == sources.c.template_id).where(t.workspace_id == workspace_id)
    )
    found: set[bytes] = set()
    for statement in (drafts, older):
        for document in connection.execute(statement).scalars():
            found |= {bytes.fromhex(digest.decode()) for digest in _UPLOAD.findall(document)}
    return found


def read_by_all(connection: Connection) -> int:
    """The event up to which everybody who follows the stream in the house has read; never the newest."""
    newest = connection.execute(select(func.max(events.c.seq))).scalar() or 0
    return min(int(newest) - 1, rollups.position(connection, None).seq, number(connection, words.POSITION))


def note_events_erased(connection: Connection, many: int) -> None:
    """Counts them."""
    connection.execute(insert_unless_there(connection, meta).values(name=EVENTS_ERASED, number=0))
    connection.execute(update(meta).where(meta.c.name == EVENTS_ERASED).values(number=meta.c.number + many))


def _erase_events(connection: Connection, message_ids: Sequence[Id]) -> tuple[int, list[Id]]:
    """Removes events; how many, and the messages that keep some because somebody has yet to read them."""
    e, until = events.c, read_by_all(connection)
    mine = e.message_id.in_(message_ids)
    gone = connection.execute(delete(events).where(mine, e.seq <= until)).rowcount
    connection.execute(delete(verdicts).where(verdicts.c.message_id.in_(message_ids)))
    if gone:
        note_events_erased(connection, gone)
    return gone, list(connection.execute(select(e.message_id).where(mine).distinct()).scalars())


def _move(connection: Connection, workspace_id: Id, bite: Bite) -> bool:
    c, template = retention_marks.c, bite.mark.template_id or NONE
    row = {"workspace_id": workspace_id, "template_id": template, "step": int(bite.mark.step)}
    mine = (c.workspace_id == workspace_id) & (c.template_id == template) & (c.step == row["step"])
    if bite.since == NONE:
        first = insert_unless_there(connection, retention_marks).values(**row, position=bite.until)
        if connection.execute(first).rowcount == 1:
            return True
    moved = update(retention_marks).where(mine, c.position == bite.since).values(position=bite.until)
    return connection.execute(moved).rowcount == 1
