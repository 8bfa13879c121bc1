"""How SQLite goes about a search: the cost must not grow with the history."""

import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from posthouse.core.messages.model import MessageQuery, Status
from posthouse.stores.shared import searching
from posthouse.stores.sqlite.connection import Handle, connect_writer
from posthouse.stores.sqlite.files import prepare
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_kit import Kit


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[Handle]:
    prepare(tmp_path / "posthouse.db", FakeClock(), unsafe=False)
    made = Handle(connect_writer(tmp_path / "posthouse.db", unsafe=False))
    yield made
    made.close()


def plans_of(raw: sqlite3.Connection, handle: Handle, query: MessageQuery) -> list[list[str]]:
    """What EXPLAIN QUERY PLAN says about each statement that a search runs."""
    traced: list[str] = []
    raw.set_trace_callback(traced.append)
    searching.search(handle.sql, query, 0)
    raw.set_trace_callback(None)
    statements = [one for one in traced if one.startswith("SELECT")]
    return [[row[3] for row in raw.execute("EXPLAIN QUERY PLAN " + one)] for one in statements]


FILTERS = {
    "recipient": "a@example.net", "template_key": "k", "tag": "t", "correlation": "c", "since": 1, "live": True, "words": (1, 2),
}  # fmt: skip
CASES = [dict(chosen) for count in range(4) for chosen in itertools.combinations(FILTERS.items(), count)]


@pytest.fixture
def full(handle: Handle) -> Handle:
    """Two messages that all filters find, so that every statement of a search runs."""
    raw, kit = handle.raw, Kit()
    raw.execute("INSERT INTO templates VALUES (?, ?, 'k', 0, '', x'', 0)", (bytes([1]) * 16, bytes(16)))
    for status in (None, *Status):
        one = kit.ids()
        raw.execute(
            "INSERT INTO messages (id, workspace_id, flow, live, channel, lane, template_id, locale, recipient, recipient_name,"
            " variables, created_at, due_at, policy, correlation) VALUES (?, ?, 1, 1, 1, 1, ?, 'en', 'a@example.net', '',"
            " x'7b7d', 5, 5, 0, 'c')",
            (one, bytes(16), bytes([1]) * 16),
        )
        raw.execute("INSERT INTO message_tags VALUES (?, 't', ?)", (bytes(16), one))
        raw.executemany("INSERT INTO message_words VALUES (?, ?)", [(1, one), (2, one)])
        if status is not None and not status.pending:
            raw.execute("INSERT INTO states VALUES (?, ?, ?, 5, 1, NULL)", (one, bytes(16), int(status)))
        else:
            raw.execute("INSERT INTO queue VALUES (?, ?, 1, 1, 0, 0, NULL, 0)", (one, bytes(16)))
    return handle


@pytest.mark.parametrize("status", [None, Status.QUEUED, Status.SENT])
def test_no_search_sorts_or_walks_what_it_need_not(full: Handle, status: Status | None) -> None:
    """Whatever the filters: no sorting, tables by their keys, and only a walk along the key where nothing else helps."""
    for filters in CASES:
        asked = set(filters) - {"live", "since"}
        for plan in plans_of(full.raw, full, MessageQuery(bytes(16), status=status, **filters)):
            assert not any("TEMP B-TREE" in line for line in plan), (filters, plan)
            scans = [line for line in plan if line.startswith("SCAN") and "USING" in line]
            whole = not asked and (status is None or status.pending)
            assert len(scans) <= (1 if whole else 0), (filters, plan)


def test_a_search_looks_at_so_many_and_says_where_to_look_on(handle: Handle) -> None:
    """Two filters that half of the messages match each and none both: an empty answer with a place, and the last one without."""
    kit, rows = Kit(), searching.MOST + 100
    ids = [kit.ids() for _ in range(rows)]
    handle.raw.executemany(
        "INSERT INTO messages (id, workspace_id, flow, live, channel, lane, locale, recipient, recipient_name, variables,"
        " created_at, due_at, policy) VALUES (?, ?, 1, 0, 1, 1, 'en', 'a@example.net', '', x'7b7d', 5, 5, 0)",
        [(one, kit.workspace) for one in ids],
    )
    query = MessageQuery(kit.workspace, recipient="a@example.net", live=True, limit=10)
    found = searching.search(handle.sql, query, 0)
    assert (found.messages, found.rest) == ([], ids[-searching.MOST])
    again = searching.search(handle.sql, msgspec.structs.replace(query, before=found.rest), 0)
    assert (again.messages, again.rest) == ([], None)
