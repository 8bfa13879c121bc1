"""Statistics: weeks have rows too, so what was counted without them is counted again by whoever follows the events.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("rollups", "rollup_latencies", "rollup_seen", "rollup_positions", "rollup_zones"):
        op.execute(sa.delete(sa.table(table)))
    op.execute("DELETE FROM meta WHERE name = 'rollup_edition'")
