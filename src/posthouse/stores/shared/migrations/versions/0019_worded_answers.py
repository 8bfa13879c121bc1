"""Answers to ratings that say something in words, found without those that do not.

Revision: 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    worded = sa.text("comment IS NOT NULL")
    columns = ["workspace_id", "live", "at", "message_id", "rating"]
    op.create_index("rating_answers_worded", "rating_answers", columns, sqlite_where=worded, postgresql_where=worded)
