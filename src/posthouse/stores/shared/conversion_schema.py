"""The table of conversions; see schema.py."""

from sqlalchemy import BigInteger, Boolean, Column, Index, SmallInteger, Table, Text

from posthouse.stores.shared.column_types import Folded, Id, metadata

conversions = Table(
    "conversions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("order", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("currency", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("message_id", Id),
    Column("template_id", Id),
    Column("release_id", Id),
    Column("link", SmallInteger),
    Column("clicked_at", BigInteger),
    Column("ordered", BigInteger),
    Column("corrected_at", BigInteger),
    Index("conversions_by_order", "workspace_id", "live", "order", unique=True),
    Index("conversions_by_time", "workspace_id", "live", "at"),
    Index("conversions_by_message", "message_id"),
)
"""Orders, each once; ``amount`` in millionths of the currency's unit. What was corrected says in ``ordered`` what it was at first."""

Index(
    "conversions_by_folded_order",
    conversions.c.workspace_id,
    conversions.c.live,
    Folded(conversions.c.order),
    conversions.c.id,
)
