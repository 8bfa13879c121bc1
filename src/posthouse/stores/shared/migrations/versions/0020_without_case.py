"""Addresses and order numbers are found without regard to case.

Revision: 0020, after 0019.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    collation = ' COLLATE "C"' if op.get_bind().dialect.name == "postgresql" else ""

    def folded(column: str) -> sa.TextClause:
        return sa.text(f"lower({column}{collation})")

    written = sa.text("correlation IS NOT NULL")
    op.drop_index("messages_by_recipient", "messages")
    op.create_index("messages_by_recipient", "messages", ["workspace_id", folded("recipient"), "id"])
    op.drop_index("messages_by_correlation", "messages")
    op.create_index(
        "messages_by_correlation",
        "messages",
        ["workspace_id", folded("correlation"), "id"],
        sqlite_where=written,
        postgresql_where=written,
    )
    op.drop_index("contacts_by_email", "contacts")
    op.create_index("contacts_by_email", "contacts", ["workspace_id", folded("email"), "id"])
    by_order = folded('"order"')
    op.create_index("conversions_by_folded_order", "conversions", ["workspace_id", "live", by_order, "id"])
