"""The one table: (place, fault) → outcome, against a server that misbehaves exactly there."""

import asyncio

import pytest
from tests.unit.channels.smtp.smtp_kit import Log, outbound, pool, target

from posthouse.channels.email.smtp.options import Credentials, Limits, Security
from posthouse.core.delivery.outcomes import Accepted, Deferred, Outcome, Refused, Scope, Throttled, Unknown
from posthouse.testing.smtp_hostile import EXTENSIONS, Fault, HostileServer
from posthouse.testing.smtp_tls import make_certificate

CERTIFICATE = make_certificate()

SOFT = Fault(say=b"451 4.0.0 some trouble\r\n")
HARD = Fault(say=b"554 5.0.0 no\r\n")
MANY = Fault(say=b"550-5.7.0 first line\r\n550-5.7.0 second line\r\n550 5.7.0 third line\r\n")
BYE = Fault(say=b"421 4.3.2 going down\r\n", cut=True)
BUSY = Fault(say=b"421 4.7.0 too many connections\r\n", cut=True)
RATE = Fault(say=b"451 4.7.1 rate limit exceeded, try again later\r\n")
BLOCKED = Fault(say=b"554 5.7.1 blocked using zen.spamhaus.org\r\n")
CUT = Fault(cut=True)
HALF = Fault(half=True)
HANG = Fault(hang=True)
NONSENSE = Fault(say=b"HTTP/1.1 400 Bad Request\r\n")
ENDLESS = Fault(say=b"250 " + b"x" * 20_000 + b"\r\n")
TWO_CODES = Fault(say=b"250-one\r\n550 two\r\n")
WRONG = Fault(say=b"334 go on\r\n")

FAULTS = {
    "4xx": SOFT, "5xx": HARD, "5xx in lines": MANY, "421": BYE, "421 busy": BUSY, "rate": RATE, "blocked": BLOCKED,
    "cut": CUT, "half": HALF, "hang": HANG, "nonsense": NONSENSE, "endless": ENDLESS, "two codes": TWO_CODES, "3xx": WRONG,
}  # fmt: skip

DP = (Deferred, Scope.PROVIDER)
DR = (Deferred, Scope.RECIPIENT)
RP = (Refused, Scope.PROVIDER)
RR = (Refused, Scope.RECIPIENT)
TH = (Throttled, Scope.PROVIDER)
UN = (Unknown, None)

COLUMNS = tuple(FAULTS)
TABLE = {
    #             4xx 5xx 5xx* 421 busy rate blck cut half hang nons endl two 3xx
    "greeting":  (DP, RP, RP,  DP, TH,  TH,  RP,  DP, DP,  DP,  DP,  DP,  DP, DP),
    "EHLO":      (DP, RP, RP,  DP, TH,  TH,  RP,  DP, DP,  DP,  DP,  DP,  DP, DP),
    "STARTTLS":  (DP, RP, RP,  DP, TH,  TH,  RP,  DP, DP,  DP,  DP,  DP,  DP, DP),
    "AUTH":      (DP, RP, RP,  DP, TH,  TH,  RP,  DP, DP,  DP,  DP,  DP,  DP, DP),
    "MAIL":      (DP, RP, RP,  DP, TH,  TH,  RP,  DP, DP,  DP,  DP,  DP,  DP, DP),
    "RCPT":      (DR, RR, RR,  DP, TH,  TH,  RP,  DP, DP,  DP,  DP,  DP,  DP, DP),
    "DATA":      (DR, RR, RR,  DP, TH,  TH,  RP,  DP, DP,  DP,  DP,  DP,  DP, DP),
    "END":       (DR, RR, RR,  DP, TH,  TH,  RP,  UN, UN,  UN,  UN,  UN,  UN, UN),
}  # fmt: skip

CASES = [(place, COLUMNS[n], expected) for place, row in TABLE.items() for n, expected in enumerate(row)]
PLAIN_WALK = tuple(each for each in EXTENSIONS if each != "PIPELINING")


def verdict(outcome: Outcome) -> tuple[type, Scope | None]:
    return type(outcome), getattr(outcome, "scope", None)


