"""The tables of alerts and service levels; see schema.py."""

from sqlalchemy import BigInteger, Column, Index, Integer, PrimaryKeyConstraint, Table, Text

from posthouse.stores.shared.column_types import Bytes, Id, metadata

alert_settings = Table(
    "alert_settings",
    metadata,
    Column("workspace_id", Id, primary_key=True),
    Column("document", Bytes, nullable=False),
)
"""Rules, mutes and targets of a workspace that said something about alerts."""

alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("open_cause", Text),
    Column("document", Bytes, nullable=False),
    Index("alerts_once", "workspace_id", "open_cause", unique=True),
    Index("alerts_by_workspace", "workspace_id", "id"),
)
"""``open_cause`` says what makes two alerts the same, and is NULL once it is over: one cause is open once."""

alert_notices = Table(
    "alert_notices",
    metadata,
    Column("id", Id, primary_key=True),
    Column("next_at", BigInteger, nullable=False),
    Column("document", Bytes, nullable=False),
    Index("alert_notices_due", "next_at"),
)
"""What is to be told; a row goes when it was taken."""

alert_watch = Table(
    "alert_watch",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("token", BigInteger, nullable=False),
    Column("token_until", BigInteger, nullable=False),
)
"""One row: who judges, and until when unless it is renewed."""

circuits = Table(
    "circuits",
    metadata,
    Column("holder", BigInteger, nullable=False),
    Column("provider_id", Id, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("told_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("holder", "provider_id"),
)
"""Providers that dispatch processes leave alone. Nearly always empty."""

service_levels = Table(
    "service_levels",
    metadata,
    Column("workspace_id", Id, nullable=False),
    Column("template_id", Id, nullable=False),
    Column("document", Bytes, nullable=False),
    PrimaryKeyConstraint("workspace_id", "template_id"),
)
