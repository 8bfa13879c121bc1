"""Search: words of subjects, and what providers called messages.

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Id

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message_words",
        sa.Column("word", sa.BigInteger(), nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("word", "message_id"),
        postgresql_partition_by="RANGE (message_id)",
        sqlite_with_rowid=False,
    )
