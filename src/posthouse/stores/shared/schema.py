"""The one schema of both stores (SQLAlchemy Core). Migrations are proved equal to it by a test.

Shape, and why:

* ``messages`` is wide and **never updated**: no dead rows, no index churn on the hot path. On PostgreSQL it is
  partitioned by ranges of its UUIDv7 key, which are ranges of time.
* ``queue`` is narrow and holds only what is pending. ``available_at`` serves three ends: when a message is due, when
  to retry, and, while ``lease`` is set, when the lease runs out.
* ``states`` is narrow and holds one row for each message that has ended. A message is in exactly one of ``queue`` and
  ``states``.
* ``events`` is append-only, unique by (message, type, key); ``counters`` are kept in the transaction that writes the
  events.

Instants are microseconds since the Unix epoch.
"""

from functools import cache
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from posthouse.stores.shared import (
    alert_schema,
    column_types,
    contact_schema,
    conversion_schema,
    keeping_schema,
    rating_schema,
    rollup_schema,
    suppression_schema,
    word_schema,
)

metadata = column_types.metadata
Id = column_types.Id
Bytes = column_types.Bytes
Folded = column_types.Folded
Sequence = column_types.Sequence
ELSEWHERE = (
    alert_schema,
    contact_schema,
    conversion_schema,
    keeping_schema,
    rating_schema,
    rollup_schema,
    suppression_schema,
    word_schema,
)
"""Whose tables stand in files of their own."""

meta = Table(
    "meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False, server_default=text("0")),
    Column("word", Text),
)
"""Single facts: ``settings_generation``, ``idempotency_generation``, ``epoch`` (restore marker), ``store_id``."""

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("document", Bytes, nullable=False),
)
"""``document`` is the JSON of the whole Workspace struct; the other columns are what is searched by. Likewise below."""

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False, index=True),
    Column("digest", Bytes, nullable=False, unique=True),
    Column("last_used_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("document", Bytes, nullable=False),
)

domains = Table(
    "domains",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    Index("domains_by_name", "workspace_id", "name", unique=True),
)

providers = Table(
    "providers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    Index("providers_by_name", "workspace_id", "name", unique=True),
)

