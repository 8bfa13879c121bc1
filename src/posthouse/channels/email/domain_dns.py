"""The DNS of sending domains, as the room of workspaces asks about it."""

from collections.abc import Sequence

from posthouse.channels.email.dkim_keys import generate_keys
from posthouse.channels.email.dns_check import State, check
from posthouse.channels.email.dns_records import DnsRecord as EmailRecord
from posthouse.channels.email.dns_records import MailSite, records_for
from posthouse.channels.email.dns_resolver import DnsLookup
from posthouse.core.workspaces.model import Domain
from posthouse.core.workspaces.ports import DkimPair, DnsFinding, DnsRecord


class EmailDns:
    """DomainDns of the e-mail channel.

    Args:
        site: how this installation stands in the world.
        lookup: asks the DNS.
    """

    def __init__(self, site: MailSite, lookup: DnsLookup) -> None:
        self._site = site
        self._lookup = lookup

    def records(self, domain: Domain) -> Sequence[DnsRecord]:
        """The records to publish."""
        return [_outside(record) for record in records_for(domain, self._site)]

    async def check(self, domain: Domain) -> Sequence[DnsFinding]:
        """One finding for each record."""
        return [
            DnsFinding(
                _outside(finding.record),
                finding.state is State.OK,
                finding.found,
                finding.advice,
                finding.state is not State.UNKNOWN,
            )
            for finding in await check(domain, self._site, self._lookup)
        ]


def make_dkim_key(algorithm: str) -> DkimPair:
    """A new signing key (DkimKeyMaker)."""
    return DkimPair(*generate_keys(algorithm))


def _outside(record: EmailRecord) -> DnsRecord:
    return DnsRecord(record.kind.value, record.name, record.type, record.value, record.required)
