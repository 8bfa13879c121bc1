"""The table of words that messages are found by; see schema.py."""

from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint, Table

from posthouse.stores.shared.column_types import Id, metadata

message_words = Table(
    "message_words",
    metadata,
    Column("word", BigInteger, nullable=False),
    Column("message_id", Id, nullable=False),
    PrimaryKeyConstraint("word", "message_id"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (message_id)",
)
"""``word`` is a keyed hash of workspace, kind and word (core/messages/words.py)."""
