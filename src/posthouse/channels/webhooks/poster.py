"""One POST to somebody else's server: no redirects, no proxies, nothing decompressed, little of the answer read."""

import asyncio
import email.utils
import ipaddress
import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Final

import httpcore
import httpx

from posthouse.channels.webhooks.network import (
    CONNECT_SECONDS,
    ForbiddenAddressError,
    Lookup,
    Network,
    PinnedBackend,
    SystemLookup,
    trusted,
)
from posthouse.core.kernel.clock import DAY, SECOND
from posthouse.core.webhooks.model import Posted

MAX_URL: Final = 2_000
MOST_OF_ANSWER: Final = 16_384
"""Bytes of an answer that are read; the connection is closed when there are more."""
SHOWN: Final = 1_000
CONNECTIONS: Final = 1_000
"""Far more than lines use at once: an endpoint that hangs must not take connections away from others."""


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
        self._backend = PinnedBackend(networks, lookup or SystemLookup())
        self._context = context
        self._pool: httpcore.AsyncConnectionPool | None = None

    def check(self, url: str) -> str:
        """What is wrong with a URL, in words; empty: nothing that can be seen without asking."""
        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            return "write an absolute URL such as https://shop.example/hooks/posthouse"
        if parsed.scheme not in ("https", "http") or not parsed.host or len(url) > MAX_URL:
            return "write an absolute URL such as https://shop.example/hooks/posthouse"
        if parsed.userinfo or parsed.fragment:
            return "leave out user, password and fragment: requests are signed instead"
        if parsed.scheme == "http" and not self._is_own_machine(parsed.host):
            return (
                "write https: what is told is nobody else's business (http is taken for loopback where it is allowed)"
            )
        literal = _literal(parsed.host)
        if literal is not None and not self._backend.reachable(literal):
            return f"{literal} is no public address; the operator may allow it with `webhooks.allow_networks`"
        return ""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        """POSTs; whatever goes wrong is told in the answer."""
        began = time.perf_counter()
        try:
            async with asyncio.timeout(self._seconds):
                posted = await self._post(url, headers, body)
        except TimeoutError:
            posted = Posted(None, error=f"timeout: no answer within {self._seconds:g} seconds")
        except Exception as error:  # noqa: BLE001 - a stranger's server may do anything, and all of it is an answer
            posted = Posted(None, error=_told(error))
        took = int((time.perf_counter() - began) * SECOND)
        return Posted(posted.status, posted.body, posted.error, took, posted.retry_after)

    async def close(self) -> None:
        """Lets connections go."""
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        wrong = self.check(url)
        if wrong:
            return Posted(None, error=f"forbidden-address: {wrong}")
        asked = httpx.Request("POST", url, headers={**headers, "accept-encoding": "identity"}, content=body)
        request = httpcore.Request(
            method=b"POST",
            url=httpcore.URL(
                scheme=asked.url.raw_scheme, host=asked.url.raw_host, port=asked.url.port, target=asked.url.raw_path
            ),
            headers=asked.headers.raw,
            content=body,
            extensions={"timeout": {"connect": CONNECT_SECONDS, "read": self._seconds, "write": self._seconds}},
        )
        answer = await self._connections().handle_async_request(request)
        try:
            read = await _beginning(answer)
        finally:
            await answer.aclose()
        retry_after = _retry_after(dict(answer.headers).get(b"retry-after") or dict(answer.headers).get(b"Retry-After"))
        return Posted(answer.status, read.decode("utf-8", "replace")[:SHOWN], retry_after=retry_after)

    def _connections(self) -> httpcore.AsyncConnectionPool:
        if self._pool is None:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=self._context or trusted(),
                max_connections=CONNECTIONS,
                max_keepalive_connections=64,
                keepalive_expiry=15.0,
                network_backend=self._backend,
            )
        return self._pool

    def _is_own_machine(self, host: str) -> bool:
        literal = "127.0.0.1" if host == "localhost" else _literal(host)
        return literal is not None and ipaddress.ip_address(literal).is_loopback and self._backend.reachable(literal)


async def _beginning(answer: httpcore.Response) -> bytes:
    """The first bytes of an answer."""
    found = bytearray()
    async for piece in answer.aiter_stream():
        found += piece
        if len(found) >= MOST_OF_ANSWER:
            break
    return bytes(found[:MOST_OF_ANSWER])


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
    words = str(error)[:200]
    if isinstance(error, ForbiddenAddressError):
        return f"forbidden-address: {words}"
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError) or "SSL" in words:
        return f"tls: {words}"
    if isinstance(error, httpcore.TimeoutException):
        return f"timeout: {words or 'no connection in time'}"
    if isinstance(error, httpcore.NetworkError | OSError):
        return f"connection: {words or type(error).__name__}"
    return f"protocol: {words or type(error).__name__}"
