"""The library: blocks, themes, their publications; sources of published versions.

Revision: 0002, after 0001.
"""

import msgspec
import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("templates", sa.Column("latest", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.create_table(
        "editions",
        sa.Column("template_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_hash", sa.Text(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("template_id", "version"),
    )
    op.create_table(
        "sources",
        sa.Column("template_id", Id, nullable=False),
        sa.Column("source_hash", sa.Text(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("template_id", "source_hash"),
    )
    op.create_table(
        "items",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source_hash", sa.Text(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("items_by_key", "items", ["workspace_id", "kind", "key"], unique=True)
    op.create_table(
        "item_versions",
        sa.Column("item_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("item_id", "version"),
    )
    op.create_table(
        "publications",
        sa.Column("id", Id, nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("document", Bytes, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("publications_by_workspace", "publications", ["workspace_id", "id"], unique=False)
    op.execute("UPDATE templates SET latest = version")
    _keep_live_sources()


def _keep_live_sources() -> None:
    """The draft is the live version's source where nobody changed it since; of other versions the source was not kept."""
    connection = op.get_bind()
    templates = sa.table("templates", sa.column("id", Id), sa.column("version"), sa.column("document", Bytes))
    live = sa.select(templates.c.id, templates.c.version, templates.c.document).where(templates.c.version > 0)
    for template_id, version, document in connection.execute(live).all():
        kept = msgspec.json.decode(document)
        if kept.get("draft") is None or kept["source_hash"] != kept.get("published_hash"):
            continue
        digest = kept["source_hash"]
        edition = {
            "template_id": kept["id"],
            "version": version,
            "published_at": kept["updated_at"],
            "source_hash": digest,
        }
        for name, held in (("sources", kept["draft"]), ("editions", edition)):
            table = sa.table(
                name,
                sa.column("template_id", Id),
                sa.column("version"),
                sa.column("source_hash"),
                sa.column("document", Bytes),
            )
            row = {"template_id": template_id, "source_hash": digest, "document": msgspec.json.encode(held)}
            connection.execute(table.insert().values(**row, **({"version": version} if name == "editions" else {})))
