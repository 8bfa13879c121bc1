"""Whether pictures on other hosts are there, and how large: one small GET each, at public addresses only."""

import asyncio
import contextlib
import ipaddress
import re
import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import httpx

from posthouse.channels.webhooks.connection import Answer
from posthouse.channels.webhooks.network import ForbiddenAddressError, Lookup, Network, PinnedNetwork, SystemLookup
from posthouse.core.templates.lint.pictures import LARGE, RESERVED, Asked

MOST: Final = 60
"""Pictures that one lint asks for."""
AT_ONCE: Final = 8
"""That are asked for at the same time, by however many lints."""
HOPS: Final = 3
_TOTAL: Final = re.compile(rb"bytes\s+\d+-\d+/(\d{1,15})")
_GONE: Final = (404, 410)
_MOVED: Final = (301, 302, 303, 307, 308)
_NO_SUCH_NAME: Final = (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
_KINDS: Final = (b"image/", b"application/octet-stream", b"binary/octet-stream")


class WebPictures:
    """PictureAsker over HTTP/1.1.

    Args:
        allowed: networks (CIDR) that may be asked although they are not public.
        lookup: resolves names; None: as the machine does.
        seconds: for one picture, with all its redirects.
        all_seconds: for all of one question together.
    """

    def __init__(
        self,
        allowed: Iterable[str] = (),
        *,
        lookup: Lookup | None = None,
        seconds: float = 5.0,
        all_seconds: float = 20.0,
    ) -> None:
        networks: list[Network] = [ipaddress.ip_network(one, strict=False) for one in allowed]
        self._network = PinnedNetwork(networks, lookup or SystemLookup())
        self._seconds = seconds
        self._all_seconds = all_seconds
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self, addresses: Sequence[str]) -> Mapping[str, Asked]:
        """See PictureAsker. What is left when the time is over is unjudged."""
        wanted = list(dict.fromkeys(addresses))
        found = {one: Asked("unjudged", f"more than {MOST} pictures") for one in wanted[MOST:]}

        async def one(address: str) -> None:
            async with self._turns:
                found[address] = await self._asked(address)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._all_seconds), asyncio.TaskGroup() as group:
                for address in wanted[:MOST]:
                    group.create_task(one(address))
        late = Asked("unjudged", f"not asked within {self._all_seconds:g} seconds")
        return {address: found.get(address, late) for address in wanted}

    async def _asked(self, address: str) -> Asked:
        late = asyncio.timeout(self._seconds)
        try:
            async with late:
                return await self._followed(address)
        except Exception as error:  # noqa: BLE001 - a stranger's server may do anything, and all of it is an answer
            if late.expired():
                return Asked("unjudged", f"no answer within {self._seconds:g} seconds")
            return _gone_wrong(error)

    async def _followed(self, address: str) -> Asked:
        """The answer at the end of the redirects. Each place on the way is judged like the first."""
        url = httpx.URL(address)
        for _ in range(HOPS + 1):
            if url.scheme not in ("https", "http") or not url.host:
                return Asked("missing", "its address is none")
            if RESERVED.search(url.host):
                return Asked("unjudged", f"{url.host} leads nowhere from outside; not asked")
            answer = await self._get(url, 0)
            if answer.status not in _MOVED:
                return await self._judged(url, answer)
            url = url.join(answer.headers.get(b"location", b"").decode("latin-1"))
        return Asked("unjudged", f"over {HOPS} redirects")

    async def _judged(self, url: httpx.URL, answer: Answer) -> Asked:
        if answer.status in _GONE:
            return Asked("missing", f"its host answers {answer.status}")
        if answer.status not in (200, 206):
            return Asked("unjudged", f"its host answers {answer.status} to us")
        kind = answer.headers.get(b"content-type", b"").split(b";")[0].strip().lower()
        if kind and not kind.startswith(_KINDS):
            return Asked("missing", f"its host sends {kind.decode('latin-1')[:60]}, which is no picture")
        size = _size(answer)
        if size is None:  # its length is known at its end only
            size = len((await self._get(url, LARGE + 1)).body)
            if size > LARGE:
                return Asked("found", "over 1 MB", size)
        return Asked("found", "", size)

    async def _get(self, url: httpx.URL, most: int) -> Answer:
        """The head of an answer, and up to ``most`` bytes of its body."""
        tls = url.scheme == "https"
        host = url.raw_host.decode("ascii")
        connection = await self._network.connect(host, url.port or (443 if tls else 80), tls=tls)
        try:
            return await connection.ask(_request(url, first=not most), most)
        finally:
            connection.abort()


def _request(url: httpx.URL, *, first: bool) -> bytes:
    """Parsing has left nothing in a URL that could end a line."""
    lines = {
        "host": url.netloc.decode("ascii"),
        "accept": "image/*",
        "accept-encoding": "identity",
        "user-agent": "Posthouse-lint",
        **({"range": "bytes=0-0"} if first else {}),
        "connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return b"GET %b HTTP/1.1\r\n%b\r\n" % (url.raw_path, head.encode("latin-1"))


def _size(answer: Answer) -> int | None:
    """Bytes of the whole picture (RFC 9110 §14.4, §8.6)."""
    if answer.status == 206:
        total = _TOTAL.fullmatch(answer.headers.get(b"content-range", b"").strip())
        return int(total[1]) if total else None
    length = answer.headers.get(b"content-length", b"").strip()
    return int(length[:15]) if length.isdigit() else None


def _gone_wrong(error: Exception) -> Asked:
    """What became of a question that was not answered."""
    if isinstance(error, ForbiddenAddressError):
        return Asked("unjudged", str(error))
    cause = error.__cause__
    if isinstance(cause, socket.gaierror) and cause.errno in _NO_SUCH_NAME:
        return Asked("missing", str(error))
    if isinstance(error, httpx.InvalidURL | UnicodeError | ValueError) and not isinstance(error, ssl.SSLError):
        return Asked("missing", "its address is none")
    return Asked("unjudged", (str(error) or type(error).__name__)[:200])
