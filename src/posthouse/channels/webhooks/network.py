"""Connecting to exactly the address that was judged: no second look-up, so no name can change its mind in between."""

import asyncio
import contextlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Final

from posthouse.channels.reach import is_public
from posthouse.channels.webhooks.connection import Connection

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → addresses as text."""

CONNECT_SECONDS: Final = 5.0
MOST_ADDRESSES: Final = 4
"""Of one name, that are tried in turn."""
MOST_LOOKUPS: Final = 64
"""Names that are resolved at the same time."""


class ForbiddenAddressError(ConnectionError):
    """The name leads to addresses that must not be asked only."""


class PinnedNetwork:
    """Resolves a host once, leaves out what is not allowed, and connects to what remains, in order.

    The certificate is checked against the host of the URL, not against the address.

    Args:
        allowed: networks that may be asked although they are not public.
        lookup: resolves names.
        context: TLS, None: as the machine trusts.
    """

    def __init__(self, allowed: Iterable[Network], lookup: Lookup, context: ssl.SSLContext | None = None) -> None:
        self._allowed = tuple(allowed)
        self._lookup = lookup
        self._context = context

    async def connect(self, host: str, port: int, *, tls: bool) -> Connection:
        """Opens a connection.

        Raises:
            ForbiddenAddressError: there is no address that may be asked.
            SSLError: the certificate is another's, or nobody's.
            OSError: nobody is there, or not in time.
        """
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                addresses = await self._lookup(host, port)
        except (OSError, UnicodeError) as error:
            raise ConnectionError(f"{host} cannot be resolved") from error
        good = [one for one in addresses if self.reachable(one)]
        if not good:
            raise ForbiddenAddressError(f"{host} has no public address; `webhooks.allow_networks` names exceptions")
        *others, last = good[:MOST_ADDRESSES]
        for address in others:
            with contextlib.suppress(OSError):
                return await self._connect(address, host, port, tls=tls)
        return await self._connect(last, host, port, tls=tls)

    def reachable(self, address: str) -> bool:
        """Whether an address may be asked."""
        parsed = ipaddress.ip_address(address.partition("%")[0])
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        return is_public(parsed) or any(parsed.version == one.version and parsed in one for one in self._allowed)

    async def _connect(self, address: str, host: str, port: int, *, tls: bool) -> Connection:
        context = None
        if tls:
            context = self._context = self._context or trusted()
        making = asyncio.get_running_loop().create_connection(
            Connection, address, port, ssl=context, server_hostname=host if tls else None
        )
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return (await making)[1]
        except TimeoutError as error:
            raise TimeoutError("no connection in time") from error


class SystemLookup:
    """The machine's own resolver, one question at a time for each name, in a thread of its own.

    A question cannot be called off: name servers that never answer would fill the threads that all share, and hold up everybody.

    Args:
        ask: the question, answered like ``socket.getaddrinfo``.
    """

    def __init__(self, ask: Callable[..., Any] = socket.getaddrinfo) -> None:
        self._ask = ask
        self._asked: dict[tuple[str, int], asyncio.Future[Sequence[str] | OSError | UnicodeError]] = {}

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        """Addresses of a host.

        Raises:
            OSError: there are none, or too many names are being asked for.
            UnicodeError: that is no name.
        """
        asked = self._asked.get((host, port))
        if asked is None:
            if len(self._asked) >= MOST_LOOKUPS:
                raise OSError("too many names are being resolved")
            asked = self._asked[host, port] = asyncio.get_running_loop().create_future()
            asked.add_done_callback(lambda _: self._asked.pop((host, port)))
            threading.Thread(target=self._resolve, args=(host, port, asked), name="webhook-lookup", daemon=True).start()
        found = await asyncio.shield(asked)
        if isinstance(found, OSError | UnicodeError):
            raise found
        return found

    def _resolve(self, host: str, port: int, asked: "asyncio.Future[Sequence[str] | OSError | UnicodeError]") -> None:
        found: Sequence[str] | OSError | UnicodeError
        try:
            each_way = self._ask(host, port, type=socket.SOCK_STREAM)
            found = list(dict.fromkeys(str(each[4][0]) for each in each_way))
        except (OSError, UnicodeError) as error:
            found = error

        def tell() -> None:
            if not asked.done():
                asked.set_result(found)

        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits
            asked.get_loop().call_soon_threadsafe(tell)


def trusted() -> ssl.SSLContext:
    """TLS 1.2 and later, against the machine's authorities."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
