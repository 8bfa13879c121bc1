"""Alerts: what workspaces say about them, what is wrong, what is to be told; and service levels.

Revision: 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_settings",
        sa.Column("workspace_id", Id, primary_key=True),
        sa.Column("document", Bytes, nullable=False),
    )
    op.create_table(
        "alerts",
        sa.Column("id", Id, primary_key=True),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("open_cause", sa.Text()),
        sa.Column("document", Bytes, nullable=False),
    )
    op.create_index("alerts_once", "alerts", ["workspace_id", "open_cause"], unique=True)
    op.create_index("alerts_by_workspace", "alerts", ["workspace_id", "id"], unique=False)
    op.create_table(
        "alert_notices",
        sa.Column("id", Id, primary_key=True),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
    )
    op.create_index("alert_notices_due", "alert_notices", ["next_at"], unique=False)
    op.create_table(
        "alert_watch",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("token_until", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "circuits",
        sa.Column("holder", sa.BigInteger(), nullable=False),
        sa.Column("provider_id", Id, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("holder", "provider_id"),
    )
    op.create_table(
        "service_levels",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("template_id", Id, nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "template_id"),
    )