@pytest.mark.parametrize("extensions", [EXTENSIONS, PLAIN_WALK], ids=["pipelined", "one by one"])
@pytest.mark.parametrize(("place", "fault", "expected"), CASES, ids=[f"{place}-{fault}" for place, fault, _ in CASES])
async def test_every_fault_at_every_place_has_its_outcome(
    place: str, fault: str, expected: tuple[type, Scope | None], extensions: tuple[str, ...]
) -> None:
    """Whatever a server does, the outcome is honest: in doubt exactly when the final dot had left without an answer."""
    log = Log()
    tls = CERTIFICATE.context() if place == "STARTTLS" else None
    users = {"ann": "secret"} if place == "AUTH" else None
    server = HostileServer({place: FAULTS[fault]}, extensions=extensions, tls=tls, users=users)
    async with server:
        where = target(
            server.port,
            security=Security.STARTTLS if tls else Security.NONE,
            credentials=Credentials("ann", "secret") if users else None,
        )
        async with pool(where) as way:
            outcome = await asyncio.wait_for(way.send(outbound(), log), 5)
    assert verdict(outcome) == expected, outcome
    assert ("committed" in log.said) == (place == "END")
    assert server.messages == []
    if fault not in {"cut", "half", "hang", "nonsense", "endless", "two codes", "3xx"}:
        assert isinstance(outcome, Deferred | Refused | Throttled)
        assert outcome.code == int(FAULTS[fault].say[:3])
        assert outcome.text
        assert outcome.remote == f"localhost[127.0.0.1]:{server.port}"


@pytest.mark.parametrize("place", [place for place in TABLE if place not in {"STARTTLS", "AUTH"}])
async def test_a_server_that_speaks_byte_by_byte_is_understood(place: str) -> None:
    """Replies may arrive in any pieces."""
    async with HostileServer({place: Fault(drip=0.001)}) as server, pool(target(server.port)) as way:
        assert isinstance(await way.send(outbound(), Log()), Accepted)
    assert len(server.messages) == 1


async def test_a_multi_line_answer_keeps_the_servers_own_words() -> None:
    """The remote's words reach the timeline on one line, with the enhanced code apart."""
    async with HostileServer({"RCPT": MANY}) as server, pool(target(server.port)) as way:
        outcome = await way.send(outbound(), Log())
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.enhanced) == (550, "5.7.0")
    assert outcome.text == "first line second line third line"


@pytest.mark.parametrize("place", ["RSET", "MAIL", "RCPT", "DATA"])
async def test_an_answer_too_many_ends_the_connection_but_never_passes_for_acceptance(place: str) -> None:
    """A reply that nobody asked for shifts all that follow: it must not become the 250 of a message."""
    faults = {place: Fault(extra=b"250 2.0.0 ok\r\n", times=1), "END": HARD}
    async with HostileServer(faults) as server, pool(target(server.port)) as way:
        if place == "RSET":
            server.faults["DATA"] = Fault(say=b"451 4.0.0 later\r\n", times=1)
            await way.send(outbound(), Log())
        outcome = await way.send(outbound(), Log())
    assert not isinstance(outcome, Accepted)
    assert server.messages == []


@pytest.mark.parametrize(("say", "kind"), [(b"552 5.3.4 too big\r\n", Refused), (b"452 4.3.1 full\r\n", Deferred)])
async def test_an_answer_before_the_end_of_data_stops_the_message(say: bytes, kind: type) -> None:
    """A large message is stopped before its final dot, so that it can be sent elsewhere without doubt."""
    content = (b"x" * 70 + b"\r\n") * 400_000
    log = Log()
    async with (
        HostileServer({"BODY": Fault(say=say, after=1000)}, extensions=("PIPELINING",)) as server,
        pool(target(server.port)) as way,
    ):
        outcome = await way.send(outbound(content=content), log)
    assert isinstance(outcome, kind)
    assert log.said == ["begin", "begin"]
    assert server.messages == []


async def test_a_250_before_the_message_is_a_lie() -> None:
    """A server that accepts what it has not got is not believed."""
    content = (b"x" * 70 + b"\r\n") * 400_000
    async with (
        HostileServer({"BODY": Fault(say=b"250 ok\r\n", after=1)}, extensions=("PIPELINING",)) as server,
        pool(target(server.port)) as way,
    ):
        assert verdict(await way.send(outbound(content=content), Log())) == DP


async def test_a_large_message_that_gets_stuck_is_deferred_not_in_doubt() -> None:
    """As long as the final dot has not left, nothing is in doubt, however many bytes have."""
    content = (b"x" * 70 + b"\r\n") * 400_000
    log = Log()
    async with (
        HostileServer({"BODY": Fault(hang=True, after=1)}, extensions=("PIPELINING",)) as server,
        pool(target(server.port)) as way,
    ):
        assert verdict(await way.send(outbound(content=content), log)) == DP
    assert "committed" not in log.said


