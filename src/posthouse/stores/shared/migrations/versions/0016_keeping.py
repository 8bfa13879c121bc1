"""Keeping: where erasing stands, and persons that are removed.

Revision: 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "retention_marks",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("template_id", Id, nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.Column("position", Id, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "template_id", "step"),
    )
    op.create_table(
        "retention_later",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("step", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "message_id", "step"),
    )
    op.create_table(
        "erasures",
        sa.Column("id", Id, primary_key=True),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
    )
    op.create_index("erasures_by_workspace", "erasures", ["workspace_id", "id"], unique=False)
