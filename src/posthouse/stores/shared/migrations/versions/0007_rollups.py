"""Statistics: events counted by hour and by day.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COUNTS = """
accepted sent delivered deferred bounced bounced_at_once failed expired withdrawn suppressed in_doubt complained unsubscribed
rated opens_human opens_machine opens_unknown opened opened_human clicks_human clicks_machine clicks_unknown clicked clicked_human
of_sent of_delivered of_bounced of_bounced_at_once of_complained of_unsubscribed of_opened of_opened_human of_clicked of_clicked_human
"""


def upgrade() -> None:
    op.create_table(
        "rollups",
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("grain", sa.SmallInteger(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("combo", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS.split()),
        sa.Column("latencies", Bytes, nullable=True),
        sa.PrimaryKeyConstraint("edition", "workspace_id", "grain", "period", "combo"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup_combos",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("scope", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("live", sa.SmallInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("domain", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sqlite_with_rowid=False,
    )
    op.create_index("rollup_combos_by_workspace", "rollup_combos", ["workspace_id", "kind"], unique=False)
    op.create_table(
        "rollup_seen",
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("seen", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("edition", "message_id"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup_positions",
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("edition"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup_zones",
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("edition", "workspace_id"),
        sqlite_with_rowid=False,
    )
