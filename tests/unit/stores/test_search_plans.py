"""How SQLite goes about a search: the cost must not grow with the history."""

import itertools
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from posthouse.core.messages.model import MessageQuery, Status
from posthouse.stores.shared import messages
from posthouse.stores.sqlite.connection import Handle, connect_writer
from posthouse.stores.sqlite.files import prepare
from posthouse.testing.clock import FakeClock


@pytest.fixture
def handle(tmp_path: Path) -> Iterator[Handle]:
    prepare(tmp_path / "posthouse.db", FakeClock(), unsafe=False)
    made = Handle(connect_writer(tmp_path / "posthouse.db", unsafe=False))
    yield made
    made.close()


def plan_of(raw: sqlite3.Connection, handle: Handle, query: MessageQuery) -> list[str]:
    """What EXPLAIN QUERY PLAN says about the statement that a search runs."""
    traced: list[str] = []
    raw.set_trace_callback(traced.append)
    messages.search(handle.sql, query, 0)
    raw.set_trace_callback(None)
    (statement,) = (one for one in traced if one.startswith("SELECT messages.id"))
    return [row[3] for row in raw.execute("EXPLAIN QUERY PLAN " + statement)]


FILTERS = {"recipient": "a@example.net", "template_key": "k", "tag": "t", "correlation": "c", "since": 1, "live": True}
CASES = [dict(chosen) for count in range(4) for chosen in itertools.combinations(FILTERS.items(), count)]


@pytest.mark.parametrize("status", [None, *Status])
def test_no_search_sorts_or_walks_what_it_need_not(handle: Handle, status: Status | None) -> None:
    """Whatever the filters: no sorting, every joined table by its key, and the first table in the order of its key."""
    for filters in CASES:
        plan = plan_of(handle.raw, handle, MessageQuery(bytes(16), status=status, **filters))
        assert not any("TEMP B-TREE" in line for line in plan), (filters, plan)
        scans = [line for line in plan if line.startswith("SCAN")]
        whole = not {"recipient", "template_key", "tag", "correlation", "since"} & set(filters)
        assert len(scans) <= (1 if whole and (status is None or status.pending) else 0), (filters, plan)
        first = plan[0].split()[1]
        if status is not None and not set(FILTERS) - {"live", "since"} & set(filters):
            assert first == ("queue" if status.pending else "states"), (filters, plan)
