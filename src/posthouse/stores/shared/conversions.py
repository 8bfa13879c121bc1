"""Conversions: the queries of both stores, each in the caller's transaction."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, case, func, or_, select, update

from posthouse.core.conversions.model import MOST_BY_BROWSERS, Basis, Conversion, Source, Sum
from posthouse.core.kernel.amounts import MICRO
from posthouse.core.kernel.errors import ConflictError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event, EventType
from posthouse.core.tracking.model import Tracked
from posthouse.stores.shared import tracking
from posthouse.stores.shared.column_types import Folded
from posthouse.stores.shared.conversion_schema import conversions
from posthouse.stores.shared.documents import insert_unless_there
from posthouse.stores.shared.schema import engagements, messages

_FEW = 10
"""Messages of one address whose clicks are looked at."""


def add(
    connection: Connection, shard: int, new: Conversion, event: Event | None, message: Tracked | None
) -> Conversion:
    """Keeps a conversion and its event; the one that is there already is the answer."""
    if new.source is Source.BROWSER and message is not None:
        _check_room(connection, message.id)
    row = msgspec.structs.asdict(new) | {"source": new.source.value, "basis": new.basis.value}
    if connection.execute(insert_unless_there(connection, conversions), row).rowcount == 0:
        before = of_order(connection, new.workspace_id, new.live, new.order)
        if before is None:  # gone this very moment
            raise ConflictError("the order was changed at the same moment; report it once more")
        if not _instead(connection, new, row):
            return before
        if event is not None:  # the stream has the other one already, and forgets nothing
            data = event.data | ({"corrects": True} if before.message_id == new.message_id else {})
            event = msgspec.structs.replace(event, key=f"{event.key}.api", data=data)
    if event is not None and message is not None:
        tracking.add_hits(connection, shard, [event], {message.id: message})
    return new


def _check_room(connection: Connection, message_id: Id) -> None:
    """Whoever has a link reports as often as he likes, at once too: the message's row is where they queue."""
    connection.execute(select(messages.c.id).where(messages.c.id == message_id).with_for_update())
    if of_message(connection, message_id) >= MOST_BY_BROWSERS:
        raise ConflictError("browsers reported as many conversions of this message as are believed")


def _instead(connection: Connection, new: Conversion, row: dict[str, Any]) -> bool:
    """Whether it took the place of what a browser had said: whoever guesses an order's number must not keep the shop from counting it."""
    if new.source is not Source.API:
        return False
    c = conversions.c
    same = (c.workspace_id == new.workspace_id) & (c.live == new.live) & (c.order == new.order)
    statement = update(conversions).where(same, c.source == Source.BROWSER.value).values(row)
    return connection.execute(statement).rowcount > 0


def correct(
    connection: Connection,
    shard: int,
    before: Conversion,
    after: Conversion,
    event: Event | None,
    message: Tracked | None,
) -> bool:
    """Puts what is left of an order in the place of what it was."""
    c = conversions.c
    same = (c.id == before.id) & (c.amount == before.amount) & (c.currency == before.currency)
    row = {
        "amount": after.amount,
        "source": after.source.value,
        "ordered": after.ordered,
        "corrected_at": after.corrected_at,
    }
    if connection.execute(update(conversions).where(same).values(row)).rowcount == 0:
        return False
    if event is not None and message is not None:
        tracking.add_hits(connection, shard, [event], {message.id: message})
    return True


def listed(
    connection: Connection, workspace_id: Id, live: bool, *, order: str | None, before: Id | None, limit: int
) -> list[Conversion]:
    """The newest first."""
    c = conversions.c
    statement = select(conversions).where(c.workspace_id == workspace_id, c.live == live)
    if order is not None:
        statement = statement.where(Folded(c.order) == Folded(order))
    if before is not None:
        statement = statement.where(c.id < before)
    return [_conversion(row) for row in connection.execute(statement.order_by(c.id.desc()).limit(limit))]


def of_order(connection: Connection, workspace_id: Id, live: bool, order: str) -> Conversion | None:
    """The one that is kept under this very number, in which case counts."""
    c = conversions.c
    mine = (c.workspace_id == workspace_id) & (c.live == live) & (c.order == order)
    row = connection.execute(select(conversions).where(mine)).first()
    return None if row is None else _conversion(row)


def of_message(connection: Connection, message_id: Id) -> int:
    """How many are credited to a message."""
    c = conversions.c
    return int(connection.execute(select(func.count()).where(c.message_id == message_id)).scalar_one())


def revenue(connection: Connection, workspace_id: Id, live: bool, since: int | None, until: int | None) -> list[Sum]:
    """Sums by template, release, link, currency and source."""
    c = conversions.c
    by = (c.template_id, c.release_id, c.link, c.currency, c.source)
    # In two parts: SQLite ends a sum beyond 64 bits with an error, and a few absurd amounts are enough for that.
    cancelled = func.sum(case(((c.ordered > 0) & (c.amount == 0), 1), else_=0))
    lowered = case((c.ordered > c.amount, c.ordered - c.amount), else_=0)
    parts = [func.sum(one) for one in (c.amount // MICRO, c.amount % MICRO, lowered // MICRO, lowered % MICRO)]
    statement = select(*by, func.count(), cancelled, *parts).where(c.workspace_id == workspace_id, c.live == live)
    if since is not None:
        statement = statement.where(c.at >= since)
    if until is not None:
        statement = statement.where(c.at < until)
    rows = connection.execute(statement.group_by(*by))
    return [
        Sum(
            template,
            release,
            link,
            currency,
            Source(source),
            count - int(gone),
            int(whole) * MICRO + int(rest),
            int(gone),
            int(back) * MICRO + int(back_rest),
        )
        for template, release, link, currency, source, count, gone, whole, rest, back, back_rest in rows
    ]


def clicked_by(
    connection: Connection, workspace_id: Id, channel: Channel, address: str, since: int, live: bool
) -> Sequence[Id]:
    """Messages to an address with a click, not by a machine alone, since an instant; the last clicked first."""
    m, e = messages.c, engagements.c
    somebody = or_(e.human > 0, e.unknown > 0)
    statement = (
        select(m.id)
        .join(engagements, (e.message_id == m.id) & (e.type == int(EventType.CLICKED)))
        .where(
            m.workspace_id == workspace_id,
            Folded(m.recipient) == Folded(address),
            m.channel == int(channel),
            m.live == live,
        )
        .where(somebody, e.last_at >= since)
        .order_by(e.last_at.desc())
        .limit(_FEW)
    )
    return list(connection.execute(statement).scalars())


def _conversion(row: Row[Any]) -> Conversion:
    found = row._asdict()
    return Conversion(
        **found | {"source": Source(found["source"]), "basis": Basis(found["basis"]), "live": bool(found["live"])}
    )
