"""How connections are shared, kept, limited and let go."""

import asyncio
import itertools
import time

import msgspec
import pytest
from tests.unit.channels.smtp.smtp_kit import BRIEF, Log, loopback, outbound, pool, target

from posthouse.channels.email.smtp.opening import TlsContexts
from posthouse.channels.email.smtp.options import Limits
from posthouse.channels.email.smtp.pace import Bucket
from posthouse.channels.email.smtp.pool import Pool
from posthouse.core.delivery.outcomes import Accepted, Throttled
from posthouse.testing.smtp_hostile import Fault, HostileServer


async def test_it_grows_only_when_all_are_busy() -> None:
    """One message after the other uses one connection, however many are allowed."""
    async with HostileServer() as server, pool(target(server.port, limits=Limits(connections=10))) as way:
        for _ in range(5):
            await way.send(outbound(), Log())
        assert (server.connections, way.connections, way.idle) == (1, 1, 1)


async def test_it_never_exceeds_its_limit_and_loses_nobody() -> None:
    """Those who find all busy wait their turn."""
    async with (
        HostileServer({"END": Fault(wait=0.005)}) as server,
        pool(target(server.port, limits=Limits(connections=3))) as way,
    ):
        outcomes = await asyncio.gather(*(way.send(outbound(), Log()) for _ in range(50)))
        assert way.connections == 3
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert server.connections == 3
    assert len(server.messages) == 50


async def test_connections_are_counted_up_and_down() -> None:
    """Whoever watches knows at every moment how many are open."""
    changes: list[int] = []
    async with HostileServer() as server:
        way = Pool(target(server.port, limits=Limits(2, 3)), loopback, TlsContexts(), changes.append)
        await asyncio.gather(*(way.send(outbound(), Log()) for _ in range(8)))
        assert sum(changes) == way.connections
        assert max(itertools.accumulate(changes)) == 2
        await way.close()
    assert sum(changes) == 0


async def test_turns_are_fair() -> None:
    """First come, first served."""
    order: list[int] = []
    async with HostileServer() as server, pool(target(server.port, limits=Limits(connections=1))) as way:

        async def send(number: int) -> None:
            await way.send(outbound(), Log())
            order.append(number)

        await asyncio.gather(*(send(number) for number in range(10)))
    assert order == list(range(10))


async def test_the_urgent_go_first() -> None:
    """What is critical does not wait behind what came before it, and stays in order among its like."""
    order: list[str] = []
    async with HostileServer() as server, pool(target(server.port, limits=Limits(connections=1))) as way:

        async def send(name: str, *, urgent: bool = False) -> None:
            await way.send(outbound(urgent=urgent), Log())
            order.append(name)

        calm = [asyncio.ensure_future(send(f"bulk {number}")) for number in range(5)]
        await asyncio.sleep(0)
        await asyncio.gather(*calm, send("code 1", urgent=True), send("code 2", urgent=True))
    assert order == ["code 1", "code 2", "bulk 0", "bulk 1", "bulk 2", "bulk 3", "bulk 4"]


async def test_a_connection_carries_no_more_messages_than_allowed() -> None:
    """Then it says QUIT and another takes over."""
    async with HostileServer() as server, pool(target(server.port, limits=Limits(1, 3))) as way:
        for _ in range(7):
            assert isinstance(await way.send(outbound(), Log()), Accepted)
    assert server.connections == 3
    assert server.commands.count("QUIT") == 3


async def test_what_idles_goes_home_politely() -> None:
    """Idle connections are closed with QUIT, and the next message opens another."""
    patience = msgspec.structs.replace(BRIEF, idle=0.1)
    async with HostileServer() as server, pool(target(server.port, timeouts=patience)) as way:
        await way.send(outbound(), Log())
        await asyncio.sleep(0.7)
        assert way.connections == 0
        assert server.commands[-1] == "QUIT"
        assert isinstance(await way.send(outbound(), Log()), Accepted)


