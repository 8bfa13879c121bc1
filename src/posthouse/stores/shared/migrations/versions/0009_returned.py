"""What comes back: reports that were too early, and those without a message.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receipts",
        sa.Column("message_id", Id, nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "status"),
        sqlite_with_rowid=False,
    )
    op.create_index("receipts_by_time", "receipts", ["at"], unique=False)
    op.create_table(
        "unmatched",
        sa.Column("id", Id, nullable=False),
        sa.Column("digest", Bytes, nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
