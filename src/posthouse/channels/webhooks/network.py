"""Connecting to exactly the address that was judged: no second look-up, so no name can change its mind in between."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

import httpcore

from posthouse.channels.reach import is_public

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → addresses as text."""

CONNECT_SECONDS: Final = 5.0


class ForbiddenAddressError(httpcore.ConnectError):
    """The name leads to addresses that must not be asked only."""


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Resolves a host once, leaves out what is not allowed, and connects to what remains, in order.

    The certificate is still checked against the host of the URL: TLS begins above, on the stream.

    Args:
        allowed: networks that may be asked although they are not public.
        lookup: resolves names.
    """

    def __init__(self, allowed: Iterable[Network], lookup: Lookup) -> None:
        self._allowed = tuple(allowed)
        self._lookup = lookup
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the base's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """See AsyncNetworkBackend."""
        try:
            async with asyncio.timeout(timeout or CONNECT_SECONDS):
                addresses = await self._lookup(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} cannot be resolved") from error
        good = [one for one in addresses if self.reachable(one)]
        if not good:
            raise ForbiddenAddressError(f"{host} has no public address; `webhooks.allow_networks` names exceptions")
        failure: Exception | None = None
        for address in good[:4]:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        assert failure is not None  # noqa: S101 - there was an address, and each returned or failed
        raise failure

    async def sleep(self, seconds: float) -> None:
        """See AsyncNetworkBackend."""
        await asyncio.sleep(seconds)

    def reachable(self, address: str) -> bool:
        """Whether an address may be asked."""
        parsed = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return is_public(parsed) or any(parsed.version == one.version and parsed in one for one in self._allowed)


async def system_lookup(host: str, port: int) -> Sequence[str]:
    """The machine's own resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def trusted() -> ssl.SSLContext:
    """TLS 1.2 and later, against the machine's authorities."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
