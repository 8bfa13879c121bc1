"""What can be set for direct delivery."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from posthouse.channels.email.providers.fields import read_fields
from posthouse.channels.email.providers.smtp.settings import Connections, Count, MaybeHostName, Port, Rate, Seconds
from posthouse.channels.email.smtp.options import Timeouts


class MxSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of the provider ``mx``."""

    helo: MaybeHostName = ""
    """How we introduce ourselves: the name that the reverse lookup of our address gives. Empty: the machine's name."""
    tls: Literal["opportunistic", "none"] = "opportunistic"
    """TLS where the server offers it, with any certificate (RFC 7435), or never."""
    prefer: Literal["ipv4", "ipv6"] = "ipv4"
    """Which kind of address is tried first; the other one comes after it."""
    port: Port = 25
    """Where servers listen. Another one is for tests."""
    max_connections: Connections = 100
    """Messages under way at a time, for each dispatch process."""
    max_connections_per_domain: Connections = 5
    """Connections to one domain at a time."""
    max_messages_per_connection: Count = 100
    """Then a new connection. 0: no limit."""
    rate_per_domain: Rate = 0.0
    """Messages a second to one domain. 0: no limit."""
    allow_private: bool = False
    """Whether loopback, private and link-local addresses may be connected to. For tests and closed networks."""
    connect_timeout: Seconds = 15.0
    """Seconds for the TCP connection, for each address."""
    greeting_timeout: Seconds = 60.0
    """Seconds for the server's first line."""
    command_timeout: Seconds = 60.0
    """Seconds for the answer to a command."""
    block_timeout: Seconds = 120.0
    """Seconds without any of a large message getting out."""
    end_timeout: Seconds = 300.0
    """Seconds for the answer after the final dot."""
    idle_timeout: Seconds = 5.0
    """Seconds after which a connection with nothing to do is closed."""

    @property
    def timeouts(self) -> Timeouts:
        """All of them, as the client takes them."""
        return Timeouts(
            connect=self.connect_timeout,
            greeting=self.greeting_timeout,
            command=self.command_timeout,
            block=self.block_timeout,
            end=self.end_timeout,
            idle=self.idle_timeout,
        )


def read_settings(settings: Mapping[str, Any]) -> MxSettings:
    """The settings of a row.

    Raises:
        ValidationError: pointers below ``/settings``.
    """
    return read_fields(MxSettings, settings, "/settings")
