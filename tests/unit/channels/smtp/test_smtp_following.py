"""A message whose envelope leaves behind the body of another one: faster, and never lost, doubled or taken for the other."""

import asyncio
import contextlib
from collections.abc import Callable

import msgspec
import pytest
from tests.unit.channels.smtp.smtp_kit import BRIEF, Log, outbound, pool, target

from posthouse.channels.email.smtp.options import Limits
from posthouse.core.delivery.outcomes import Accepted, Outcome, Refused, Unknown
from posthouse.testing.smtp_hostile import EXTENSIONS, Fault, HostileServer

ONE = Limits(connections=1)
PATIENT = msgspec.structs.replace(BRIEF, command=5.0, end=5.0)


async def until(condition: Callable[[], bool]) -> None:
    """Waits for it, some seconds at most."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def both(
    faults: dict[str, Fault], *, limits: Limits = ONE, count: int = 2
) -> tuple[list[Outcome], HostileServer, list[Log]]:
    """So many messages at once, in order."""
    logs = [Log() for _ in range(count)]
    async with HostileServer(faults) as server, pool(target(server.port, limits=limits)) as way:
        sending = [
            asyncio.create_task(way.send(outbound(f"{number}@home.example"), log)) for number, log in enumerate(logs)
        ]
        outcomes = [await each for each in sending]
    return outcomes, server, logs


async def test_the_next_envelope_leaves_with_the_body_before_it() -> None:
    """While the answer to the first body is still due, the second message has begun; each has its own outcome."""
    faults = {"END": Fault(wait=1.0, times=1)}
    first, second = Log(), Log()
    async with HostileServer(faults) as server, pool(target(server.port, limits=ONE, timeouts=PATIENT)) as way:
        sending = [asyncio.create_task(way.send(outbound(), log)) for log in (first, second)]
        await until(lambda: first.said == ["begin", "begin", "committed"])
        assert second.said == ["begin"]
        assert server.messages == []
        outcomes = [await each for each in sending]
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert second.said == ["begin", "begin", "committed"]
    assert len(server.messages) == 2


async def test_without_pipelining_nothing_is_sent_ahead() -> None:
    """A server that does not offer it gets one command after the other."""
    second = Log()
    plain = tuple(each for each in EXTENSIONS if each != "PIPELINING")
    async with (
        HostileServer({"END": Fault(wait=0.5, times=1)}, extensions=plain) as server,
        pool(target(server.port, limits=ONE, timeouts=PATIENT)) as way,
    ):
        first = Log()
        sending = [asyncio.create_task(way.send(outbound(), log)) for log in (first, second)]
        await until(lambda: "committed" in first.said)
        assert second.said == []
        await asyncio.gather(*sending)
        assert len(server.messages) == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault(say=b"421 4.3.2 going down\r\n", cut=True, times=1),
        Fault(say=b"554 5.6.0 no such words\r\n", times=1),
        Fault(say=b"451 4.3.0 later\r\n", times=1),
        Fault(cut=True, times=1),
        Fault(half=True, times=1),
        Fault(say=b"HTTP/1.1 400\r\n", times=1),
        Fault(extra=b"250 2.0.0 ok\r\n", times=1),
        Fault(extra=b"550 5.1.1 no such person\r\n", times=1),
        Fault(extra=b"421 4.4.2 bye\r\n", times=1),
    ],
    ids=["421", "5xx", "4xx", "cut", "half", "nonsense", "one too many", "a refusal too many", "a goodbye too many"],
)
async def test_whatever_the_answer_to_the_first_the_second_arrives_once(fault: Fault) -> None:
    """The fate of a message is its own: what was sent ahead is an envelope, and can be sent again."""
    outcomes, server, logs = await both({"END": fault})
    assert isinstance(outcomes[1], Accepted), outcomes
    assert [taken.recipients for taken in server.messages].count(["1@home.example"]) == 1
    assert logs[1].said.count("committed") == 1


async def test_a_server_that_hangs_takes_only_one_message_with_it() -> None:
    """The first is in doubt after its time; the second goes over a new connection."""
    times = msgspec.structs.replace(BRIEF, end=0.3)
    async with (
        HostileServer({"END": Fault(hang=True, times=1)}) as server,
        pool(target(server.port, limits=ONE, timeouts=times)) as way,
    ):
        sending = [asyncio.create_task(way.send(outbound(), Log())) for _ in range(2)]
        outcomes = [await each for each in sending]
    assert [type(outcome) for outcome in outcomes] == [Unknown, Accepted]


async def test_a_refusal_of_the_second_is_its_own() -> None:
    """RCPT refused: the first stays accepted, and a third goes on over the same connection."""
    logs = [Log() for _ in range(3)]
    async with (
        HostileServer({"END": Fault(wait=0.5, times=1)}) as server,
        pool(target(server.port, limits=ONE, timeouts=PATIENT)) as way,
    ):
        sending = [asyncio.create_task(way.send(outbound(), log)) for log in logs]
        await until(lambda: "committed" in logs[0].said)
        server.faults["RCPT"] = Fault(say=b"550 5.1.1 unknown\r\n", times=1)
        outcomes = [await each for each in sending]
    assert [type(outcome) for outcome in outcomes] == [Accepted, Refused, Accepted]
    assert "committed" not in logs[1].said
    assert server.connections == 1


async def test_one_that_nobody_waits_for_any_more_is_not_sent() -> None:
    """Its DATA has left already: the connection goes, the message does not."""
    async with (
        HostileServer({"END": Fault(wait=0.5, times=1)}) as server,
        pool(target(server.port, limits=ONE, timeouts=PATIENT)) as way,
    ):
        logs = [Log() for _ in range(3)]
        sending = [asyncio.create_task(way.send(outbound(f"{n}@home.example"), log)) for n, log in enumerate(logs)]
        await until(lambda: logs[1].said == ["begin"])
        sending[1].cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending[1]
        assert isinstance(await sending[0], Accepted)
        assert isinstance(await sending[2], Accepted)
    assert [taken.recipients for taken in server.messages] == [["0@home.example"], ["2@home.example"]]
    assert server.connections == 2


async def test_a_lost_lease_stops_the_second_before_its_body() -> None:
    """The lease is looked at again when the server is ready for the body."""
    second = Log(lease=1)
    async with HostileServer({}) as server, pool(target(server.port, limits=ONE, timeouts=PATIENT)) as way:
        sending = [asyncio.create_task(way.send(outbound(), log)) for log in (Log(), second)]
        await asyncio.gather(*sending)
    assert second.said == ["begin", "lost"]
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("limits", "connections"), [(Limits(connections=1, messages=2), 3), (Limits(connections=1, rate=50.0), 1)]
)
async def test_limits_hold(limits: Limits, connections: int) -> None:
    """So many messages a connection, so many a second: nothing is sent ahead beyond them."""
    outcomes, server, _ = await both({}, limits=limits, count=5)
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert server.connections == connections
    assert len(server.messages) == 5


@pytest.mark.parametrize("kind", ["urgent", "copies"])
async def test_urgent_ones_and_ones_with_copies_do_not_follow(kind: str) -> None:
    """An urgent one takes the connection that is free first; one with copies asks step by step."""
    made = outbound(urgent=True) if kind == "urgent" else outbound("a@home.example", "b@home.example")
    first, second = Log(), Log()
    async with (
        HostileServer({"DATA": Fault(wait=0.2, times=1), "END": Fault(wait=0.3, times=1)}) as server,
        pool(target(server.port, limits=ONE, timeouts=PATIENT)) as way,
    ):
        sending = [asyncio.create_task(way.send(outbound(), first))]
        await until(lambda: "DATA" in server.commands)
        sending.append(asyncio.create_task(way.send(made, second)))  # waits when the body of the first one leaves
        await until(lambda: "committed" in first.said)
        assert second.said == []
        await asyncio.gather(*sending)
        assert len(server.messages) == 2
