"""One POST to somebody else's server: no redirects, no proxies, nothing decompressed, little of the answer read."""

import asyncio
import email.utils
import ipaddress
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import httpx

from posthouse.channels.webhooks.connection import Connection
from posthouse.channels.webhooks.network import (
    ForbiddenAddressError,
    Lookup,
    Network,
    PinnedNetwork,
    SystemLookup,
)
from posthouse.core.kernel.clock import DAY, SECOND
from posthouse.core.webhooks.model import Posted

MAX_URL: Final = 2_000
SHOWN: Final = 1_000
KEPT: Final = 8
"""Connections to one place that wait for another request, as many as a line uses at once."""
KEPT_SECONDS: Final = 15.0


class HttpPoster:
    """Poster over HTTP/1.1.

    Args:
        seconds: how long a whole request may take.
        allowed: networks (CIDR) that may be asked although they are not public; loopback among them allows ``http:`` there.
        context: TLS.
        lookup: resolves names; None: as the machine does.
    """

    def __init__(
        self,
        seconds: float,
        allowed: Iterable[str] = (),
        *,
        context: ssl.SSLContext | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self._seconds = seconds
        networks: list[Network] = [ipaddress.ip_network(one, strict=False) for one in allowed]
        self._network = PinnedNetwork(networks, lookup or SystemLookup(), context)
        self._kept: dict[_Place, list[_Kept]] = {}
        self._sweep_at = 0.0

    def check(self, url: str) -> str:
        """What is wrong with a URL, in words; empty: nothing that can be seen without asking."""
        try:
            parsed = httpx.URL(url)
            host = parsed.host  # which reads A-labels, and refuses broken ones (idna.IDNAError is a ValueError)
        except (httpx.InvalidURL, ValueError):
            return "write an absolute URL such as https://shop.example/hooks/posthouse"
        if parsed.scheme not in ("https", "http") or not host or len(url) > MAX_URL:
            return "write an absolute URL such as https://shop.example/hooks/posthouse"
        if parsed.userinfo or parsed.fragment:
            return "leave out user, password and fragment: requests are signed instead"
        if parsed.scheme == "http" and not self._is_own_machine(host):
            return (
                "write https: what is told is nobody else's business (for trying out, the setting "
                '`webhooks.allow_networks` = ["127.0.0.0/8"] allows http to this machine)'
            )
        literal = _literal(host)
        if literal is not None and not self._network.reachable(literal):
            return f"{literal} is no public address; the operator may allow it with `webhooks.allow_networks`"
        return ""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        """POSTs; whatever goes wrong is told in the answer."""
        began = time.perf_counter()
        late = asyncio.timeout(self._seconds)
        try:
            async with late:
                posted = await self._post(url, headers, body)
        except Exception as error:  # noqa: BLE001 - a stranger's server may do anything, and all of it is an answer
            words = f"timeout: no answer within {self._seconds:g} seconds" if late.expired() else _told(error)
            posted = Posted(None, error=words)
        took = int((time.perf_counter() - began) * SECOND)
        return Posted(posted.status, posted.body, posted.error, took, posted.retry_after)

    async def close(self) -> None:
        """Lets connections go."""
        for kept in self._kept.values():
            for one in kept:
                one.connection.abort()
        self._kept.clear()

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        wrong = self.check(url)
        if wrong:
            return Posted(None, error=f"forbidden-address: {wrong}")
        parsed = httpx.URL(url)
        tls = parsed.scheme == "https"
        place = _Place(parsed.raw_host.decode("ascii"), parsed.port or (443 if tls else 80), tls)
        connection = self._kept_one(place) or await self._network.connect(place.host, place.port, tls=tls)
        found = await connection.ask(_request(parsed, headers, body))
        if connection.usable:
            self._keep(place, connection)
        shown = found.body.decode("utf-8", "replace")[:SHOWN]
        return Posted(found.status, shown, retry_after=_retry_after(found.headers.get(b"retry-after")))

    def _kept_one(self, place: "_Place") -> Connection | None:
        """A connection that is still open, the one used last first."""
        kept, now = self._kept.get(place, []), time.monotonic()
        while kept:
            one = kept.pop()
            if one.connection.usable and now < one.until:
                return one.connection
            one.connection.abort()
        return None

    def _keep(self, place: "_Place", connection: Connection) -> None:
        now = time.monotonic()
        if now >= self._sweep_at:
            self._sweep(now)
        kept = self._kept.setdefault(place, [])
        if len(kept) >= KEPT:
            kept.pop(0).connection.abort()
        kept.append(_Kept(connection, now + KEPT_SECONDS))

    def _sweep(self, now: float) -> None:
        """Lets go what waits for places that nobody asks any more."""
        self._sweep_at = now + KEPT_SECONDS
        for place, kept in list(self._kept.items()):
            while kept and kept[0].until <= now:
                kept.pop(0).connection.abort()
            if not kept:
                del self._kept[place]

    def _is_own_machine(self, host: str) -> bool:
        literal = "127.0.0.1" if host == "localhost" else _literal(host)
        return literal is not None and ipaddress.ip_address(literal).is_loopback and self._network.reachable(literal)


class _Place(NamedTuple):
    """Where connections of one kind lead."""

    host: str
    port: int
    tls: bool


class _Kept(NamedTuple):
    """A connection that waits for another request, and until when (``time.monotonic()``)."""

    connection: Connection
    until: float


def _request(url: httpx.URL, headers: Mapping[str, str], body: bytes) -> bytes:
    """All of it in one piece. Parsing has left nothing in a URL that could end a line."""
    fields = {
        "host": url.netloc.decode("ascii"),
        **headers,
        "accept-encoding": "identity",
        "content-length": str(len(body)),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return b"POST %b HTTP/1.1\r\n%b\r\n%b" % (url.raw_path, lines.encode("latin-1"), body)


def _literal(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return None


def _retry_after(value: bytes | None) -> int | None:
    """Microseconds (RFC 9110 §10.2.3), a day at most."""
    if value is None:
        return None
    word = value.decode("latin-1").strip()
    if word.isdecimal():
        return min(int(word[:9]) * SECOND, DAY)
    try:
        moment = email.utils.parsedate_to_datetime(word).timestamp()
    except ValueError:
        return None
    return max(0, min(int((moment - time.time()) * SECOND), DAY))


def _told(error: Exception) -> str:
    """What went wrong, without anything of ours in it."""
    words = str(error)[:200] or type(error).__name__
    if isinstance(error, ForbiddenAddressError):
        return f"forbidden-address: {words}"
    if isinstance(error, ssl.SSLError):
        return f"tls: {words}"
    if isinstance(error, TimeoutError):
        return f"timeout: {words}"
    if isinstance(error, OSError):
        return f"connection: {words}"
    return f"protocol: {words}"
