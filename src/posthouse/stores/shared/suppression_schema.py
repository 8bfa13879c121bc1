"""The tables of suppression and of returned mail; see schema.py."""

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, SmallInteger, Table, Text

from posthouse.stores.shared.column_types import Bytes, Id, metadata

suppressions = Table(
    "suppressions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("covers", SmallInteger, nullable=False),
    Column("reason", SmallInteger, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("document", Bytes, nullable=False),
    Index("suppressions_once", "workspace_id", "channel", "address", "covers", "reason", unique=True),
    Index("suppressions_by_time", "workspace_id", "id"),
    Index("suppressions_by_generation", "generation", "id"),
)
"""``address`` is folded. ``generation`` is the suppression generation of the last change: processes read on from the last they saw."""

suppression_log = Table(
    "suppression_log",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("action", SmallInteger, nullable=False),
    Column("document", Bytes, nullable=False),
    Index("suppression_log_by_address", "workspace_id", "channel", "address", "id"),
)
"""The audit: append-only."""

soft_bounces = Table(
    "soft_bounces",
    metadata,
    Column("workspace_id", Id, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("address", Text, nullable=False),
    Column("message_id", Id, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace_id", "channel", "address", "message_id"),
    Index("soft_bounces_by_time", "at"),
    sqlite_with_rowid=False,
)
"""What counts towards a suppression, one row for each message: forgotten once it is too old to count."""

receipts = Table(
    "receipts",
    metadata,
    Column("message_id", Id, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("message_id", "status"),
    Index("receipts_by_time", "at"),
    sqlite_with_rowid=False,
)
"""Reports that were faster than our own record of the attempt: what the message is to become once it has ended. Nearly always empty."""

unmatched = Table(
    "unmatched",
    metadata,
    Column("id", Id, primary_key=True),
    Column("digest", Bytes, nullable=False, unique=True),
    Column("document", Bytes, nullable=False),
)
"""Returned mails of which no message was found: the newest 1,000."""