async def test_a_large_message_arrives_whole() -> None:
    """Beyond one write the final dot follows when the content is out."""
    content = b"".join(b"%07d" % n + b"x" * 60 + b"\r\n" for n in range(60_000))
    log = Log()
    async with HostileServer() as server, pool(target(server.port)) as way:
        assert isinstance(await way.send(outbound(content=content), log), Accepted)
    assert server.messages[0].content == content
    assert log.said == ["begin", "begin", "committed"]


async def test_a_server_that_lies_is_believed_because_nobody_could_know() -> None:
    """250 and then forgotten: the protocol has no answer to that."""
    lie = Fault(say=b"250 2.0.0 ok: queued as LIE1\r\n")
    async with HostileServer({"END": lie}) as server, pool(target(server.port)) as way:
        outcome = await way.send(outbound(), Log())
    assert isinstance(outcome, Accepted)
    assert outcome.remote_id == "LIE1"


async def test_a_reused_connection_that_is_dead_is_replaced_silently() -> None:
    """An idle connection that the server closed at the very moment we used it costs nobody an attempt."""
    async with HostileServer() as server, pool(target(server.port)) as way:
        assert isinstance(await way.send(outbound(), Log()), Accepted)
        server.faults["MAIL"] = Fault(cut=True, times=1)
        log = Log()
        assert isinstance(await way.send(outbound(), log), Accepted)
        assert server.connections == 2
        assert log.said == ["begin", "begin", "begin", "committed"]


async def test_a_connection_that_breaks_after_it_answered_is_not_replaced() -> None:
    """Once the server has dealt with a message, its failure counts."""
    async with HostileServer(extensions=PLAIN_WALK) as server, pool(target(server.port)) as way:
        await way.send(outbound(), Log())
        server.faults["RCPT"] = Fault(cut=True, times=1)
        assert verdict(await way.send(outbound(), Log())) == DP
        assert server.connections == 1


async def test_an_answer_too_many_does_not_reach_the_message_behind() -> None:
    """What follows the 250 of a message unasked costs the connection, not the next message."""
    faults = {"END": Fault(extra=b"250 2.0.0 ok\r\n", times=1)}
    async with HostileServer(faults) as server, pool(target(server.port, limits=Limits(connections=1))) as way:
        outcomes = await asyncio.gather(*(way.send(outbound(), Log()) for _ in range(3)))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes
    assert (server.connections, len(server.messages)) == (2, 3)


async def test_it_is_replaced_only_once() -> None:
    """A server that always hangs up is down, not stale."""
    async with HostileServer() as server, pool(target(server.port)) as way:
        await way.send(outbound(), Log())
        server.faults["MAIL"] = CUT
        assert verdict(await way.send(outbound(), Log())) == DP
        assert server.connections == 2


async def test_a_421_on_a_reused_connection_means_a_new_one() -> None:
    """Servers say goodbye after so many messages or so much time: that is not the next message's fault."""
    async with HostileServer() as server, pool(target(server.port)) as way:
        await way.send(outbound(), Log())
        server.faults["MAIL"] = Fault(say=b"421 4.4.2 timeout\r\n", cut=True, times=1)
        assert isinstance(await way.send(outbound(), Log()), Accepted)


async def test_after_a_timeout_nothing_is_tried_again_at_once() -> None:
    """A reused connection that hangs is deferred: the next one would hang as well."""
    async with HostileServer() as server, pool(target(server.port)) as way:
        await way.send(outbound(), Log())
        server.faults["MAIL"] = Fault(hang=True)
        assert verdict(await way.send(outbound(), Log())) == DP
        assert server.connections == 1


@pytest.mark.parametrize("extensions", [EXTENSIONS, PLAIN_WALK], ids=["pipelined", "one by one"])
async def test_a_refused_person_leaves_the_connection_usable(extensions: tuple[str, ...]) -> None:
    """RSET comes only when a transaction stayed open, and travels with the next message."""
    async with (
        HostileServer({"RCPT": Fault(say=b"550 5.1.1 no such user\r\n", times=1)}, extensions=extensions) as server,
        pool(target(server.port)) as way,
    ):
        assert verdict(await way.send(outbound(), Log())) == RR
        assert isinstance(await way.send(outbound(), Log()), Accepted)
        assert isinstance(await way.send(outbound(), Log()), Accepted)
    assert server.connections == 1
    assert server.commands.count("RSET") == 1


