"""Roll-ups: what both stores ask and keep alike, each in the caller's transaction. The step itself is written by each store."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, SelectBase, Table, delete, func, insert, select, tuple_, union_all

from posthouse.core.analytics.folding import provider_of
from posthouse.core.analytics.latencies import decode, encode
from posthouse.core.analytics.measures import COLUMNS
from posthouse.core.analytics.model import Before, Cell, Combo, Position, number_of
from posthouse.core.analytics.ports import Known, SumQuery, Sums
from posthouse.core.kernel.errors import ConflictError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import EventType
from posthouse.stores.shared.documents import EVENTS_ERASED, ROLLUP_EDITION, set_number
from posthouse.stores.shared.events import CHUNK
from posthouse.stores.shared.maintenance import number
from posthouse.stores.shared.rollup_schema import (
    rollup_combos,
    rollup_latencies,
    rollup_positions,
    rollup_seen,
    rollup_zones,
    rollups,
)
from posthouse.stores.shared.schema import api_keys, events

PURGED_AT_ONCE: Final = 2_000
_COMPLAINED: Final = int(EventType.COMPLAINED)
_ONCE: Final = (int(EventType.SENT), int(EventType.BOUNCED), _COMPLAINED)


def position(connection: Connection, edition: int | None) -> Position:
    """How far an edition is, None for the one that answers."""
    wanted = number(connection, ROLLUP_EDITION) if edition is None else edition
    c = rollup_positions.c
    row = connection.execute(select(c.seq).where(c.edition == wanted)).first()
    return Position(wanted, row[0] if row is not None else 0)


def zones(connection: Connection, edition: int) -> dict[Id, str]:
    """Time zones of days."""
    c = rollup_zones.c
    return {row[0]: row[1] for row in connection.execute(select(c.workspace_id, c.zone).where(c.edition == edition))}


def known(connection: Connection, workspace_id: Id) -> list[Known]:
    """Fine and tagged combinations."""
    c = rollup_combos.c
    rows = connection.execute(select(c.number, c.scope, c.kind).where(c.workspace_id == workspace_id, c.kind > 0))
    return [Known(*row) for row in rows]


def before(connection: Connection, edition: int, message_ids: Collection[Id], until: int) -> dict[Id, Before]:
    """What events up to ``until`` said of messages, and what was seen of them."""
    found = {one: Before() for one in message_ids}
    asked, e, s = list(message_ids), events.c, rollup_seen.c
    told = select(e.message_id, e.type, e.data).where(e.seq <= until, e.type.in_(_ONCE)).order_by(e.seq)
    seen = select(s.message_id, s.seen).where(s.edition == edition)
    for start in range(0, len(asked), CHUNK):
        chunk = asked[start : start + CHUNK]
        for message_id, kind, data in connection.execute(told.where(e.message_id.in_(chunk))):
            _note(found[message_id], kind, data)
        for message_id, bits in connection.execute(seen.where(s.message_id.in_(chunk))):
            found[message_id].seen = bits
    return found


def _note(one: Before, kind: int, data: bytes | None) -> None:
    if kind == EventType.SENT:
        one.sent, one.provider = True, provider_of(data)
    elif kind == EventType.BOUNCED:
        one.bounced = True
    else:
        one.complained = True


def begin_edition(connection: Connection) -> int:
    """The next edition, from the beginning of the stream.

    Raises:
        ConflictError: events were erased: what they said is in the present edition alone.
    """
    _refuse_what_would_shrink(connection)
    c = rollup_positions.c
    last = connection.execute(select(func.max(c.edition))).scalar() or 0
    answering = number(connection, ROLLUP_EDITION)
    connection.execute(delete(rollup_positions).where(c.edition != answering))
    edition = max(int(last), answering) + 1
    connection.execute(insert(rollup_positions).values(edition=edition, seq=0))
    return edition


def _refuse_what_would_shrink(connection: Connection) -> None:
    if erased := number(connection, EVENTS_ERASED):
        raise ConflictError(
            f"{erased:,} events were erased by the rules of retention: a recount would lose what they said, so the statistics stay as they are"
        )


def answer_from(connection: Connection, edition: int) -> bool:
    """Lets an edition answer if it is far enough. Whoever follows the other one meanwhile is made to wait.

    Raises:
        ConflictError: events were erased while they were counted again.
    """
    _refuse_what_would_shrink(connection)
    c = rollup_positions.c
    locked = select(c.edition, c.seq).order_by(c.edition).with_for_update()
    reached = {row[0]: row[1] for row in connection.execute(locked)}
    answering = number(connection, ROLLUP_EDITION)
    if edition not in reached or reached[edition] < reached.get(answering, 0):
        return False
    set_number(connection, ROLLUP_EDITION, edition)
    connection.execute(delete(rollup_positions).where(c.edition != edition))
    return True


def purge(connection: Connection, keep: Collection[int]) -> int:
    """Removes some rows of editions that neither answer nor are kept."""
    stay = {*keep, number(connection, ROLLUP_EDITION)}
    gone = 0
    for table in (rollups, rollup_latencies, rollup_seen, rollup_zones):
        key = list(table.primary_key)
        some = select(*key).where(table.c.edition.not_in(stay)).limit(PURGED_AT_ONCE)
        gone += connection.execute(delete(table).where(tuple_(*key).in_(some))).rowcount
    return gone


def sums(connection: Connection, edition: int, query: SumQuery) -> list[Sums]:
    """The sums of what matches."""
    found = {
        _key(query, row): Sums(*_key(query, row), _counts(query, row), [])
        for row in _summed(connection, edition, query)
    }
    if query.latencies and not query.by and not query.by_period:
        histograms = [row[0] for row in _measured(connection, edition, query)]  # many, and all of them belong together
        found.setdefault((0, ()), Sums(0, (), (0,) * len(query.columns), [])).latencies.extend(histograms)
    elif query.latencies:
        for *key, histogram in _measured(connection, edition, query):
            place = _key(query, key)
            if place not in found:
                found[place] = Sums(*place, (0,) * len(query.columns), [])
            found[place].latencies.append(histogram)
    return list(found.values())


def _summed(connection: Connection, edition: int, query: SumQuery) -> Iterable[Any]:
    """Period, dimensions and counts. Summed by combination before these are looked up: a thirtieth of the look-ups in a month."""
    if not query.columns:
        return ()
    rows, c = _rows(rollups, query.columns, edition, query).subquery(), rollup_combos.c
    counted = [func.sum(rows.c[name]).label(name) for name in query.columns]
    first = [rows.c.period] if query.by_period else []
    if not query.by:
        return connection.execute(select(*first, *counted).group_by(*first).limit(query.most + 1))
    inner = select(*first, rows.c.combo, *counted).group_by(*first, rows.c.combo).subquery()
    group = [*([inner.c.period] if query.by_period else []), *[c[name] for name in query.by]]
    outer = select(*group, *[func.sum(inner.c[name]) for name in query.columns])
    found = outer.join(inner, c.number == inner.c.combo).where(*_named(query, late=True))
    return connection.execute(found.group_by(*group).limit(query.most + 1))


def _measured(connection: Connection, edition: int, query: SumQuery) -> Iterable[Any]:
    """Period, dimensions and histograms."""
    rows, c = _rows(rollup_latencies, ("histogram",), edition, query).subquery(), rollup_combos.c
    what = select(*([rows.c.period] if query.by_period else []), *[c[name] for name in query.by], rows.c.histogram)
    if query.by:
        what = what.join_from(rows, rollup_combos, c.number == rows.c.combo).where(*_named(query, late=True))
    return connection.execute(what.limit(query.most + 1))


def _rows(table: Table, names: Sequence[str], edition: int, query: SumQuery) -> SelectBase:
    """The rows that are asked for. All grains in one statement: sorted by combination once, and these looked up once."""
    r, c = table.c, rollup_combos.c
    where = [r.edition == edition, r.workspace_id == query.workspace_id]
    if named := _named(query, late=False):
        where.append(r.combo.in_(select(c.number).where(c.workspace_id == query.workspace_id, *named)))
    some = [
        select(r.period, r.combo, *[r[name] for name in names]).where(
            *where, r.grain == int(grain), r.period >= begin, r.period < end
        )
        for grain, begin, end in ((query.grain, query.begin, query.end), *query.more)
    ]
    return some[0] if len(some) == 1 else union_all(*some)


def _named(query: SumQuery, *, late: bool) -> list[ColumnElement[bool]]:
    """The filters that are put to rows, or (``late``) to what they were summed to: nearly everything is live, so that to ask each row costs most."""
    c = rollup_combos.c
    return [c[name].in_(values) for name, values in query.filters if (bool(query.by) and name == "live") is late]


def _key(query: SumQuery, row: Sequence[Any]) -> tuple[int, tuple[Any, ...]]:
    """The period, 0 when it was not asked for, and the dimensions."""
    start = int(query.by_period)
    return (row[0] if start else 0), tuple(row[start : start + len(query.by)])


def _counts(query: SumQuery, row: Sequence[Any]) -> tuple[int, ...]:
    return tuple([int(one or 0) for one in row[int(query.by_period) + len(query.by) :]])


def first_after(connection: Connection, seq: int) -> int | None:
    """When the first event behind a place happened."""
    c = events.c
    found = connection.execute(select(c.at).where(c.seq > seq).order_by(c.seq).limit(1)).scalar()
    return None if found is None else int(found)


def source_names(connection: Connection, workspace_id: Id) -> dict[str, str]:
    """Names of keys."""
    c = api_keys.c
    rows = connection.execute(select(c.id, c.document).where(c.workspace_id == workspace_id))
    return {row[0].hex(): msgspec.json.decode(row[1], type=_Named).name for row in rows}


class _Named(msgspec.Struct):
    name: str


# --- what a step is made of, for the statements of each store

COMBO_COLUMNS: Final = (
    "number", "workspace_id", "scope", "kind", "template", "version", "channel", "lane", "live", "source", "locale",
    "provider", "domain", "tag",
)  # fmt: skip
CELL_COLUMNS: Final = ("edition", "workspace_id", "grain", "period", "combo", *COLUMNS)
_WIDTH: Final = len(COLUMNS)


def combo_row(number_: int, combo: Combo) -> tuple[Any, ...]:
    """A row of ``rollup_combos``."""
    return (number_, combo.workspace_id, number_of(combo.scope), *combo[1:])


def counts_row(cell: Cell) -> list[int]:
    """The counts of a cell by column."""
    row = [0] * _WIDTH
    for place, count in cell.counts.items():
        row[place] = count
    return row


def merged(kept: bytes | None, cell: Cell) -> bytes:
    """The histogram of a row with a cell's added."""
    if not kept:
        return encode(cell.latencies)
    found = decode(kept)
    found.update(cell.latencies)
    return encode(found)
