"""``posthouse trace`` by what only an order's report says."""

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
