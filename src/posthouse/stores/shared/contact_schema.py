"""The table of contacts; see schema.py."""

from sqlalchemy import Column, Index, Table, Text

from posthouse.stores.shared.column_types import Bytes, Folded, Id, metadata

contacts = Table(
    "contacts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("key", Text),
    Column("email", Text),
    Column("document", Bytes, nullable=False),
    Index("contacts_by_key", "workspace_id", "key", unique=True),
    Index("contacts_by_time", "workspace_id", "id"),
)
"""``email`` in its normal form. Contacts without a key are many: nulls are distinct in both stores."""

Index("contacts_by_email", contacts.c.workspace_id, Folded(contacts.c.email), contacts.c.id)
