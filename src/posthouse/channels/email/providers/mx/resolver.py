"""The domain name system by dnspython, remembered for as long as the answers allow."""

import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import dns.asyncresolver
import dns.exception
import dns.name
import dns.rdatatype
import dns.resolver
from dns.rdtypes.ANY.MX import MX

from posthouse.channels.email.providers.context import MailHost
from posthouse.core.kernel.errors import PosthouseError

LIFETIME: Final = 10.0
"""Seconds for one lookup, all name servers and repetitions together."""
NEGATIVE: Final = 300.0
"""Seconds for which "there is no such domain" is believed."""
SHORTEST: Final = 5.0
LONGEST: Final = 86_400.0
MAX_ENTRIES: Final = 50_000

T = TypeVar("T")


class NoSuchDomainError(PosthouseError):
    """The domain does not exist."""

    slug = "no-such-domain"


class LookupFailedError(PosthouseError):
    """The domain could not be looked up just now."""

    slug = "lookup-failed"


class Memory(Generic[T]):
    """Answers with the time they are good for. When full, the older half goes."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._known: dict[str, tuple[float, T]] = {}

    def recall(self, name: str) -> T | None:
        """What is known and still good."""
        found = self._known.get(name)
        return found[1] if found is not None and found[0] > self._now() else None

    def keep(self, name: str, value: T, seconds: float) -> T:
        """Remembers an answer, within sensible bounds."""
        if len(self._known) >= MAX_ENTRIES:
            for old in list(self._known)[: MAX_ENTRIES // 2]:
                del self._known[old]
        self._known.pop(name, None)
        self._known[name] = (self._now() + min(max(seconds, SHORTEST), LONGEST), value)
        return value


class DnsResolver:
    """Asks the machine's name servers, or those of the resolver it is given.

    Args:
        resolver: a dnspython resolver; None makes one from the machine's configuration.
        now: seconds that never step, for the ages of answers.
    """

    def __init__(
        self, resolver: dns.asyncresolver.Resolver | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver = resolver or dns.asyncresolver.Resolver()
        self._mail_hosts: Memory[tuple[MailHost, ...] | NoSuchDomainError] = Memory(now)
        self._addresses: Memory[tuple[str, ...]] = Memory(now)

    async def mail_hosts(self, domain: str) -> tuple[MailHost, ...]:
        """The MX records of a domain.

        Raises:
            NoSuchDomainError: the domain does not exist.
            LookupFailedError: nobody knows just now.
        """
        known = self._mail_hosts.recall(domain)
        if known is None:
            known = await self._ask_mail_hosts(domain)
        if isinstance(known, NoSuchDomainError):
            raise NoSuchDomainError(known.detail)
        return known

    async def addresses(self, host: str) -> tuple[str, ...]:
        """IPv6 and IPv4 addresses of a host, empty when it has none.

        Raises:
            LookupFailedError: nobody knows just now.
        """
        known = self._addresses.recall(host)
        if known is not None:
            return known
        found: list[str] = []
        seconds = LONGEST
        failure: LookupFailedError | None = None
        for kind in (dns.rdatatype.AAAA, dns.rdatatype.A):
            try:
                answer = await self._ask(host, kind)
            except NoSuchDomainError:
                seconds = min(seconds, NEGATIVE)
                continue
            except LookupFailedError as error:
                failure = error
                continue
            found += [str(record) for record in answer.rrset or ()]
            seconds = min(seconds, answer.expiration - time.time())
        if failure is not None:
            if not found:
                raise failure
            return tuple(found)  # half an answer is used, but not remembered
        return self._addresses.keep(host, tuple(found), seconds)

    async def _ask_mail_hosts(self, domain: str) -> tuple[MailHost, ...] | NoSuchDomainError:
        try:
            answer = await self._ask(domain, dns.rdatatype.MX)
        except NoSuchDomainError as error:
            return self._mail_hosts.keep(domain, error, NEGATIVE)
        records = [record for record in answer.rrset or () if isinstance(record, MX)]
        hosts = [MailHost(each.preference, each.exchange.to_text(omit_final_dot=True).lower()) for each in records]
        return self._mail_hosts.keep(domain, tuple(sorted(hosts, key=_order)), answer.expiration - time.time())

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> dns.resolver.Answer:
        try:
            absolute = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError) as error:
            raise NoSuchDomainError(f"{name!r} is no domain name: {error}") from error
        try:
            return await self._resolver.resolve(absolute, kind, lifetime=LIFETIME, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            raise NoSuchDomainError(f"there is no domain {name}") from None
        except (dns.exception.DNSException, OSError) as error:
            raise LookupFailedError(f"{name} could not be looked up: {error}") from error


def _order(host: MailHost) -> tuple[int, str]:
    return host.preference, host.name