routes = Table(
    "routes",
    metadata,
    Column("workspace_id", Id, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("document", Bytes, nullable=False),
    PrimaryKeyConstraint("workspace_id", "channel"),
)

templates = Table(
    "templates",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("source_hash", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    Column("latest", Integer, nullable=False, server_default=text("0")),
    Index("templates_by_key", "workspace_id", "key", unique=True),
)
"""``version`` is live; releases of versions above ``latest`` are staged by a publication of the library and nobody sees them."""

editions = Table(
    "editions",
    metadata,
    Column("template_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("source_hash", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    PrimaryKeyConstraint("template_id", "version"),
)
"""What each version was made from, and why."""

sources = Table(
    "sources",
    metadata,
    Column("template_id", Id, nullable=False),
    Column("source_hash", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    PrimaryKeyConstraint("template_id", "source_hash"),
)
"""Sources that were published; many versions of a template may be made from one."""

items = Table(
    "items",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("source_hash", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    Index("items_by_key", "workspace_id", "kind", "key", unique=True),
)
"""Blocks and themes of the library."""

item_versions = Table(
    "item_versions",
    metadata,
    Column("item_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("document", Bytes, nullable=False),
    PrimaryKeyConstraint("item_id", "version"),
)

publications = Table(
    "publications",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("state", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    Index("publications_by_workspace", "workspace_id", "id"),
)
"""Publications of blocks and themes; at most one of a workspace is running."""

releases = Table(
    "releases",
    metadata,
    Column("id", Id, primary_key=True),
    Column("template_id", Id, nullable=False),
    Column("version", Integer, nullable=False),
    Column("channel", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    Index("releases_by_variant", "template_id", "version", "channel", "locale", unique=True),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("key_id", Id),
    Column("flow", BigInteger, nullable=False),
    Column("live", Boolean, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("template_id", Id),
    Column("release_id", Id),
    Column("locale", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("recipient_name", Text, nullable=False),
    Column("variables", Bytes, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("policy", SmallInteger, nullable=False),
    Column("extras", Bytes),
    Column("tags", Text),
    Column("correlation", Text),
    Column("supersedes", Text),
    Index("messages_by_template", "workspace_id", "template_id", "id"),
    Index(
        "messages_by_supersedes",
        "workspace_id",
        "supersedes",
        "id",
        sqlite_where=text("supersedes IS NOT NULL"),
        postgresql_where=text("supersedes IS NOT NULL"),
    ),
    postgresql_partition_by="RANGE (id)",
)
"""``tags`` is the JSON array as text, NULL for none; ``policy`` 0 resend, 1 hold. A search by workspace and time alone
walks the key backwards."""

_written: Final = messages.c.correlation.is_not(None)
Index("messages_by_recipient", messages.c.workspace_id, Folded(messages.c.recipient), messages.c.id)
Index(
    "messages_by_correlation",
    messages.c.workspace_id,
    Folded(messages.c.correlation),
    messages.c.id,
    sqlite_where=_written,
    postgresql_where=_written,
)

message_tags = Table(
    "message_tags",
    metadata,
    Column("workspace_id", Id, nullable=False),
    Column("tag", Text, nullable=False),
    Column("message_id", Id, nullable=False),
    PrimaryKeyConstraint("workspace_id", "tag", "message_id"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (message_id)",
)

queue = Table(
    "queue",
    metadata,
    Column("message_id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("flow", BigInteger, nullable=False),
    Column("available_at", BigInteger, nullable=False),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("lease", BigInteger),
    Column("held", SmallInteger, nullable=False, server_default=text("0")),
    Index("queue_due", "held", "lane", "flow", "available_at"),
    sqlite_with_rowid=False,
)
"""``held`` 0 no, 1 after a restore, 2 in doubt (policy hold)."""

states = Table(
    "states",
    metadata,
    Column("message_id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("provider_id", Id),
    Index("states_by_status", "workspace_id", "status", "message_id"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (message_id)",
)

events = Table(
    "events",
    metadata,
    Column("seq", Sequence, primary_key=False, nullable=False),
    Column("message_id", Id, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("workspace_id", Id, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("data", Bytes),
    PrimaryKeyConstraint("message_id", "type", "key"),
    Index("events_by_seq", "seq", postgresql_using="brin", postgresql_with={"autosummarize": "on"}),
    postgresql_partition_by="RANGE (message_id)",
)
"""``seq`` orders the stream. SQLite gives it as the rowid (see :func:`metadata_for`), PostgreSQL from a sequence.

Whoever deletes events must leave the newest one there: SQLite gives the number of a last row that is gone again, and readers of the stream
would take the new event for one they have. On PostgreSQL a BRIN index (``events_by_seq``) finds a range of ``seq``: it costs recording half a
microsecond an event, and has next to no size.
"""

counters = Table(
    "counters",
    metadata,
    Column("workspace_id", Id, nullable=False),
    Column("hour", BigInteger, nullable=False),
    Column("template", Text, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("live", SmallInteger, nullable=False),
    Column("provider", Text, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("shard", SmallInteger, nullable=False, server_default=text("0")),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("workspace_id", "hour", "template", "channel", "lane", "live", "provider", "type", "shard"),
    sqlite_with_rowid=False,
)
"""Events counted by hour (microseconds // 3.6e9) and dimension. ``template`` and ``provider`` are hex identifiers or
''. ``shard`` keeps processes off each other's rows."""

engagements = Table(
    "engagements",
    metadata,
    Column("message_id", Id, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("workspace_id", Id, nullable=False),
    Column("template_id", Id),
    Column("human", Integer, nullable=False),
    Column("machine", Integer, nullable=False),
    Column("unknown", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("message_id", "type"),
    Index("engagements_by_template", "workspace_id", "type", "template_id", "message_id"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (message_id)",
)
"""What came back for each message, by verdicts: kept in the transaction that writes the events."""

verdicts = Table(
    "verdicts",
    metadata,
    Column("message_id", Id, nullable=False),
    Column("type", SmallInteger, nullable=False),
    Column("key", Text, nullable=False),
    Column("verdict", SmallInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("rules", Integer, nullable=False),
    PrimaryKeyConstraint("message_id", "type", "key"),
    sqlite_with_rowid=False,
    postgresql_partition_by="RANGE (message_id)",
)
"""Verdicts that were told again: they count before those in the events, which stay as they were written."""

idempotency = Table(
    "idempotency",
    metadata,
    Column("workspace_id", Id, nullable=False),
    Column("key", Text, nullable=False),
    Column("body_hash", Bytes, nullable=False),
    Column("message_id", Id, nullable=False),
    Column("generation", BigInteger, nullable=False),
    Column("answer", Bytes, nullable=False),
    PrimaryKeyConstraint("workspace_id", "key"),
    Index("idempotency_by_generation", "generation"),
)
"""``generation`` counts hours that the scheduler saw pass on the monotonic clock, so that no clock jump can expire a
key. SQLite keeps the rows in the order of their coming (see :func:`metadata_for`), which is that of their generations: a key, which is
random, then costs one page of the log instead of three."""

blobs = Table(
    "blobs",
    metadata,
    Column("workspace_id", Id, nullable=False),
    Column("digest", Bytes, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("data", Bytes, nullable=False),
    PrimaryKeyConstraint("workspace_id", "digest"),
)

sandbox = Table(
    "sandbox",
    metadata,
    Column("message_id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("sender", Text, nullable=False),
    Column("recipients", Text, nullable=False),
    Column("content", Bytes, nullable=False),
    Index("sandbox_by_time", "workspace_id", "at"),
)
"""What the sandbox provider kept: the newest 1,000 a workspace."""

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", Id, primary_key=True),
    Column("workspace_id", Id, nullable=False),
    Column("name", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    Index("webhook_endpoints_by_name", "workspace_id", "name", unique=True),
)

webhook_lines = Table(
    "webhook_lines",
    metadata,
    Column("endpoint_id", Id, primary_key=True),
    Column("cursor", BigInteger, nullable=False),
    Column("token", BigInteger),
    Column("token_until", BigInteger),
    Column("paused", Text),
    Column("paused_at", BigInteger),
    Column("failing_since", BigInteger),
    Column("succeeded_at", BigInteger),
)
"""Where each endpoint stands; whoever holds ``token`` may deliver until ``token_until``."""

webhook_waiting = Table(
    "webhook_waiting",
    metadata,
    Column("endpoint_id", Id, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    PrimaryKeyConstraint("endpoint_id", "seq"),
    Index("webhook_waiting_due", "endpoint_id", "next_at"),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("endpoint_id", Id, nullable=False),
    Column("event", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("document", Bytes, nullable=False),
    Index("webhook_attempts_by_endpoint", "endpoint_id", "id"),
)
"""The delivery log."""


@cache
def metadata_for(dialect: str) -> MetaData:
    """The schema as one database has it: on SQLite events and idempotency keys stand in the order of their coming, the rest is the same."""
    if dialect != "sqlite":
        return metadata
    own = MetaData()
    for table in metadata.sorted_tables:
        if table not in (events, idempotency):
            table.to_metadata(own)
    Table(
        "idempotency",
        own,
        Column("seq", Sequence, primary_key=True),
        *(Column(c.name, c.type, nullable=c.nullable) for c in idempotency.columns),
        UniqueConstraint("workspace_id", "key", name="idempotency_once"),
    )
    Table(
        "events",
        own,
        Column("seq", Sequence, primary_key=True),
        *(Column(c.name, c.type, nullable=c.nullable) for c in events.columns if c.name != "seq"),
        UniqueConstraint("message_id", "type", "key", name="events_once"),
    )
    return own
