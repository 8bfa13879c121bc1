"""The suppression list: the queries of both stores, each in the caller's transaction.

Every change first raises the suppression generation, whose row stays locked until the commit: changes follow each other, and their generations
become visible in order.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel
from posthouse.core.suppressions.model import Action, LogEntry, SoftBounce, Suppression, SuppressionQuery
from posthouse.core.suppressions.ports import Place
from posthouse.stores.shared.column_types import IdType
from posthouse.stores.shared.documents import (
    SUPPRESSION_GENERATION,
    from_document,
    insert_unless_there,
    raise_number,
    to_document,
)
from posthouse.stores.shared.schema import meta
from posthouse.stores.shared.suppression_schema import soft_bounces, suppression_log, suppressions

PURGED_AT_ONCE: Final = 5_000
"""Rows a transaction: short enough that nobody waits for it."""


def generation(connection: Connection) -> int:
    """The suppression generation."""
    return int(connection.execute(select(meta.c.number).where(meta.c.name == SUPPRESSION_GENERATION)).scalar() or 0)


def suppress(
    connection: Connection, entries: Sequence[Suppression], softs: Sequence[SoftBounce] = ()
) -> list[Suppression]:
    """Adds entries, and those of soft bounces that are enough by now; those that changed something."""
    number = raise_number(connection, SUPPRESSION_GENERATION)
    enough = [soft.suppression for soft in softs if _count_soft(connection, soft)]
    return [entry for entry in (*entries, *enough) if _add(connection, entry, number)]


def unsuppress(connection: Connection, entries: Sequence[Suppression]) -> list[Suppression]:
    """Takes entries away; those that were there."""
    raise_number(connection, SUPPRESSION_GENERATION)
    gone = []
    for entry in entries:
        document = connection.execute(
            delete(suppressions).where(_same(entry)).returning(suppressions.c.document)
        ).scalar()
        if document is None:
            continue
        old = from_document(document, Suppression)
        _log(connection, Action.REMOVED, msgspec.structs.replace(entry, evidence=entry.evidence or old.evidence))
        forgotten = _soft_of(old)
        connection.execute(delete(soft_bounces).where(forgotten))
        gone.append(old)
    return gone


def suppressions_of(connection: Connection, workspace_id: Id, channel: Channel, address: str) -> list[Suppression]:
    """All entries of one address, newest first."""
    c = suppressions.c
    mine = (c.workspace_id == workspace_id) & (c.channel == int(channel)) & (c.address == address)
    found = connection.execute(select(c.document).where(mine).order_by(c.id.desc()))
    return [from_document(document, Suppression) for document in found.scalars()]


def suppression(connection: Connection, workspace_id: Id, suppression_id: Id) -> Suppression | None:
    """One entry."""
    c = suppressions.c
    mine = (c.id == suppression_id) & (c.workspace_id == workspace_id)
    document = connection.execute(select(c.document).where(mine)).scalar()
    return None if document is None else from_document(document, Suppression)


def listed(connection: Connection, query: SuppressionQuery) -> list[Suppression]:
    """At most ``query.limit`` entries, newest first."""
    c = suppressions.c
    filters = [c.workspace_id == query.workspace_id]
    for column, wanted in (
        (c.channel, query.channel),
        (c.address, query.address),
        (c.reason, query.reason),
        (c.covers, query.covers),
    ):
        if wanted is not None:
            filters.append(column == (wanted if isinstance(wanted, str) else int(wanted)))
    if query.holds_at is not None:
        filters.append(or_(c.expires_at.is_(None), c.expires_at > query.holds_at))
    if query.before is not None:
        filters.append(c.id < query.before)
    found = connection.execute(select(c.document).where(*filters).order_by(c.id.desc()).limit(query.limit))
    return [from_document(document, Suppression) for document in found.scalars()]


def log_of(connection: Connection, workspace_id: Id, channel: Channel, address: str, limit: int) -> list[LogEntry]:
    """What was done to the entries of one address, newest first."""
    c = suppression_log.c
    mine = (c.workspace_id == workspace_id) & (c.channel == int(channel)) & (c.address == address)
    found = connection.execute(select(c.id, c.at, c.action, c.document).where(mine).order_by(c.id.desc()).limit(limit))
    return [LogEntry(row[0], row[1], Action(row[2]), from_document(row[3], Suppression)) for row in found]


def suppressed_after(connection: Connection, place: Place, limit: int) -> list[tuple[int, Id, Id, int, str]]:
    """Addresses whose entries changed beyond a place, in order."""
    c = suppressions.c
    columns = (c.generation, c.id, c.workspace_id, c.channel, c.address)
    further = tuple_(c.generation, c.id) > tuple_(literal(place[0], BigInteger), literal(place[1], IdType()))
    found = connection.execute(select(*columns).where(further).order_by(c.generation, c.id).limit(limit))
    return [tuple(row) for row in found]


def purge_soft_bounces(connection: Connection, before: int) -> int:
    """Forgets at most :data:`PURGED_AT_ONCE` soft bounces from before an instant; how many."""
    c = soft_bounces.c
    key = (c.workspace_id, c.channel, c.address, c.message_id)
    old = select(*key).where(c.at < before).limit(PURGED_AT_ONCE)
    return connection.execute(delete(soft_bounces).where(tuple_(*key).in_(old))).rowcount


def _count_soft(connection: Connection, soft: SoftBounce) -> bool:
    """Notes a soft bounce, once for each message; whether it is enough now."""
    entry, c = soft.suppression, soft_bounces.c
    row = {"workspace_id": entry.workspace_id, "channel": int(entry.channel), "address": entry.address}
    connection.execute(
        insert_unless_there(connection, soft_bounces).values(**row, message_id=soft.message_id, at=soft.at)
    )
    counted = select(func.count()).select_from(soft_bounces).where(_soft_of(entry), c.at >= soft.since)
    return int(connection.execute(counted).scalar() or 0) >= soft.needed


def _add(connection: Connection, entry: Suppression, number: int) -> bool:
    """Adds one, or lets it reach further; whether anything changed."""
    columns = {"generation": number, "expires_at": entry.expires_at, "document": to_document(entry)}
    identity = {
        "id": entry.id, "workspace_id": entry.workspace_id, "channel": int(entry.channel), "address": entry.address,
        "covers": int(entry.covers), "reason": int(entry.reason),
    }  # fmt: skip
    found: Row[bytes] | None = connection.execute(select(suppressions.c.document).where(_same(entry))).first()
    if found is None:
        connection.execute(insert(suppressions).values(**identity, **columns))
        _log(connection, Action.ADDED, entry)
        return True
    old = from_document(found[0], Suppression)
    if not entry.reaches_beyond(old):
        return False
    connection.execute(update(suppressions).where(_same(entry)).values(id=entry.id, **columns))
    _log(connection, Action.CHANGED, entry)
    return True


def _log(connection: Connection, action: Action, entry: Suppression) -> None:
    row = {
        "id": entry.id, "workspace_id": entry.workspace_id, "channel": int(entry.channel), "address": entry.address,
        "at": entry.created_at, "action": int(action), "document": to_document(entry),
    }  # fmt: skip
    connection.execute(insert(suppression_log).values(**row))


def _same(entry: Suppression) -> ColumnElement[bool]:
    c = suppressions.c
    return (
        (c.workspace_id == entry.workspace_id)
        & (c.channel == int(entry.channel))
        & (c.address == entry.address)
        & (c.covers == int(entry.covers))
        & (c.reason == int(entry.reason))
    )


def _soft_of(entry: Suppression) -> ColumnElement[bool]:
    c = soft_bounces.c
    return (c.workspace_id == entry.workspace_id) & (c.channel == int(entry.channel)) & (c.address == entry.address)
