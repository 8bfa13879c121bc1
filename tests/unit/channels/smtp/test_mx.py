"""Direct delivery: which hosts, in what order, and whose fault it is when it fails."""

import asyncio
import ipaddress
import random
from collections.abc import Callable, Sequence
from typing import Any

import dns.resolver
import pytest
from tests.unit.channels.smtp.smtp_kit import Log, outbound

from posthouse.channels.email.providers import PROVIDERS, ProviderContext
from posthouse.channels.email.providers.context import MailHost
from posthouse.channels.email.providers.mx.destinations import CUT_OFF
from posthouse.channels.email.providers.mx.resolver import DnsResolver, LookupFailedError, NoSuchDomainError
from posthouse.channels.email.providers.mx.routing import hosts_for, usable
from posthouse.channels.email.providers.mx.send import MxProvider
from posthouse.channels.reach import is_public
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.outcomes import Accepted, Deferred, Refused, Scope, Throttled
from posthouse.core.kernel.clock import MINUTE
from posthouse.testing.smtp_hostile import Fault, HostileServer


class NameBook:
    """A domain name system on paper: MX by domain, addresses by host (loopback when not said)."""

    def __init__(self, mx: dict[str, Any], addresses: dict[str, Any] | None = None) -> None:
        self.mx = mx
        self.known = addresses or {}
        self.asked: list[str] = []

    async def mail_hosts(self, domain: str) -> Sequence[MailHost]:
        self.asked.append(domain)
        found = self.mx.get(domain, NoSuchDomainError(f"there is no domain {domain}"))
        if isinstance(found, Exception):
            raise found
        return [MailHost(*each) for each in found]

    async def addresses(self, host: str) -> Sequence[str]:
        found = self.known.get(host, ["127.0.0.1"])
        if isinstance(found, Exception):
            raise found
        return found


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.at = 1_000_000

    def now(self) -> int:
        return self.at

    def monotonic(self) -> int:
        return self.at


def provider(book: NameBook, port: int = 25, clock: HandClock | None = None, **settings: Any) -> MxProvider:
    context = ProviderContext(
        clock=clock or HandClock(), hostname="client.example", resolver=book, chance=random.Random(1)
    )
    given = {"allow_private": True, "port": port, "tls": "none", "connect_timeout": 2} | settings
    row = ProviderRow(b"p" * 16, b"w" * 16, "mx", PROVIDERS["mx"].channel, "mx", given, 0)
    made = PROVIDERS["mx"].create(row, {}, context)
    assert isinstance(made, MxProvider)
    return made


HOME = {"home.example": [(10, "mx.home.example")]}


async def test_what_is_accepted_is_delivered() -> None:
    """The person's own server took it: there is nothing further to hope for."""
    async with HostileServer() as server:
        way = provider(NameBook(HOME), server.port)
        outcome = await way.send(outbound(), Log())
        await way.close()
    assert isinstance(outcome, Accepted)
    assert outcome.delivered
    assert outcome.remote == f"mx.home.example[127.0.0.1]:{server.port}"


@pytest.mark.parametrize(
    ("records", "kind", "code", "enhanced"),
    [
        ([(0, "")], Refused, 556, "5.1.10"),
        (NoSuchDomainError("there is no domain home.example"), Refused, 0, "5.1.2"),
        (LookupFailedError("SERVFAIL"), Deferred, 0, "4.4.3"),
    ],
    ids=["null MX", "NXDOMAIN", "SERVFAIL"],
)
async def test_what_the_domain_name_system_says_decides(records: Any, kind: type, code: int, enhanced: str) -> None:
    """A domain without mail is refused for good, one that cannot be looked up is tried later."""
    outcome = await provider(NameBook({"home.example": records})).send(outbound(), Log())
    assert isinstance(outcome, kind)
    assert isinstance(outcome, Refused | Deferred)
    assert (outcome.code, outcome.enhanced, outcome.scope) == (code, enhanced, Scope.RECIPIENT)


async def test_a_domain_without_mx_is_its_own_host() -> None:
    """RFC 5321 §5.1: the address record counts as an implicit MX; without one there is no mail."""
    async with HostileServer() as server:
        way = provider(NameBook({"home.example": []}), server.port)
        assert isinstance(await way.send(outbound(), Log()), Accepted)
        await way.close()
    outcome = await provider(NameBook({"home.example": []}, {"home.example": []})).send(outbound(), Log())
    assert isinstance(outcome, Refused)
    assert outcome.enhanced == "5.1.2"


