"""The tables of statistics: a part of the one schema (schema.py)."""

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, Text

from posthouse.core.analytics.measures import COLUMNS
from posthouse.stores.shared.column_types import Bytes, Id, metadata

rollups = Table(
    "rollups",
    metadata,
    Column("edition", Integer, nullable=False),
    Column("workspace_id", Id, nullable=False),
    Column("grain", SmallInteger, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("combo", BigInteger, nullable=False),
    *(Column(name, Integer, nullable=False) for name in COLUMNS),
    PrimaryKeyConstraint("edition", "workspace_id", "grain", "period", "combo"),
    sqlite_with_rowid=False,
)
"""Events counted by hour and by day (core/analytics). One follower of the stream writes them: the hot doors do not."""

rollup_latencies = Table(
    "rollup_latencies",
    metadata,
    Column("edition", Integer, nullable=False),
    Column("workspace_id", Id, nullable=False),
    Column("grain", SmallInteger, nullable=False),
    Column("period", BigInteger, nullable=False),
    Column("combo", BigInteger, nullable=False),
    Column("histogram", Bytes, nullable=False),
    PrimaryKeyConstraint("edition", "workspace_id", "grain", "period", "combo"),
    sqlite_with_rowid=False,
)
"""How long things took (core/analytics/latencies.py). Apart, because most questions do not ask, and read half as much without."""

rollup_combos = Table(
    "rollup_combos",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("workspace_id", Id, nullable=False),
    Column("scope", BigInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("template", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("live", SmallInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("domain", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Index("rollup_combos_by_workspace", "workspace_id", "kind"),
    sqlite_with_rowid=False,
)
"""The combinations of dimensions that were seen. ``number`` is made from the values (core/analytics/model.py)."""

rollup_seen = Table(
    "rollup_seen",
    metadata,
    Column("edition", Integer, nullable=False),
    Column("message_id", Id, nullable=False),
    Column("seen", SmallInteger, nullable=False),
    PrimaryKeyConstraint("edition", "message_id"),
    sqlite_with_rowid=False,
)
"""What has been counted of messages that somebody opened or clicked, so that it counts once."""

rollup_positions = Table(
    "rollup_positions",
    metadata,
    Column("edition", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""How far each edition of the roll-ups is. ``rollup_edition`` in ``meta`` says which one answers."""

rollup_zones = Table(
    "rollup_zones",
    metadata,
    Column("edition", Integer, nullable=False),
    Column("workspace_id", Id, nullable=False),
    Column("zone", Text, nullable=False),
    PrimaryKeyConstraint("edition", "workspace_id"),
    sqlite_with_rowid=False,
)
"""The time zone that the days of a workspace are made by."""
