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


def test_a_trace_speaks_one_language_and_tells_what_is_missing(house: Path, run: Run) -> None:
    """Its heads too; nothing to look for, test keys and erased addresses are told as that."""
    there = ("--data", house)
    for _ in range(2):
        run("send", "hello", "--to", "ann@example.com", "--var", "name=Ann", "--test", *there)
    french = run("trace", "ann@example.com", "--language", "fr", *there)
    assert "hello v1 par email à ann@example.com" in french.out
    assert "clé de test" in french.out
    assert "Plus anciens pour ann@example.com : 1." in french.err
    assert [line.split() for line in french.out.splitlines() if line.startswith("id")] == [
        ["id", "accepté", "état", "modèle"]
    ]
    message = run("trace", "ann@example.com", "--json", *there).json["message"]["id"]
    assert "accepted the message" in run("messages", "timeline", message, *there).out
    run("contacts", "erase", "ann@example.com", "--yes", *there)
    erased = run("trace", message, *there)
    assert ("to an erased address," in erased.out, "the person was removed" in erased.err) == (True, True)
    assert "(erased)" in run("messages", "list", *there).out
    nothing = run("trace", " ", *there)
    assert (nothing.code, "say which message" in nothing.err) == (2, True)
