"""Records to publish, and the check of what was published."""

import dns.asyncresolver
import dns.exception
import dns.resolver
import msgspec
import pytest
from tests.unit.channels.email.kit import NOW, SELECTORS, keys

from posthouse.channels.email.dns_check import Finding, State, check
from posthouse.channels.email.dns_records import DnsRecord, MailSite, RecordKind, records_for
from posthouse.channels.email.dns_resolver import DnspythonLookup, LookupFailedError
from posthouse.core.workspaces.model import DkimKey, Domain, Verification

DOMAIN = Domain(
    bytes(16),
    bytes(16),
    "shop.example",
    Verification.PENDING,
    NOW,
    "bounces.shop.example",
    "links.shop.example",
    tuple(DkimKey(SELECTORS[kind], kind, b"", public) for kind, (_, public) in keys().items()),
)
SITE = MailSite("mx.posthouse.example", ("192.0.2.7", "2001:db8::7"), ("relay.example",), "t.posthouse.example")


class FakeDns:
    """DNS as a table: (name, type) → answers; a name in ``broken`` fails."""

    def __init__(self, table: dict[tuple[str, str], list[str]]) -> None:
        self.table = table
        self.broken: set[str] = set()

    def _ask(self, name: str, kind: str) -> list[str]:
        if name in self.broken:
            raise LookupFailedError(f"Looking up {kind} of {name} failed: timed out")
        return self.table.get((name, kind), [])

    async def txt(self, name: str) -> list[str]:
        return self._ask(name, "TXT")

    async def mx(self, name: str) -> list[str]:
        return self._ask(name, "MX")

    async def cname(self, name: str) -> str | None:
        return next(iter(self._ask(name, "CNAME")), None)


def published() -> dict[tuple[str, str], list[str]]:
    """A table in which everything is as it should be."""
    table: dict[tuple[str, str], list[str]] = {}
    for record in records_for(DOMAIN, SITE):
        value = record.value if record.type == "TXT" else record.value.split()[-1].rstrip(".")
        table[record.name, record.type] = [value]
    return table


async def finding(kind: RecordKind, table: dict[tuple[str, str], list[str]]) -> Finding:
    return next(found for found in await check(DOMAIN, SITE, FakeDns(table)) if found.record.kind is kind)


def name_of(kind: RecordKind) -> tuple[str, str]:
    record = next(record for record in records_for(DOMAIN, SITE) if record.kind is kind)
    return record.name, record.type


def test_the_records() -> None:
    """DKIM first and required; long keys in strings of 255; the zone line can be pasted."""
    records = records_for(DOMAIN, SITE)
    assert [(record.name, record.type, record.required) for record in records] == [
        ("r1._domainkey.shop.example", "TXT", True),
        ("e1._domainkey.shop.example", "TXT", True),
        ("bounces.shop.example", "MX", False),
        ("bounces.shop.example", "TXT", False),
        ("_dmarc.shop.example", "TXT", False),
        ("links.shop.example", "CNAME", False),
    ]
    rsa = records[0]
    assert max(map(len, rsa.strings)) == 255
    assert "".join(rsa.strings) == rsa.value
    assert rsa.zone_line.startswith('r1._domainkey.shop.example. IN TXT "v=DKIM1; k=rsa; p=')
    assert [records[place].value for place in (2, 5)] == ["10 mx.posthouse.example", "t.posthouse.example"]
    assert records[2].zone_line == "bounces.shop.example. IN MX 10 mx.posthouse.example."
    assert records[3].value == "v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 include:relay.example ~all"
    assert all(record.purpose for record in records)


def test_what_is_not_known_is_not_asked_for() -> None:
    """Without a mail host or tracking there is no record for it; SPF falls back on the return path's MX."""
    records = records_for(DOMAIN, MailSite())
    assert {record.kind for record in records} == {RecordKind.DKIM, RecordKind.SPF, RecordKind.DMARC}
    assert records[2].value == "v=spf1 mx ~all"
    with pytest.raises(ValueError, match="nonsense"):
        records_for(DOMAIN, MailSite(addresses=("nonsense",)))


async def test_everything_right() -> None:
    """All published: every finding is ok."""
    findings = await check(DOMAIN, SITE, FakeDns(published()))
    assert {found.state for found in findings} == {State.OK}


async def test_nothing_there() -> None:
    """Nothing published: each finding says what line to add."""
    findings = await check(DOMAIN, SITE, FakeDns({}))
    assert {found.state for found in findings} == {State.MISSING}
    assert all(found.record.zone_line in found.advice for found in findings)


RSA_VALUE = records_for(DOMAIN, SITE)[0].value


@pytest.mark.parametrize(
    ("texts", "state", "words"),
    [
        ([RSA_VALUE.replace("; p=", ";p= ").replace("v=DKIM1; ", "")], State.OK, ""),
        (["google-site-verification=abc", RSA_VALUE], State.OK, ""),
        ([RSA_VALUE[:255]], State.WRONG, "cut off"),
        (["v=DKIM1; k=rsa; p=MIIBIjANother"], State.WRONG, "Another key"),
        (["v=DKIM1; k=rsa; p="], State.WRONG, "withdrawn"),
        ([RSA_VALUE.replace("k=rsa", "k=ed25519")], State.WRONG, "k=rsa"),
        ([RSA_VALUE, "v=DKIM1; p=abc"], State.WRONG, "several keys"),
    ],
)
async def test_dkim_findings(texts: list[str], state: State, words: str) -> None:
    """A wrong key is told from a cut-off one, a withdrawn one and a doubled one."""
    found = await finding(RecordKind.DKIM, published() | {name_of(RecordKind.DKIM): texts})
    assert found.state is state
    assert words in found.advice


