"""The table of answers to ratings; see schema.py."""

from sqlalchemy import BigInteger, Boolean, Column, Index, PrimaryKeyConstraint, SmallInteger, Table, Text, text

from posthouse.stores.shared.column_types import Id, metadata

rating_answers = Table(
    "rating_answers",
    metadata,
    Column("message_id", Id, nullable=False),
    Column("rating", Text, nullable=False),
    Column("workspace_id", Id, nullable=False),
    Column("template_id", Id),
    Column("live", Boolean, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("lowest", SmallInteger, nullable=False),
    Column("highest", SmallInteger, nullable=False),
    Column("comment", Text),
    PrimaryKeyConstraint("message_id", "rating"),
    Index("rating_answers_by_time", "workspace_id", "live", "at", "message_id", "rating"),
    Index("rating_answers_by_template", "workspace_id", "live", "template_id", "at", "message_id", "rating"),
    Index(
        "rating_answers_worded", "workspace_id", "live", "at", "message_id", "rating",
        sqlite_where=text("comment IS NOT NULL"), postgresql_where=text("comment IS NOT NULL"),
    ),
)  # fmt: skip
"""The last answer to each rating of each message: kept in the transaction that writes the event."""
