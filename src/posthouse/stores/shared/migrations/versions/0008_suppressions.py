"""Suppressions, their audit, and what counts towards them.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("covers", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    once = ["workspace_id", "channel", "address", "covers", "reason"]
    op.create_index("suppressions_once", "suppressions", once, unique=True)
    op.create_index("suppressions_by_time", "suppressions", ["workspace_id", "id"], unique=False)
    op.create_index("suppressions_by_generation", "suppressions", ["generation", "id"], unique=False)
    op.create_table(
        "suppression_log",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.SmallInteger(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    by_address = ["workspace_id", "channel", "address", "id"]
    op.create_index("suppression_log_by_address", "suppression_log", by_address, unique=False)
    op.create_table(
        "soft_bounces",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "channel", "address", "message_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("soft_bounces_by_time", "soft_bounces", ["at"], unique=False)
