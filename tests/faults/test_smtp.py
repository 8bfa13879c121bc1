"""A mail server that hangs, lies, dies, and answers 421: every message comes to its end, and every repetition was announced."""

from collections import Counter

import pytest
from tests.faults.conftest import MakeHouse
from tests.faults.kit import KINDS, LONG, drained, open_store

from posthouse.core.kernel import ids
from posthouse.testing.fault_check import invariants
from posthouse.testing.fault_load import Load
from posthouse.testing.fault_sink import message_of
from posthouse.testing.smtp_hostile import Fault, HostileServer

SCENES = {
    "dies": {
        "EHLO": Fault(cut=True, times=1),
        "DATA": Fault(cut=True, times=2),
        "BODY": Fault(cut=True, after=50, times=2),
        "store then": Fault(cut=True, times=3),
    },
    "hangs": {
        "greeting": Fault(hang=True, times=1),
        "MAIL": Fault(hang=True, times=1),
        "store then": Fault(hang=True, times=2),
    },
    "421": {
        "greeting": Fault(say=b"421 4.3.2 later\r\n", cut=True, times=1),
        "RCPT": Fault(say=b"421 4.7.0 too many\r\n", cut=True, times=2),
        "END": Fault(say=b"421 4.3.0 going down\r\n", cut=True, times=2),
    },
    "lies": {
        "MAIL": Fault(half=True, times=1),
        "RCPT": Fault(say=b"450 4.2.0 busy\r\n", times=3),
        "DATA": Fault(say=b"250 2.0.0 stored already\r\n", times=1),
        "END": Fault(say=b"what?\r\n", times=2),
    },
}
PATIENCE = ["greeting_timeout=1", "command_timeout=1", "end_timeout=2"]


@pytest.mark.parametrize("scene", SCENES if LONG else ["dies", "lies"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(180)
async def test_a_hostile_server(kind: str, scene: str, make_house: MakeHouse) -> None:
    """Forty messages past each kind of trouble."""
    house = make_house(kind, DISPATCH_RETRY_FIRST_SECONDS="1")
    async with HostileServer(SCENES[scene]) as server:
        house.furnish(server.port, connections=3, relay_settings=PATIENCE)
        house.start("--dispatchers", "1")
        await house.ready()
        load = Load(house.port, house.key, clients=8)
        await load.run(count=40)
        store = await open_store(house)
        await drained(store, 60)
        wire = Counter(message_of(received.content) for received in server.messages)
        assert None not in wire
        accepted = set(load.accepted.values())
        found = await invariants(store, ids.read(ids.WORKSPACE, house.workspace), accepted, wire)
        await store.close()
        assert not found, found[:5]
        assert accepted <= set(wire)
