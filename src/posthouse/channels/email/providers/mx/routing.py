"""Which hosts take mail for a domain, in what order, and at which addresses (RFC 5321 §5.1, RFC 7505)."""

import ipaddress
import itertools
import random
from collections.abc import Callable, Sequence
from typing import Final, Literal

from posthouse.channels.email.providers.context import MailHost, Resolver
from posthouse.channels.reach import is_public
from posthouse.core.delivery.outcomes import Refused
from posthouse.core.suppressions.model import Verdict

MAX_HOSTS: Final = 5
"""Hosts tried for one message; the rest have their turn at the next attempt."""
ROOT: Final = frozenset({"", "."})


class UndeliverableError(Exception):
    """The domain takes no mail; ``outcome`` says why."""

    def __init__(self, outcome: Refused) -> None:
        super().__init__(outcome.text)
        self.outcome = outcome


async def hosts_for(domain: str, resolver: Resolver, chance: random.Random, busy: Callable[[str], bool]) -> list[str]:
    """The hosts to try in order: by preference, at random among equals, those with an idle connection first.

    Raises:
        UndeliverableError: the domain says that it takes no mail, or has no host at all.
        NoSuchDomainError: the domain does not exist.
        LookupFailedError: nobody knows just now.
    """
    if domain.startswith("["):
        return [domain.strip("[]").removeprefix("ipv6:")]
    records = await resolver.mail_hosts(domain)
    if len(records) == 1 and records[0].name in ROOT:
        raise UndeliverableError(
            Refused(556, "5.1.10", f"{domain} takes no mail (null MX)", domain, verdict=Verdict.HARD)
        )
    named = [record for record in records if record.name not in ROOT]
    if named:
        return _ordered(named, chance, busy)[:MAX_HOSTS]
    if not await resolver.addresses(domain):
        raise UndeliverableError(
            Refused(0, "5.1.2", f"{domain} has neither MX nor address records", domain, verdict=Verdict.SOFT)
        )
    return [domain]


def _ordered(records: Sequence[MailHost], chance: random.Random, busy: Callable[[str], bool]) -> list[str]:
    found: list[str] = []
    for _, group in itertools.groupby(sorted(records, key=lambda each: each.preference), lambda each: each.preference):
        equals = [record.name for record in group]
        chance.shuffle(equals)
        found += sorted(equals, key=busy, reverse=True)
    return list(dict.fromkeys(found))


def usable(addresses: Sequence[str], prefer: Literal["ipv4", "ipv6"], *, private: bool) -> list[str]:
    """The addresses that may be connected to, those of the preferred kind first.

    A domain's owner chooses its address records: without this rule anybody could make us talk to our own inner servers.
    """
    first = 4 if prefer == "ipv4" else 6
    parsed = [ipaddress.ip_address(address) for address in addresses]
    allowed = [address for address in parsed if private or is_public(address)]
    return [str(address) for address in sorted(allowed, key=lambda address: address.version != first)]