async def test_the_next_host_is_tried_when_the_first_is_down() -> None:
    """And for a while the first is left alone."""
    book = NameBook(
        {"home.example": [(10, "down.example"), (20, "up.example")]}, {"down.example": LookupFailedError("timeout")}
    )
    async with HostileServer() as server:
        way = provider(book, server.port)
        outcomes = [await way.send(outbound(), Log()) for _ in range(2)]
        await way.close()
    assert all(isinstance(outcome, Accepted) and "up.example" in outcome.remote for outcome in outcomes)


async def test_a_host_that_hangs_up_at_the_greeting_is_down() -> None:
    """554 or 421 at the greeting: the next host of the domain may be friendlier."""
    book = NameBook({"home.example": [(10, "a.example"), (20, "b.example")]})
    async with HostileServer({"greeting": Fault(say=b"554 5.3.2 not today\r\n", times=1)}) as server:
        way = provider(book, server.port)
        outcome = await way.send(outbound(), Log())
        await way.close()
    assert isinstance(outcome, Accepted)
    assert outcome.remote.startswith("b.example")


async def test_a_down_host_is_not_asked_again_at_once() -> None:
    """Many messages for a dead domain do not each wait for the timeout; after half a minute one looks again."""
    clock = HandClock()
    async with HostileServer({"greeting": Fault(cut=True, times=1)}) as server:
        way = provider(NameBook(HOME), server.port, clock)
        for _ in range(3):
            assert isinstance(await way.send(outbound(), Log()), Deferred)
        assert server.connections == 1
        clock.at += 31_000_000
        assert isinstance(await way.send(outbound(), Log()), Accepted)
        await way.close()


async def test_private_addresses_are_never_connected_to() -> None:
    """Whoever owns a domain must not make us talk to our own inner servers."""
    async with HostileServer() as server:
        way = provider(NameBook(HOME), server.port, allow_private=False)
        outcome = await way.send(outbound(), Log())
        await way.close()
    assert isinstance(outcome, Deferred)
    assert "private" in outcome.text
    assert server.connections == 0


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2001:4860:4860::8888", True), ("127.0.0.1", False), ("10.1.2.3", False), ("169.254.169.254", False),
     ("100.64.0.1", False), ("0.0.0.0", False), ("224.0.0.1", False), ("::1", False), ("fe80::1", False), ("fd00::1", False),
     ("::ffff:127.0.0.1", False), ("::ffff:10.0.0.1", False), ("2002:7f00:1::", False), ("64:ff9b::7f00:1", False),
     ("64:ff9b::808:808", True), ("64:ff9b:1::808:808", False), ("fec0::1", False), ("::127.0.0.1", False), ("::ffff:0:127.0.0.1", False),
     ("5f00::1", False), ("3fff::1", False), ("2001:db8::1", False), ("2001:4860::5efe:10.0.0.1", False),
     ("2001:4860::200:5efe:8.8.8.8", True), ("2002:808:808::", True)],
)  # fmt: skip
def test_public_is_public_in_every_spelling(address: str, public: bool) -> None:
    """IPv4 inside IPv6 does not help a loopback address out."""
    assert is_public(ipaddress.ip_address(address)) is public


def test_the_preferred_kind_of_address_comes_first() -> None:
    """And the other one is still tried."""
    both = ["2001:4860:4860::8888", "8.8.8.8"]
    assert usable(both, "ipv4", private=False) == ["8.8.8.8", "2001:4860:4860::8888"]
    assert usable(both, "ipv6", private=False) == ["2001:4860:4860::8888", "8.8.8.8"]


async def test_hosts_come_by_preference_at_random_among_equals_with_idle_connections_first() -> None:
    """RFC 5321 §5.1 on order; a kept connection is worth more than chance."""
    book = NameBook({"d.example": [(20, "z"), (10, "a"), (10, "b"), (10, "c")]})
    orders = {tuple(await hosts_for("d.example", book, random.Random(seed), lambda _: False)) for seed in range(60)}
    assert {order[3] for order in orders} == {"z"}
    assert len(orders) == 6
    idle: Callable[[str], bool] = lambda host: host == "c"  # noqa: E731
    assert (await hosts_for("d.example", book, random.Random(1), idle))[0] == "c"


