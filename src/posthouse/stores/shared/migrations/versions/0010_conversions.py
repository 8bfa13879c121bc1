"""Conversions: orders, each once, and the message they are credited to.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Id

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conversions",
        sa.Column("id", Id, primary_key=True),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("order", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("message_id", Id),
        sa.Column("template_id", Id),
        sa.Column("release_id", Id),
        sa.Column("link", sa.SmallInteger()),
        sa.Column("clicked_at", sa.BigInteger()),
    )
    op.create_index("conversions_by_order", "conversions", ["workspace_id", "live", "order"], unique=True)
    op.create_index("conversions_by_time", "conversions", ["workspace_id", "live", "at"], unique=False)
    op.create_index("conversions_by_message", "conversions", ["message_id"], unique=False)
