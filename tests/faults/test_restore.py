"""A backup put back does not send old mail again."""

import asyncio
import datetime as dt
from pathlib import Path

from tests.faults.conftest import MakeHouse
from tests.faults.kit import drained, open_store

from posthouse.core.kernel import ids
from posthouse.testing.fault_check import invariants
from posthouse.testing.fault_load import Load
from posthouse.testing.fault_sink import FaultSink


async def test_a_restored_backup_sends_nothing_old_by_itself(make_house: MakeHouse, tmp_path: Path) -> None:
    """What was pending in the backup, and sent since, is held until a person decides; what is new goes out at once."""
    house = make_house("sqlite")
    async with FaultSink(pause=0.0) as sink:
        house.furnish(sink.port)
        house.start("--dispatchers", "1")
        await house.ready()
        soon = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=4)).isoformat()
        old = Load(house.port, house.key, prefix="old", fields=lambda _n: {"send_at": soon})
        await old.run(count=6)
        await asyncio.to_thread(house.command, "backup", str(tmp_path / "hour-ago.db"))
        store = await open_store(house)
        await drained(store)
        await store.close()
        assert set(sink.wire) == set(old.accepted.values())
        await house.stop()
        await asyncio.to_thread(house.command, "restore", str(tmp_path / "hour-ago.db"))
        house.start("--dispatchers", "1")
        await house.ready()
        new = Load(house.port, house.key, prefix="new")
        await new.run(count=3)
        store = await open_store(house)
        await drained(store)
        await asyncio.sleep(2)
        assert sink.duplicates == 0, "old mail was sent again"
        assert set(new.accepted.values()) <= set(sink.wire)
        held = (await asyncio.to_thread(house.command, "held", "list"))["items"]
        assert {ids.read(ids.MESSAGE, item["id"]) for item in held} == set(old.accepted.values())
        chosen = held[0]["id"]
        await asyncio.to_thread(house.command, "held", "release", chosen)
        await asyncio.to_thread(house.command, "messages", "cancel", held[1]["id"])
        await drained(store)
        assert sink.wire[ids.read(ids.MESSAGE, chosen)] == 2, "what a person released was not sent"
        assert sink.duplicates == 1
        workspace = ids.read(ids.WORKSPACE, house.workspace)
        newer = set(new.accepted.values())
        assert await invariants(store, workspace, newer, {id_: sink.wire[id_] for id_ in newer}) == []
        await store.close()
