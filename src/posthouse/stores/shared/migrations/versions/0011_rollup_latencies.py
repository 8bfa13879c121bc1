"""Statistics: waiting times stand apart from the counts; conversions are counted.

Roll-ups are made of the events: what stood there is counted again by whoever follows them.

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COUNTS = """
accepted sent delivered deferred bounced bounced_at_once failed expired withdrawn suppressed in_doubt complained unsubscribed
rated opens_human opens_machine opens_unknown opened opened_human clicks_human clicks_machine clicks_unknown clicked clicked_human
conversions converted of_sent of_delivered of_bounced of_bounced_at_once of_complained of_unsubscribed of_opened of_opened_human
of_clicked of_clicked_human of_converted
"""


def upgrade() -> None:
    op.drop_table("rollups")
    for table in ("rollup_seen", "rollup_positions", "rollup_zones"):
        op.execute(sa.delete(sa.table(table)))
    op.execute("DELETE FROM meta WHERE name = 'rollup_edition'")
    op.create_table(
        "rollups", *_key(), *(sa.Column(name, sa.Integer(), nullable=False) for name in _COUNTS.split()), _primary(),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        "rollup_latencies", *_key(), sa.Column("histogram", Bytes, nullable=False), _primary(), sqlite_with_rowid=False
    )


def _key() -> list[sa.Column[object]]:
    return [
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("grain", sa.SmallInteger(), nullable=False),
        sa.Column("period", sa.BigInteger(), nullable=False),
        sa.Column("combo", sa.BigInteger(), nullable=False),
    ]


def _primary() -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("edition", "workspace_id", "grain", "period", "combo")