async def test_closing_says_quit_and_does_not_wait_for_ever() -> None:
    """A server that never says goodbye is left after the QUIT timeout."""
    async with HostileServer({"QUIT": Fault(hang=True)}) as server:
        async with pool(target(server.port)) as way:
            await way.send(outbound(), Log())
            began = time.monotonic()
        assert time.monotonic() - began < 1.5
    assert server.commands[-1] == "QUIT"


async def test_closing_lets_a_message_finish() -> None:
    """A graceful stop does not put messages in doubt."""
    async with HostileServer({"END": Fault(wait=0.1)}) as server, pool(target(server.port)) as way:
        sending = asyncio.create_task(way.send(outbound(), Log()))
        await asyncio.sleep(0.05)
        await way.close()
        assert isinstance(await sending, Accepted)


async def test_closing_gives_back_what_still_waits() -> None:
    """Nobody hangs, and it costs no attempt; what comes afterwards hears the same."""
    async with (
        HostileServer({"END": Fault(wait=0.1)}) as server,
        pool(target(server.port, limits=Limits(connections=1))) as way,
    ):
        sending = [asyncio.create_task(way.send(outbound(), Log())) for _ in range(4)]
        await asyncio.sleep(0.05)
        await way.close()
        outcomes = [await each for each in sending]
        late = await way.send(outbound(), Log())
    # The second one's envelope had left behind the first one's body: it is under way.
    assert [type(outcome) for outcome in (*outcomes, late)] == [Accepted, Accepted, Throttled, Throttled, Throttled]
    assert len(server.messages) == 2


class Broken(Log):
    """A flight with a defect."""

    def may_begin(self) -> bool:
        raise RuntimeError("defect")


async def test_a_defect_of_ours_hits_its_own_message_only() -> None:
    """The exception reaches whoever sent it; the others go on."""
    async with HostileServer() as server, pool(target(server.port)) as way:
        bad, good = await asyncio.gather(
            way.send(outbound(), Broken()), way.send(outbound(), Log()), return_exceptions=True
        )
    assert isinstance(bad, RuntimeError)
    assert isinstance(good, Accepted)


async def test_a_defect_while_opening_does_not_leave_anybody_waiting() -> None:
    """Whatever goes wrong in the lookup of addresses, the sender hears of it."""

    async def broken() -> list[str]:
        raise RuntimeError("defect")

    way = Pool(target(1), broken, TlsContexts())
    with pytest.raises(RuntimeError):
        await way.send(outbound(), Log())
    await way.close()


async def test_the_rate_is_kept() -> None:
    """With 50 a second, 15 messages (5 at once) take at least a fifth of a second."""
    async with HostileServer() as server, pool(target(server.port, limits=Limits(3, 0, 50))) as way:
        began = time.monotonic()
        await asyncio.gather(*(way.send(outbound(), Log()) for _ in range(15)))
        assert 0.19 <= time.monotonic() - began < 1
    assert len(server.messages) == 15


def test_a_bucket_lets_the_rate_pass_and_no_more() -> None:
    """Over ten seconds of constant asking, exactly the rate and the first burst get through."""
    bucket, passed = Bucket(20), 0
    for step in range(10_000):
        passed += bucket.take(step / 1000) == 0
    assert passed == 2 + 199


def test_a_bucket_says_how_long_to_wait() -> None:
    """Waiting exactly that long is enough."""
    bucket = Bucket(4)
    assert bucket.take(0) == 0
    wait = bucket.take(0)
    assert wait == 0.25
    assert bucket.take(wait) == 0


async def test_two_hundred_senders_need_no_task_for_each_message() -> None:
    """The client itself makes tasks for connections only."""
    async with HostileServer() as server, pool(target(server.port, limits=Limits(connections=2))) as way:
        await way.send(outbound(), Log())
        before = asyncio.all_tasks()
        made: list[str] = []
        loop = asyncio.get_running_loop()
        loop.set_task_factory(lambda loop, coroutine, **more: made.append(str(coroutine)) or asyncio.Task(
            coroutine, loop=loop, **more
        ))  # fmt: skip
        for _ in range(20):
            await way.send(outbound(), Log())
        loop.set_task_factory(None)
        assert made == []
        assert asyncio.all_tasks() == before
