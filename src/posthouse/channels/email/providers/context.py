"""What every e-mail provider is given, and how it introduces itself."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

import msgspec

from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.outcomes import Refused, Scope
from posthouse.core.delivery.ports import Provider, SandboxStore
from posthouse.core.kernel.clock import Clock
from posthouse.core.messages.model import Channel


class MailHost(msgspec.Struct, frozen=True):
    """A host that takes mail for a domain; lower preference first."""

    preference: int
    name: str


class Resolver(Protocol):
    """The domain name system, as far as sending mail needs it."""

    async def mail_hosts(self, domain: str) -> Sequence[MailHost]:
        """The MX records as they are; empty when the domain exists without any.

        Raises:
            NoSuchDomainError: the domain does not exist.
            LookupFailedError: nobody knows just now.
        """
        ...

    async def addresses(self, host: str) -> Sequence[str]:
        """The IP addresses of a host, IPv6 and IPv4; empty when it has none or does not exist.

        Raises:
            LookupFailedError: nobody knows just now.
        """
        ...


Connected: TypeAlias = Callable[[str, int], None]


def _uncounted(_kind: str, _change: int) -> None:
    """For those who do not want to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderContext:
    """What providers carry in from the outside.

    Args:
        clock: gives the instants that are kept.
        hostname: how this machine introduces itself (EHLO) unless the provider's settings say otherwise.
        resolver: looks up MX and address records.
        sandbox: where the sandbox keeps messages.
        trusted: whether those who set up providers are the operator's own people. Strangers' providers reach public addresses
            only and read no files of this machine.
        allow_private: whether ``mx`` may connect to loopback, private and link-local addresses.
        ca_file: PEM file of the certificate authorities to trust; empty: those of the machine.
        chance: orders mail hosts of equal preference.
        connected: told of connections that were opened (1) or closed (-1), with the kind of provider.
    """

    clock: Clock
    hostname: str
    resolver: Resolver | None = None
    sandbox: SandboxStore | None = None
    trusted: bool = True
    allow_private: bool = False
    ca_file: str = ""
    chance: random.Random = field(default_factory=random.SystemRandom)
    connected: Connected = _uncounted

    def counter(self, kind: str) -> Callable[[int], None]:
        """Counts the connections of one kind of provider."""
        return lambda change: self.connected(kind, change)


Create: TypeAlias = Callable[[ProviderRow, dict[str, Any], ProviderContext], Provider]


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A kind of provider: its form, its reference and how to make one."""

    kind: str
    channel: Channel
    title: str
    settings: type[msgspec.Struct]
    secret: type[msgspec.Struct] | None
    docs: str
    check: Callable[[Mapping[str, Any]], object]
    """Judges settings before they are kept; ValidationError with pointers below ``/settings``."""
    create: Create


UNPROVED: Final = Refused(
    0,
    "5.7.1",
    "the sending domain was not proved by DNS, which is good enough for loopback providers only: "
    "publish the records that `posthouse domains check` asks for, then run it again",
    scope=Scope.PROVIDER,
)
"""What a provider that reaches the world says to a message of a domain whose proof was skipped."""