@pytest.mark.parametrize(
    ("texts", "state", "words"),
    [
        (["v=spf1 IP4:192.0.2.7 ip6:2001:db8::7 a include:relay.example -all"], State.OK, ""),
        (["v=spf1 ip4:192.0.2.7 ~all"], State.WRONG, "ip6:2001:db8::7 include:relay.example"),
        (["v=spf1 -all", "v=spf1 ~all"], State.WRONG, "several SPF"),
        (["v=spf10 -all"], State.MISSING, "IN TXT"),
        (
            ["v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 include:relay.example include:big.example a mx ~all"],
            State.WRONG,
            "lookups",
        ),
        (["v=spf1 ip4:192.0.2.7 ip6:2001:db8::7 include:relay.example include:loop.example ~all"], State.OK, ""),
    ],
)
async def test_spf_findings(texts: list[str], state: State, words: str) -> None:
    """One record, with our terms, with at most ten lookups all includes together, even when they go in a circle."""
    table = published() | {
        name_of(RecordKind.SPF): texts,
        ("big.example", "TXT"): ["v=spf1 " + " ".join(f"include:n{n}.example" for n in range(8)) + " -all"],
        ("loop.example", "TXT"): ["v=spf1 redirect=loop.example"],
    }
    found = await finding(RecordKind.SPF, table)
    assert found.state is state
    assert words in found.advice


@pytest.mark.parametrize(
    ("change", "state", "words"),
    [
        ({("_dmarc.shop.example", "TXT"): ["v=DMARC1; p=reject; rua=mailto:a@b.example"]}, State.OK, ""),
        ({("_dmarc.shop.example", "TXT"): []}, State.MISSING, "_dmarc.shop.example"),
        ({("_dmarc.shop.example", "TXT"): ["v=DMARC1; rua=mailto:a@b.example"]}, State.WRONG, "no policy"),
        ({("_dmarc.shop.example", "TXT"): ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, State.WRONG, "several"),
    ],
)
async def test_dmarc_findings(change: dict[tuple[str, str], list[str]], state: State, words: str) -> None:
    """One record with a policy."""
    found = await finding(RecordKind.DMARC, published() | change)
    assert found.state is state
    assert words in found.advice


async def test_dmarc_of_the_domain_above_counts() -> None:
    """A sub-domain is covered by the policy of the domain above it."""
    domain = msgspec.structs.replace(DOMAIN, name="mail.shop.example", keys=())
    findings = await check(domain, MailSite(), FakeDns({("_dmarc.shop.example", "TXT"): ["v=DMARC1; p=none"]}))
    assert [found.state for found in findings if found.record.kind is RecordKind.DMARC] == [State.OK]


@pytest.mark.parametrize("kind", [RecordKind.RETURN_PATH, RecordKind.TRACKING])
async def test_hosts_that_point_elsewhere(kind: RecordKind) -> None:
    """Bounces and links must come to us."""
    found = await finding(kind, published() | {name_of(kind): ["other.example"]})
    assert found.state is State.WRONG
    assert found.found == ("other.example",)
    assert "posthouse.example" in found.advice


async def test_a_failed_lookup_is_not_a_missing_record() -> None:
    """When DNS does not answer, nobody is told to change anything."""
    fake = FakeDns(published())
    fake.broken = {"r1._domainkey.shop.example"}
    findings = await check(DOMAIN, SITE, fake)
    assert findings[0].state is State.UNKNOWN
    assert "Try again" in findings[0].advice
    assert {found.state for found in findings[1:]} == {State.OK}


class FakeResolver(dns.asyncresolver.Resolver):
    """dnspython's resolver with canned answers instead of a network."""

    def __init__(self, answers: dict[tuple[str, str], list[str]], failure: Exception | None = None) -> None:
        super().__init__(configure=False)
        self.answers = answers
        self.failure = failure

    async def resolve(self, qname, rdtype=dns.rdatatype.A, *args, **options):
        if self.failure:
            raise self.failure
        lines = self.answers.get((str(qname), str(rdtype)))
        if lines is None:
            raise dns.resolver.NXDOMAIN
        return [dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.from_text(rdtype), line) for line in lines]


async def test_dnspython_answers_become_ours() -> None:
    """Strings are joined, hosts are bare and in order of preference, no such name is an empty answer."""
    lookup = DnspythonLookup(
        FakeResolver(
            {
                ("a.example", "TXT"): ['"v=DKIM1; p=ab" "cd"'],
                ("a.example", "MX"): ["20 Two.example.", "10 one.example."],
                ("a.example", "CNAME"): ["Real.example."],
            }
        )
    )
    assert await lookup.txt("a.example") == ["v=DKIM1; p=abcd"]
    assert await lookup.mx("a.example") == ["one.example", "two.example"]
    assert await lookup.cname("a.example") == "real.example"
    assert await lookup.txt("b.example") == []
    assert await lookup.cname("b.example") is None


async def test_dnspython_failures_are_told() -> None:
    """A time-out is a failed lookup, not an empty answer."""
    with pytest.raises(LookupFailedError, match=r"a\.example"):
        await DnspythonLookup(FakeResolver({}, dns.exception.Timeout())).txt("a.example")


def test_zone_line_of_short_records() -> None:
    """A short text is one quoted string."""
    assert (
        DnsRecord(RecordKind.SPF, "a.example", "TXT", "v=spf1 -all", "").zone_line == 'a.example. IN TXT "v=spf1 -all"'
    )