async def test_data_taken_without_any_recipient_gets_a_lone_dot() -> None:
    """RFC 2920 §3.1: a server may say 354 although it refused everybody; then nothing but the dot may follow."""
    faults = {"RCPT": Fault(say=b"550 5.1.1 no such user\r\n", times=1), "DATA without RCPT": Fault()}
    log = Log()
    async with HostileServer(faults) as server, pool(target(server.port)) as way:
        assert verdict(await way.send(outbound(), log)) == RR
        assert log.said == ["begin"]
        assert isinstance(await way.send(outbound(), Log()), Accepted)
    assert "0 bytes for nobody" in server.commands
    assert server.connections == 1
    assert len(server.messages) == 1


async def test_a_refused_copy_does_not_keep_the_person_waiting() -> None:
    """The message goes to those who were taken, and the timeline names the others."""
    faults = {"COPY": Fault(say=b"550 5.1.1 unknown\r\n")}
    async with HostileServer(faults) as server, pool(target(server.port)) as way:
        outcome = await way.send(outbound("ann@home.example", "boss@work.example"), Log())
    assert isinstance(outcome, Accepted)
    assert [(copy.recipient, copy.code, copy.enhanced) for copy in outcome.refused_copies] == [
        ("boss@work.example", 550, "5.1.1")
    ]
    assert server.messages[0].recipients == ["ann@home.example"]


async def test_copies_never_get_what_the_person_was_refused() -> None:
    """If the person is refused, the message goes nowhere, and the connection lives on."""
    faults = {"RCPT": Fault(say=b"550 5.1.1 no such user\r\n", times=1), "COPY": Fault()}
    async with HostileServer(faults) as server, pool(target(server.port)) as way:
        outcome = await way.send(outbound("ann@home.example", "boss@work.example"), Log())
        assert verdict(outcome) == RR
        assert "DATA" not in server.commands
        assert isinstance(await way.send(outbound(), Log()), Accepted)
    assert server.connections == 1
    assert [message.recipients for message in server.messages] == [["ann@home.example"]]


async def test_without_the_lease_nothing_begins() -> None:
    """A message that another process holds by now does not even get its MAIL."""
    async with HostileServer() as server, pool(target(server.port)) as way:
        outcome = await way.send(outbound(), Log(lease=0))
        assert isinstance(outcome, Deferred)
        assert "lease lost" in outcome.text
        assert isinstance(await way.send(outbound(), Log()), Accepted)
    assert len([command for command in server.commands if command.startswith("MAIL")]) == 1


async def test_a_lease_lost_between_envelope_and_body_stops_the_message() -> None:
    """A process stopped by SIGSTOP between DATA and the body must not go on when it wakes up."""
    log = Log(lease=1)
    async with HostileServer() as server, pool(target(server.port)) as way:
        outcome = await way.send(outbound(), log)
        assert isinstance(outcome, Deferred)
        assert "lease lost" in outcome.text
        await asyncio.sleep(0.05)
    assert log.said == ["begin", "lost"]
    assert server.messages == []


async def test_a_server_that_refuses_a_second_connection_gets_by_with_one() -> None:
    """421 to a further connection, while others work, is no failure of any message."""
    async with (
        HostileServer({"END": Fault(wait=0.02)}) as server,
        pool(target(server.port, limits=Limits(connections=5))) as way,
    ):
        await way.send(outbound(), Log())
        server.faults["greeting"] = BUSY
        outcomes = await asyncio.gather(*(way.send(outbound(), Log()) for _ in range(8)))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes), outcomes


async def test_a_cancelled_send_stops_the_message_unless_the_dot_has_left() -> None:
    """When we are told to stop, a half-sent message is cut off; what is sent is sent."""
    for place, stored in (("RCPT", 0), ("END", 1)):
        log = Log()
        async with HostileServer({place: Fault(wait=0.1)}) as server, pool(target(server.port)) as way:
            sending = asyncio.create_task(way.send(outbound(), log))
            await asyncio.sleep(0.05)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            await asyncio.sleep(0.2)
            assert len(server.messages) == stored
            server.faults.clear()
            assert isinstance(await way.send(outbound(), Log()), Accepted)


async def test_nobody_listening_is_a_failing_provider() -> None:
    """No connection: the next provider of the route should try."""
    async with HostileServer() as server:
        port = server.port
    async with pool(target(port)) as way:
        outcome = await way.send(outbound(), Log())
    assert verdict(outcome) == DP
    assert "cannot connect" in outcome.text
