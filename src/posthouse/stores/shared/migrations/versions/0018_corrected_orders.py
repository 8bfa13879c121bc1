"""Orders that were cancelled or changed after they were counted.

Revision: 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversions", sa.Column("ordered", sa.BigInteger(), nullable=True))
    op.add_column("conversions", sa.Column("corrected_at", sa.BigInteger(), nullable=True))
