"""Roll-ups: what both stores ask and keep alike, each in the caller's transaction. The step itself is written by each store."""

from collections.abc import Collection
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, tuple_

from posthouse.core.analytics.folding import provider_of
from posthouse.core.analytics.latencies import decode, encode
from posthouse.core.analytics.measures import COLUMNS
from posthouse.core.analytics.model import Before, Cell, Combo, Place, Position, number_of
from posthouse.core.analytics.ports import Known, SumQuery, Sums
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import EventType
from posthouse.stores.shared.documents import ROLLUP_EDITION, set_number
from posthouse.stores.shared.events import CHUNK
from posthouse.stores.shared.maintenance import number
from posthouse.stores.shared.rollup_schema import rollup_combos, rollup_positions, rollup_seen, rollup_zones, rollups
from posthouse.stores.shared.schema import api_keys, events

PURGED_AT_ONCE: Final = 2_000
_COMPLAINED: Final = 25
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
    """The next edition, from the beginning of the stream."""
    c = rollup_positions.c
    last = connection.execute(select(func.max(c.edition))).scalar() or 0
    answering = number(connection, ROLLUP_EDITION)
    connection.execute(delete(rollup_positions).where(c.edition != answering))
    edition = max(int(last), answering) + 1
    connection.execute(insert(rollup_positions).values(edition=edition, seq=0))
    return edition


def answer_from(connection: Connection, edition: int) -> bool:
    """Lets an edition answer if it is far enough. Whoever follows the other one meanwhile is made to wait."""
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
    for table in (rollups, rollup_seen, rollup_zones):
        key = list(table.primary_key)
        some = select(*key).where(table.c.edition.not_in(stay)).limit(PURGED_AT_ONCE)
        gone += connection.execute(delete(table).where(tuple_(*key).in_(some))).rowcount
    return gone


def sums(connection: Connection, edition: int, query: SumQuery) -> list[Sums]:
    """The sums of what matches."""
    r, c = rollups.c, rollup_combos.c
    dims = [c[name] for name in query.by]
    group = [r.period, *dims] if query.by_period else dims
    where = [
        r.edition == edition,
        r.workspace_id == query.workspace_id,
        r.grain == int(query.grain),
        r.period >= query.begin,
        r.period < query.end,
        *[c[name].in_(values) for name, values in query.filters],
    ]
    joined = rollups.join(rollup_combos, c.number == r.combo) if dims or query.filters else rollups
    found: dict[tuple[Any, ...], Sums] = {}
    counted = select(*group, *[func.sum(r[name]) for name in query.columns]).select_from(joined).where(*where)
    if query.columns:
        for row in connection.execute(counted.group_by(*group)):
            key = tuple(row[: len(group)])
            found[key] = _sums(query, key, tuple([int(one or 0) for one in row[len(group) :]]))
    if query.latencies:
        measured = select(*group, r.latencies).select_from(joined).where(*where, r.latencies.is_not(None))
        for row in connection.execute(measured):
            key = tuple(row[:-1])
            if key not in found:
                found[key] = _sums(query, key, (0,) * len(query.columns))
            found[key].latencies.append(row[-1])
    return list(found.values())


def _sums(query: SumQuery, key: tuple[Any, ...], counts: tuple[int, ...]) -> Sums:
    period, dims = (key[0], key[1:]) if query.by_period else (0, key)
    return Sums(period, dims, counts, [])


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
CELL_COLUMNS: Final = ("edition", "workspace_id", "grain", "period", "combo", *COLUMNS, "latencies")
_WIDTH: Final = len(COLUMNS)


def combo_row(number_: int, combo: Combo) -> tuple[Any, ...]:
    """A row of ``rollup_combos``."""
    return (number_, combo.workspace_id, number_of(combo.scope), *combo[1:])


def key_of(place: Place) -> tuple[Id, int, int, int]:
    """Workspace, grain, period and combination."""
    return place.combo.workspace_id, int(place.grain), place.period, number_of(place.combo)


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
