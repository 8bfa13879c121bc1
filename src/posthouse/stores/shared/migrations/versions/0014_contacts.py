"""Contacts.

Revision: 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", Id, primary_key=True),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("key", sa.Text()),
        sa.Column("email", sa.Text()),
        sa.Column("document", Bytes, nullable=False),
    )
    op.create_index("contacts_by_key", "contacts", ["workspace_id", "key"], unique=True)
    op.create_index("contacts_by_email", "contacts", ["workspace_id", "email", "id"], unique=False)
    op.create_index("contacts_by_time", "contacts", ["workspace_id", "id"], unique=False)
