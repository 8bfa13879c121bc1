"""Looking things up in DNS for the check of a domain."""

from typing import Any, Protocol

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver

from posthouse.core.kernel.errors import PosthouseError


class LookupFailedError(PosthouseError):
    """The DNS lookup failed."""

    slug = "dns-lookup-failed"
    status = 503


class DnsLookup(Protocol):
    """What the check asks. Empty means that the name has no such record; LookupFailedError that nobody knows."""

    async def txt(self, name: str) -> list[str]:
        """TXT records, the strings of each joined."""
        ...

    async def mx(self, name: str) -> list[str]:
        """Mail hosts, lower case, without the last dot, the preferred first."""
        ...

    async def cname(self, name: str) -> str | None:
        """The name that a name stands for, lower case, without the last dot."""
        ...


class DnspythonLookup:
    """Asks the machine's resolver, or the one given.

    Args:
        resolver: dnspython's; ``lifetime`` on it bounds each lookup (seconds).
    """

    def __init__(self, resolver: dns.asyncresolver.Resolver) -> None:
        self._resolver = resolver

    async def txt(self, name: str) -> list[str]:
        """TXT records. Octets beyond ASCII are shown as they come."""
        return [b"".join(record.strings).decode("utf-8", "replace") for record in await self._ask(name, "TXT")]

    async def mx(self, name: str) -> list[str]:
        """Mail hosts."""
        found = sorted(await self._ask(name, "MX"), key=lambda record: record.preference)
        return [_plain(record.exchange) for record in found]

    async def cname(self, name: str) -> str | None:
        """The canonical name."""
        found = await self._ask(name, "CNAME")
        return _plain(found[0].target) if found else None

    async def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(await self._resolver.resolve(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as error:
            raise LookupFailedError(f"Looking up {kind} of {name} failed: {error}") from error


def _plain(name: Any) -> str:
    return str(name).rstrip(".").lower()
