"""Opens and clicks: what came back for each message, and verdicts told again.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Id

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "engagements",
        sa.Column("message_id", Id, nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("template_id", Id, nullable=True),
        sa.Column("human", sa.Integer(), nullable=False),
        sa.Column("machine", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "type"),
        postgresql_partition_by="RANGE (message_id)",
        sqlite_with_rowid=False,
    )
    op.create_index(
        "engagements_by_template", "engagements", ["workspace_id", "type", "template_id", "message_id"], unique=False
    )
    op.create_table(
        "verdicts",
        sa.Column("message_id", Id, nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("verdict", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("rules", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "type", "key"),
        postgresql_partition_by="RANGE (message_id)",
        sqlite_with_rowid=False,
    )