async def test_a_pause_is_one_domains_affair() -> None:
    """A busy domain waits, without connections and without costing attempts; others go on."""
    clock = HandClock()
    book = NameBook(HOME | {"work.example": [(10, "mx.work.example")]})
    rate = {"RCPT": Fault(say=b"451 4.7.1 rate limit exceeded\r\n", times=1)}
    async with HostileServer(rate) as server:
        way = provider(book, server.port, clock)
        first = await way.send(outbound(), Log())
        second = await way.send(outbound(), Log())
        elsewhere = await way.send(outbound("bob@work.example"), Log())
        clock.at += 5 * MINUTE
        later = await way.send(outbound(), Log())
        await way.close()
    assert isinstance(first, Deferred)
    assert (first.scope, first.retry_after) == (Scope.RECIPIENT, 5 * MINUTE)
    assert isinstance(second, Throttled)
    assert (second.scope, second.pause) == (Scope.RECIPIENT, 5 * MINUTE)
    assert isinstance(elsewhere, Accepted)
    assert isinstance(later, Accepted)


async def test_copies_on_other_domains_go_their_own_way() -> None:
    """The person decides the outcome; a copy that could not go is named."""
    book = NameBook(HOME | {"work.example": [(10, "mx.work.example")]})
    async with HostileServer() as server:
        way = provider(book, server.port)
        outcome = await way.send(outbound("ann@home.example", "bob@work.example", "eve@gone.example"), Log())
        await way.close()
    assert isinstance(outcome, Accepted)
    assert [message.recipients for message in server.messages] == [["ann@home.example"], ["bob@work.example"]]
    assert [copy.recipient for copy in outcome.refused_copies] == ["eve@gone.example"]


async def test_no_copy_leaves_when_the_person_was_refused() -> None:
    """The person's domain comes first."""
    book = NameBook({"work.example": [(10, "mx.work.example")]})
    async with HostileServer() as server:
        way = provider(book, server.port)
        assert isinstance(await way.send(outbound("ann@gone.example", "bob@work.example"), Log()), Refused)
        await way.close()
    assert server.connections == 0


async def test_a_domain_gets_no_more_connections_than_allowed() -> None:
    """Whatever the number of its hosts."""
    book = NameBook({"home.example": [(10, "a.example"), (10, "b.example"), (10, "c.example")]})
    async with HostileServer({"END": Fault(wait=0.01)}) as server:
        way = provider(book, server.port, max_connections_per_domain=2)
        outcomes = await asyncio.gather(*(way.send(outbound(), Log()) for _ in range(12)))
        busy = sum(pool.connections for pool in way._pools.values())
        await way.close()
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert busy <= 2 * 3
    assert server.peak <= 2


async def test_one_domain_out_of_reach_is_its_own_trouble_but_many_are_ours() -> None:
    """When nothing answers any more, the next provider of the route should try."""
    book = NameBook({f"d{n}.example": [(10, f"mx{n}.example")] for n in range(CUT_OFF)})
    async with HostileServer({"greeting": Fault(cut=True)}) as server:
        way = provider(book, server.port)
        outcomes = [await way.send(outbound(f"ann@d{n}.example"), Log()) for n in range(CUT_OFF)]
        await way.close()
    scopes = [outcome.scope for outcome in outcomes if isinstance(outcome, Deferred)]
    assert scopes == [Scope.RECIPIENT] * (CUT_OFF - 1) + [Scope.PROVIDER]


async def test_an_unproved_domain_does_not_reach_the_world() -> None:
    """Manual verification is for loopback providers only."""
    outcome = await provider(NameBook(HOME)).send(outbound(manual_domain=True), Log())
    assert isinstance(outcome, Refused)
    assert "not proved" in outcome.text


class Answers:
    """A dnspython resolver that answers from a script and counts."""

    def __init__(self, *script: Any) -> None:
        self.script = list(script)
        self.asked = 0

    async def resolve(self, *_: Any, **__: Any) -> Any:
        self.asked += 1
        raise self.script.pop(0)


async def test_no_such_domain_is_remembered_and_failure_is_not() -> None:
    """Five minutes for NXDOMAIN; a failed lookup is asked again at once."""
    now = [0.0]
    answers = Answers(dns.resolver.LifetimeTimeout(timeout=1, errors=[]), *[dns.resolver.NXDOMAIN()] * 2)
    resolver = DnsResolver(answers, lambda: now[0])  # type: ignore[arg-type]
    with pytest.raises(LookupFailedError):
        await resolver.mail_hosts("gone.example")
    for _ in range(3):
        with pytest.raises(NoSuchDomainError):
            await resolver.mail_hosts("gone.example")
    assert answers.asked == 2
    now[0] = 301
    with pytest.raises(NoSuchDomainError):
        await resolver.mail_hosts("gone.example")
    assert answers.asked == 3


async def test_a_name_that_is_none_does_not_exist() -> None:
    """A label of 64 letters is nobody's domain."""
    with pytest.raises(NoSuchDomainError):
        await DnsResolver(Answers()).mail_hosts("x" * 64 + ".example")  # type: ignore[arg-type]
