"""The resolver against a name server on loopback."""

import asyncio
from collections.abc import AsyncIterator

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from posthouse.channels.email.providers.context import MailHost
from posthouse.channels.email.providers.mx.resolver import DnsResolver, LookupFailedError, NoSuchDomainError

ZONE = {
    ("home.example.", "MX"): ["20 b.home.example.", "10 A.home.example."],
    ("a.home.example.", "A"): ["192.0.2.1"],
    ("a.home.example.", "AAAA"): ["2001:db8::1"],
    ("null.example.", "MX"): ["0 ."],
    ("plain.example.", "A"): ["192.0.2.2"],
}


class NameServer(asyncio.DatagramProtocol):
    """Answers from the zone; ``broken.example`` is SERVFAIL, everything unknown NXDOMAIN."""

    def __init__(self) -> None:
        self.asked = 0

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.asked += 1
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        question = query.question[0]
        name, kind = question.name.to_text().lower(), question.rdtype.name
        if name == "broken.example.":
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif (name, kind) in ZONE:
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *ZONE[name, kind]))
        elif not any(known == name for known, _ in ZONE):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self.transport.sendto(answer.to_wire(), addr)


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
    yield protocol
    transport.close()


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def resolver(server: NameServer, now: list[float]) -> DnsResolver:
    asking = dns.asyncresolver.Resolver(configure=False)
    asking.nameservers = ["127.0.0.1"]
    asking.port = server.transport.get_extra_info("sockname")[1]
    return DnsResolver(asking, lambda: now[0])


async def test_mail_hosts_come_sorted_and_are_remembered_for_their_time(
    resolver: DnsResolver, server: NameServer, now: list[float]
) -> None:
    """One question a minute, when the answer says that it is good for a minute."""
    for _ in range(3):
        assert await resolver.mail_hosts("home.example") == (
            MailHost(10, "a.home.example"),
            MailHost(20, "b.home.example"),
        )
    assert server.asked == 1
    now[0] = 61
    await resolver.mail_hosts("home.example")
    assert server.asked == 2


async def test_both_kinds_of_addresses_are_found(resolver: DnsResolver, server: NameServer) -> None:
    """IPv6 and IPv4; a host that does not exist has none."""
    for _ in range(2):
        assert await resolver.addresses("a.home.example") == ("2001:db8::1", "192.0.2.1")
    assert server.asked == 2
    assert await resolver.addresses("gone.example") == ()


async def test_the_three_ways_to_have_no_mail_host_differ(resolver: DnsResolver) -> None:
    """None of its own, a null MX, and no domain at all."""
    assert await resolver.mail_hosts("plain.example") == ()
    (null,) = await resolver.mail_hosts("null.example")
    assert null.name in {"", "."}
    with pytest.raises(NoSuchDomainError):
        await resolver.mail_hosts("gone.example")


async def test_a_failing_name_server_is_no_answer(resolver: DnsResolver) -> None:
    """SERVFAIL says nothing about the domain."""
    with pytest.raises(LookupFailedError):
        await resolver.mail_hosts("broken.example")
    with pytest.raises(LookupFailedError):
        await resolver.addresses("broken.example")
