"""Handing messages to a relay."""

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

from posthouse.channels.email.model import Outbound
from posthouse.channels.email.providers.context import UNPROVED, ProviderContext
from posthouse.channels.email.providers.smtp.settings import SmtpSecret, SmtpSettings, read_secret, read_settings
from posthouse.channels.email.smtp.opening import TlsContexts
from posthouse.channels.email.smtp.options import Credentials, Limits, Target
from posthouse.channels.email.smtp.pool import Pool
from posthouse.channels.reach import is_public
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.outcomes import Outcome
from posthouse.core.delivery.ports import Flight


class SmtpProvider:
    """A relay and the connections to it."""

    def __init__(self, row: ProviderRow, settings: SmtpSettings, secret: SmtpSecret, context: ProviderContext) -> None:
        self.row = row
        self.concurrency = settings.max_connections
        self.loopback = context.trusted and is_loopback(settings.host)
        self._trusted = context.trusted
        self._host = settings.host.strip("[]")
        self._port = settings.port
        target = Target(
            self._host,
            settings.port,
            settings.helo or context.hostname,
            settings.security,
            _credentials(settings, secret),
            settings.timeouts,
            Limits(settings.max_connections, settings.max_messages_per_connection, settings.rate),
            trusted_path=self.loopback,
        )
        self._pool = Pool(
            target,
            self._addresses,
            TlsContexts((context.trusted and settings.ca_file) or context.ca_file),
            context.counter("smtp"),
        )

    async def send(self, outbound: Outbound, flight: Flight) -> Outcome:
        """One attempt."""
        if outbound.manual_domain and not self.loopback:
            return UNPROVED
        return await self._pool.send(outbound, flight)

    async def close(self) -> None:
        """Says QUIT on every connection."""
        await self._pool.close()

    async def _addresses(self) -> Sequence[str]:
        found = await asyncio.get_running_loop().getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
        allowed = [
            each for each in addresses if self._trusted or is_public(ipaddress.ip_address(each.partition("%")[0]))
        ]
        if addresses and not allowed:
            raise OSError("it has only private addresses, which providers may not reach here (workspaces.trusted)")
        return allowed


def create(row: ProviderRow, secret: dict[str, Any], context: ProviderContext) -> SmtpProvider:
    """The provider of a row.

    Raises:
        ValidationError: the settings or the secret are wrong.
    """
    settings = read_settings(row.settings)
    return SmtpProvider(row, settings, read_secret(secret, settings.username), context)


def is_loopback(host: str) -> bool:
    """Whether a host can only be this machine."""
    host = host.strip("[]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _credentials(settings: SmtpSettings, secret: SmtpSecret) -> Credentials | None:
    return Credentials(settings.username, secret.password, secret.token) if settings.username else None
