"""SQLite keeps idempotency keys in the order of their coming.

Before, the whole row stood at the random place of its key, and once more in an index by generation and key: three pages of the log for
each key, where one is enough.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id, Sequence

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.drop_index("idempotency_by_generation", table_name="idempotency")
    op.rename_table("idempotency", "idempotency_before")
    op.create_table(
        "idempotency",
        sa.Column("seq", Sequence, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", Bytes, nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("answer", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("workspace_id", "key", name="idempotency_once"),
    )
    op.execute(
        "INSERT INTO idempotency (workspace_id, key, body_hash, message_id, generation, answer)"
        " SELECT workspace_id, key, body_hash, message_id, generation, answer FROM idempotency_before"
        " ORDER BY generation, message_id"
    )
    op.drop_table("idempotency_before")
