"""The process that tells webhooks, killed between a receiver's answer and our record of it."""

import asyncio
import os
import signal
import time

import httpx
import pytest
from standardwebhooks import Webhook
from tests.faults.conftest import MakeHouse
from tests.faults.kit import KINDS, LONG, tell

from posthouse.testing.fault_sink import FaultSink
from posthouse.testing.webhook_receiver import Answer, Received, Receiver

MESSAGES = 10
KILLS = (3, 8, 12) if LONG else (3,)
"""At which request; each costs the time of a lease."""
MESSAGE = {"from": "shop@shop.example", "to": "ann@person.example", "subject": "Hello", "text": "Hello"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.timeout(300)
async def test_a_teller_killed_before_its_record_tells_again_and_loses_nothing(
    kind: str, make_house: MakeHouse
) -> None:
    """kill -9 as soon as the receiver has answered: every event comes, what comes twice has the same id and body."""
    house = make_house(kind, WEBHOOKS_ALLOW_NETWORKS="127.0.0.0/8")
    async with FaultSink() as sink, Receiver() as receiver:
        house.furnish(sink.port)
        database = ["--database", house.database] if house.database else []
        secret = house.command("webhooks", "add", "shop", "--url", receiver.url, *database)["secret"]
        killed: list[float] = []

        def judge(_: Received) -> Answer:
            due = len(killed) < len(KILLS) and len(receiver.received) >= KILLS[len(killed)]
            if due and (teller := house.children().get("scheduler-0")):  # None: the next one is not there yet
                os.kill(teller, signal.SIGKILL)
                killed.append(time.monotonic())
            return Answer()

        receiver.judge = judge
        house.start("--dispatchers", "1")
        await house.ready()
        async with _client(house.port, house.key) as client:
            for _ in range(MESSAGES):
                assert (await client.post("/v1/messages", json=MESSAGE)).status_code == 202
                await asyncio.sleep(0.1)
            wanted = await _all_events(client)
            await _until(lambda: {one.id for one in receiver.received} >= set(wanted), 90.0)
        again = len(receiver.received) - len({one.id for one in receiver.received})
        bodies: dict[str, bytes] = {}
        for one in receiver.received:
            Webhook(secret).verify(one.body, one.headers)
            assert bodies.setdefault(one.id, one.body) == one.body
        assert len(killed) == len(KILLS)
        tell(f"kill -9 of the teller on {kind}", events=len(wanted), told_again=again)
        await house.stop()


async def _all_events(client: httpx.AsyncClient) -> list[str]:
    """The ids of all events, once every message was sent."""
    end = time.monotonic() + 60
    while True:
        page = (await client.get("/v1/events?limit=200")).json()
        if sum(item["type"] == "message.sent" for item in page["items"]) == MESSAGES and not page["more"]:
            return [item["id"] for item in page["items"]]
        assert time.monotonic() < end
        await asyncio.sleep(0.2)


async def _until(wanted, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not wanted():
        assert time.monotonic() < end, "not everything was told"
        await asyncio.sleep(0.1)


def _client(port: int, key: str) -> httpx.AsyncClient:
    headers = {"authorization": f"Bearer {key}"}
    return httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, timeout=30)


@pytest.mark.timeout(200)
async def test_live_streams_do_not_hold_up_a_stop(make_house: MakeHouse) -> None:
    """A client that follows hears what happens within a second, and is let go at once when the house stops."""
    house = make_house("sqlite")
    async with FaultSink() as sink:
        house.furnish(sink.port)
        house.start("--dispatchers", "1")
        await house.ready()
        async with _client(house.port, house.key) as client, client.stream("GET", "/v1/events/stream") as live:
            lines = live.aiter_lines()
            assert await anext(lines) == "retry: 2000"
            began = time.monotonic()
            assert (await client.post("/v1/messages", json=MESSAGE)).status_code == 202
            async with asyncio.timeout(20):
                while await anext(lines) != "event: message.accepted":
                    pass
            heard = time.monotonic() - began
            took = await house.stop()
            async with asyncio.timeout(10):
                async for _ in lines:
                    pass
        tell("live stream", heard_seconds=heard, stop_seconds=took)
        assert took < 15
