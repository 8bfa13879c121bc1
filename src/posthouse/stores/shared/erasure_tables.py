"""Where a person may stand: every table with words in it, and what is done about it. A table that is added later is looked through by itself."""

from typing import Any, Final

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, Text, select

from posthouse.core.kernel.ids import Id
from posthouse.stores.shared import schema

STRUCK: Final = (
    "messages", "events", "message_tags", "contacts", "suppressions", "suppression_log", "soft_bounces", "idempotency", "sandbox",
    "webhook_attempts", "unmatched", "conversions", "rating_answers",
)  # fmt: skip
"""What is about persons: rows go, or the person goes from them."""
GONE: Final = frozenset({"message_tags", "soft_bounces", "idempotency", "sandbox", "webhook_attempts", "unmatched"})
"""Of these, where the whole row goes."""
EXEMPT: Final = {
    "meta": "single facts of ours",
    "counters": "identifiers and numbers",
    "verdicts": "reasons of our rules",
    "rollup_latencies": "histograms",
    "rollup_zones": "names of time zones",
    "erasures": "whom it is about stands there sealed, and only until it is done",
}
"""Tables whose words cannot name a person."""
AT_ONCE: Final = {
    "blobs": 5,
    "releases": 5,
    "sandbox": 20,
    "sources": 20,
    "templates": 20,
    "items": 20,
    "item_versions": 20,
}
"""Rows that are read at a time where they are large."""
_BELONGS: Final = {
    "webhook_attempts": ("endpoint_id", schema.webhook_endpoints),
    "editions": ("template_id", schema.templates),
    "sources": ("template_id", schema.templates),
    "releases": ("template_id", schema.templates),
    "item_versions": ("item_id", schema.items),
}


def words_of(table: Table) -> list[Column[Any]]:
    """The columns that may hold words."""
    return [
        column
        for column in table.columns
        if isinstance(column.type, Text | LargeBinary) and column.name not in {"digest", "body_hash"}
    ]


def scope_of(table: Table, workspace_id: Id) -> list[ColumnElement[bool]]:
    """Which rows are a workspace's. Returned mail of which no message was found is nobody's, and everybody's."""
    if "workspace_id" in table.c:
        return [table.c.workspace_id == workspace_id]
    if table.name in _BELONGS:
        column, above = _BELONGS[table.name]
        return [table.c[column].in_(select(above.c.id).where(above.c.workspace_id == workspace_id))]
    return [table.c.id == workspace_id] if table.name == "workspaces" else []


BY_HAND: Final = tuple(
    sorted(
        table.name
        for table in schema.metadata.tables.values()
        if words_of(table) and table.name not in STRUCK and table.name not in EXEMPT
    )
)
"""Your own texts, settings and files: what names the person there is told, and never changed by itself."""
TABLES: Final = (*STRUCK, *BY_HAND)
