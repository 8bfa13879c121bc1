"""``posthouse trace``: what leads to a message, and what is said of it."""

import asyncio
from pathlib import Path

from tests.unit.cli.conftest import Run

from posthouse.core.conversions.model import Basis, Conversion, Source
from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import SystemClock
from posthouse.stores.sqlite.store import SqliteStore


async def credit(data: Path, order: str, message: str) -> None:
    """An order credited to a message."""
    clock = SystemClock()
    store = SqliteStore(data, clock=clock)
    await store.open()
    try:
        (workspace,) = await store.workspaces()
        message_id, now = ids.read(ids.MESSAGE, message), clock.now()
        made = Conversion(
            ids.Uuid7Source(clock.now)(), workspace.id, True, order, now, 1, "EUR", Source.API, Basis.CLICK, message_id
        )
        await store.add_conversion(made, None, None)
    finally:
        await store.close()


def test_an_order_leads_to_the_message_that_it_is_credited_to(house: Path, run: Run) -> None:
    """Its number may be known from its report alone; one that is credited to nothing is told as that."""
    sent = run("send", "hello", "--to", "ann@example.com", "--var", "name=Ann", "--data", house, "--json").json
    assert run("trace", "A-77", "--data", house).code == 3
    asyncio.run(credit(house, "A-77", sent["id"]))
    assert run("trace", "A-77", "--data", house, "--json").json["message"]["id"] == sent["id"]
    run("conversions", "report", "A-78", "49.90", "EUR", "--data", house)
    refused = run("trace", "A-78", "--data", house)
    assert (refused.code, "credited to no message" in refused.err) == (3, True)


def test_case_and_names_around_an_address_do_not_count(house: Path, run: Run) -> None:
    """Neither in the address nor in the order number, whatever was pasted; so with contacts, suppressions and orders' reports."""
    there = ("--data", house)
    sent = run(
        "send", "hello", "--to", "Ann@example.com", "--correlation", "A-9", "--var", "name=Ann", "--json", *there
    )
    message = sent.json["id"]
    run("contacts", "add", "--email", "Ann@example.com", *there)
    run("suppressions", "add", "Ann@example.com", *there)
    asyncio.run(credit(house, "B-77", message))
    for word in ("ANN@example.com", "Ann <ann@example.com>", " ann@EXAMPLE.com ", "a-9", "b-77"):
        assert run("trace", word, "--json", *there).json["message"]["id"] == message, word
        if "@" in word:
            assert len(run("contacts", "list", "--email", word, "--json", *there).json["items"]) == 1
            assert len(run("suppressions", "check", word, "--json", *there).json["suppressions"]) == 1
            assert run("contacts", "erase", word, "--dry-run", "--json", *there).json["found"]["contacts"] == 1
