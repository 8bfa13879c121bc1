"""Answers to ratings, and those that were given before.

Revision: 0017, after 0016.
"""

from typing import Any

import msgspec
import sqlalchemy as sa
from alembic import op

from posthouse.stores.shared.schema import Bytes, Id

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_RATED = 34


def upgrade() -> None:
    op.create_table(
        "rating_answers",
        sa.Column("message_id", Id, nullable=False),
        sa.Column("rating", sa.Text(), nullable=False),
        sa.Column("workspace_id", Id, nullable=False),
        sa.Column("template_id", Id, nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("lowest", sa.SmallInteger(), nullable=False),
        sa.Column("highest", sa.SmallInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("message_id", "rating"),
    )
    by_time = ["workspace_id", "live", "at", "message_id", "rating"]
    op.create_index("rating_answers_by_time", "rating_answers", by_time, unique=False)
    by_template = ["workspace_id", "live", "template_id", "at", "message_id", "rating"]
    op.create_index("rating_answers_by_template", "rating_answers", by_template, unique=False)
    _keep_what_was_answered()


def _keep_what_was_answered() -> None:
    """The last answer to each rating. Messages with one are found by what came back for them: nobody reads all events."""
    connection = op.get_bind()
    engagements = sa.table("engagements", sa.column("message_id", Id), sa.column("type"))
    events = sa.table(
        "events", sa.column("message_id", Id), sa.column("type"), sa.column("at"), sa.column("data", Bytes)
    )
    messages = sa.table(
        "messages",
        sa.column("id", Id),
        sa.column("workspace_id", Id),
        sa.column("template_id", Id),
        sa.column("live", sa.Boolean()),
    )
    e, m = events.c, messages.c
    rated = sa.select(engagements.c.message_id).where(engagements.c.type == _RATED)
    told = (
        sa.select(e.message_id, m.workspace_id, m.template_id, m.live, e.at, e.data)
        .join_from(events, messages, m.id == e.message_id)
        .where(e.type == _RATED, e.message_id.in_(rated))
        .order_by(e.at)
    )
    last: dict[tuple[bytes, str], dict[str, Any]] = {}
    for message_id, workspace_id, template_id, live, at, data in connection.execute(told).all():
        said = msgspec.json.decode(data) if data else {}
        if not {"rating", "score", "lowest", "highest"} <= said.keys():
            continue
        last[message_id, said["rating"]] = {
            "message_id": message_id,
            "rating": said["rating"],
            "workspace_id": workspace_id,
            "template_id": template_id,
            "live": live,
            "at": at,
            "score": said["score"],
            "lowest": said["lowest"],
            "highest": said["highest"],
            "comment": said.get("comment") or None,
        }
    if last:
        names = ("score", "lowest", "highest", "at", "comment", "rating", "live")
        ids = ("message_id", "workspace_id", "template_id")
        columns = [*(sa.column(name) for name in names), *(sa.column(name, Id) for name in ids)]
        connection.execute(sa.insert(sa.table("rating_answers", *columns)), list(last.values()))
