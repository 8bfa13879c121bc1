"""The tables of keeping: where erasing stands, and the persons that are being removed; see schema.py."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, SmallInteger, Table, Text

from posthouse.stores.shared.column_types import Bytes, Id, metadata

retention_marks = Table(
    "retention_marks",
    metadata,
    Column("workspace_id", Id, nullable=False),
    Column("template_id", Id, nullable=False),
    Column("step", SmallInteger, nullable=False),
    Column("position", Id, nullable=False),
    PrimaryKeyConstraint("workspace_id", "template_id", "step"),
)
"""Every message of a template up to ``position`` was looked at. ``template_id`` is zero for messages of no template."""

retention_later = Table(
    "retention_later",
    metadata,
    Column("workspace_id", Id, nullable=False),
    Column("message_id", Id, nullable=False),
    Column("step", SmallInteger, nullable=False),
    PrimaryKeyConstraint("workspace_id", "message_id", "step"),
)
"""Messages that were passed over as they waited to be sent. Nearly always empty."""

erasures = Table(
    "erasures",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("state", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    Index("erasures_by_workspace", "workspace_id", "id"),
)
"""Persons removed: whom stands there, sealed, only until it is done; the receipt stays."""
