"""The first schema: workspaces, templates, messages, queue, states, events, counters.

Revision: 0001, the first.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id, Sequence

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("digest", Bytes, nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index(op.f("ix_api_keys_workspace_id"), "api_keys", ["workspace_id"], unique=False)
    op.create_table(
        "blobs",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("digest", Bytes, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("data", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "digest"),
    )
    op.create_table(
        "counters",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("template", sa.Text(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("live", sa.SmallInteger(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("shard", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "workspace_id", "hour", "template", "channel", "lane", "live", "provider", "type", "shard"
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "domains",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("domains_by_name", "domains", ["workspace_id", "name"], unique=True)
    _events()
    op.create_table(
        "idempotency",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", Bytes, nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("answer", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "key"),
        sqlite_with_rowid=False,
    )
    op.create_index("idempotency_by_generation", "idempotency", ["generation"], unique=False)
    op.create_table(
        "message_tags",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("message_id", Id, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "tag", "message_id"),
        postgresql_partition_by="RANGE (message_id)",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "messages",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("key_id", Id, nullable=True),
        sa.Column("flow", sa.BigInteger(), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("template_id", Id, nullable=True),
        sa.Column("release_id", Id, nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("variables", Bytes, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("policy", sa.SmallInteger(), nullable=False),
        sa.Column("extras", Bytes, nullable=True),
        sa.Column("tags", sa.Text(), nullable=True),
        sa.Column("correlation", sa.Text(), nullable=True),
        sa.Column("supersedes", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "messages_by_correlation",
        "messages",
        ["workspace_id", "correlation", "id"],
        unique=False,
        sqlite_where=sa.text("correlation IS NOT NULL"),
        postgresql_where=sa.text("correlation IS NOT NULL"),
    )
    op.create_index("messages_by_recipient", "messages", ["workspace_id", "recipient", "id"], unique=False)
    op.create_index(
        "messages_by_supersedes",
        "messages",
        ["workspace_id", "supersedes", "id"],
        unique=False,
        sqlite_where=sa.text("supersedes IS NOT NULL"),
        postgresql_where=sa.text("supersedes IS NOT NULL"),
    )
    op.create_index("messages_by_template", "messages", ["workspace_id", "template_id", "id"], unique=False)
    op.create_table(
        "meta",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("word", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "providers",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("providers_by_name", "providers", ["workspace_id", "name"], unique=True)
    op.create_table(
        "queue",
        sa.Column("message_id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("lane", sa.SmallInteger(), nullable=False),
        sa.Column("flow", sa.BigInteger(), nullable=False),
        sa.Column("available_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("lease", sa.BigInteger(), nullable=True),
        sa.Column("held", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("queue_due", "queue", ["held", "lane", "flow", "available_at"], unique=False)
    op.create_table(
        "releases",
        sa.Column("id", Id, nullable=False),
        sa.Column("template_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("releases_by_variant", "releases", ["template_id", "version", "channel", "locale"], unique=True)
    op.create_table(
        "routes",
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "channel"),
    )
    op.create_table(
        "sandbox",
        sa.Column("message_id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("recipients", sa.Text(), nullable=False),
        sa.Column("content", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
    )
    op.create_index("sandbox_by_time", "sandbox", ["workspace_id", "at"], unique=False)
    op.create_table(
        "states",
        sa.Column("message_id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("provider_id", Id, nullable=True),
        sa.PrimaryKeyConstraint("message_id"),
        postgresql_partition_by="RANGE (message_id)",
        sqlite_with_rowid=False,
    )
    op.create_index("states_by_status", "states", ["workspace_id", "status", "message_id"], unique=False)
    op.create_table(
        "templates",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_hash", sa.Text(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("templates_by_key", "templates", ["workspace_id", "key"], unique=True)
    op.create_table(
        "workspaces",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )


def _events() -> None:
    """``seq`` is the rowid on SQLite; on PostgreSQL a sequence gives it, whatever the partition."""
    columns: list[sa.Column[Any]] = [
        sa.Column("message_id", Id, nullable=False),
        sa.Column("type", sa.SmallInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", Bytes, nullable=True),
    ]
    if op.get_bind().dialect.name == "sqlite":
        unique = sa.UniqueConstraint("message_id", "type", "key", name="events_once")
        op.create_table("events", sa.Column("seq", Sequence, primary_key=True), *columns, unique)
        return
    op.execute("CREATE SEQUENCE events_seq")
    seq = sa.Column("seq", Sequence, server_default=sa.text("nextval('events_seq')"), nullable=False)
    key = sa.PrimaryKeyConstraint("message_id", "type", "key")
    op.create_table("events", seq, *columns, key, postgresql_partition_by="RANGE (message_id)")
