"""PostgreSQL finds events by their place in the stream.

SQLite has them in that order already.

Revision: 0005, after 0004.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE INDEX events_by_seq ON events USING brin (seq) WITH (autosummarize = on)")
