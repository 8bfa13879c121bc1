"""Delivering straight to the servers of the people's domains."""

import asyncio
import ipaddress
from collections.abc import Sequence
from typing import Any

import msgspec

from posthouse.channels.email.model import Outbound
from posthouse.channels.email.providers.context import UNPROVED, ProviderContext, Resolver
from posthouse.channels.email.providers.mx.destinations import Destination, Destinations
from posthouse.channels.email.providers.mx.resolver import LookupFailedError, NoSuchDomainError
from posthouse.channels.email.providers.mx.routing import UndeliverableError, hosts_for, usable
from posthouse.channels.email.providers.mx.settings import MxSettings, read_settings
from posthouse.channels.email.smtp.opening import TlsContexts
from posthouse.channels.email.smtp.options import Limits, Security, Target
from posthouse.channels.email.smtp.pool import Pool
from posthouse.core.delivery.model import ProviderRow
from posthouse.core.delivery.outcomes import Accepted, Copy, Deferred, Outcome, Refused, Scope, Throttled
from posthouse.core.delivery.ports import Flight
from posthouse.core.kernel.errors import ValidationError
from posthouse.core.suppressions.model import Verdict


class MxProvider:
    """Direct delivery. Trouble with one domain is that domain's: it never pauses the others."""

    loopback = False

    def __init__(self, row: ProviderRow, settings: MxSettings, resolver: Resolver, context: ProviderContext) -> None:
        self.row = row
        self.concurrency = settings.max_connections
        self._settings = settings
        self._helo = settings.helo or context.hostname
        self._private = context.allow_private or (settings.allow_private and context.trusted)
        self._resolver = resolver
        self._chance = context.chance
        self._contexts = TlsContexts(context.ca_file)
        self._counted = context.counter("mx")
        self._pools: dict[str, Pool] = {}
        self._destinations = Destinations(
            context.clock.monotonic, settings.max_connections_per_domain, settings.rate_per_domain
        )

    async def send(self, outbound: Outbound, flight: Flight) -> Outcome:
        """One attempt. Each domain is a transaction of its own; the person's decides, copies elsewhere follow if it worked."""
        if outbound.manual_domain:
            return UNPROVED
        person, *others = _by_domain(outbound)
        outcome = await self._to_domain(*person, flight)
        if not (others and isinstance(outcome, Accepted)):
            return outcome
        results = await asyncio.gather(*(self._to_domain(*other, flight) for other in others))
        refused = [copy for (_, sent), result in zip(others, results, strict=True) for copy in _refused(sent, result)]
        return msgspec.structs.replace(outcome, refused_copies=(*outcome.refused_copies, *refused))

    async def close(self) -> None:
        """Says QUIT everywhere."""
        await asyncio.gather(*(pool.close() for pool in self._pools.values()))

    async def _to_domain(self, domain: str, outbound: Outbound, flight: Flight) -> Outcome:
        destination = self._destinations.of(domain)
        if (pausing := self._destinations.pausing(destination, domain)) is not None:
            return pausing
        destination.users += 1
        try:
            async with destination.gate:
                await destination.pace()
                hosts = await hosts_for(domain, self._resolver, self._chance, self._has_idle)
                outcome, reached = await self._to_hosts(hosts, outbound, flight)
        except UndeliverableError as error:
            return error.outcome
        except NoSuchDomainError as error:
            # A resolver of ours that is out of order says so of every domain: counted, and never believed at once.
            return Refused(0, "5.1.2", error.detail, domain, verdict=Verdict.SOFT)
        except LookupFailedError as error:
            return Deferred(0, "4.4.3", error.detail, domain)
        finally:
            destination.users -= 1
        return self._as_of_domain(outcome, domain, destination, reached=reached)

    async def _to_hosts(self, hosts: Sequence[str], outbound: Outbound, flight: Flight) -> tuple[Outcome, bool]:
        """Tries one host after the other until one listens; whether one did."""
        outcome: Outcome | None = None
        for host in hosts:
            if (known := self._destinations.known_down(host)) is not None:
                outcome = outcome or known
                continue
            outcome, reached = await self._pool(host).attempt(outbound, flight)
            if reached:
                self._destinations.reached(host)
                return outcome, True
            self._destinations.unreachable(host, outcome)
        return outcome or Deferred(0, "4.4.4", "the domain names no host that could be tried"), False

    def _as_of_domain(self, outcome: Outcome, domain: str, destination: Destination, *, reached: bool) -> Outcome:
        """What is about the way out for a relay is about one domain here."""
        if isinstance(outcome, Throttled):
            self._destinations.pause(destination, outcome.pause, outcome.text)
            return Deferred(outcome.code, "4.7.0", outcome.text, outcome.remote, retry_after=outcome.pause)
        if isinstance(outcome, Deferred) and outcome.scope is Scope.PROVIDER:
            scope = Scope.RECIPIENT if reached or outcome.code else self._destinations.silent(domain)
            return msgspec.structs.replace(outcome, scope=scope)
        return outcome

    # -- connections ---------------------------------------------------------------------------------------------------

    def _has_idle(self, host: str) -> bool:
        pool = self._pools.get(host)
        return pool is not None and pool.idle > 0

    def _pool(self, host: str) -> Pool:
        pool = self._pools.get(host)
        if pool is None:
            for name in [name for name, each in self._pools.items() if each.unused]:
                del self._pools[name]
            pool = self._pools[host] = self._new_pool(host)
        return pool

    def _new_pool(self, host: str) -> Pool:
        settings = self._settings
        limits = Limits(settings.max_connections_per_domain, settings.max_messages_per_connection)
        target = Target(
            host, settings.port, self._helo, Security(settings.tls), None, settings.timeouts, limits, delivers=True
        )

        async def addresses() -> Sequence[str]:
            return await self._addresses(host)

        return Pool(target, addresses, self._contexts, self._counted)

    async def _addresses(self, host: str) -> Sequence[str]:
        try:
            found = [str(ipaddress.ip_address(host))]
        except ValueError:
            try:
                found = list(await self._resolver.addresses(host))
            except LookupFailedError as error:
                raise OSError(error.detail) from error
        allowed = usable(found, self._settings.prefer, private=self._private)
        if found and not allowed:
            raise OSError("it has only private addresses, which direct delivery does not connect to")
        return allowed


def create(row: ProviderRow, secret: dict[str, Any], context: ProviderContext) -> MxProvider:  # noqa: ARG001
    """The provider of a row.

    Raises:
        ValidationError: the settings are wrong, or there is no resolver.
    """
    settings = read_settings(row.settings)
    if context.resolver is None:
        raise ValidationError("direct delivery needs a DNS resolver; this process was started without one")
    return MxProvider(row, settings, context.resolver, context)


def _by_domain(outbound: Outbound) -> list[tuple[str, Outbound]]:
    """The message once for each domain, the person's first."""
    groups: dict[str, list[str]] = {}
    for recipient in outbound.recipients:
        groups.setdefault(recipient.rpartition("@")[2].lower(), []).append(recipient)
    if len(groups) == 1:
        return [(next(iter(groups)), outbound)]
    return [(domain, msgspec.structs.replace(outbound, recipients=tuple(them))) for domain, them in groups.items()]


def _refused(outbound: Outbound, outcome: Outcome) -> list[Copy]:
    """The copies of a domain that did not go out. They are not tried again: the person has the message."""
    if isinstance(outcome, Accepted):
        return list(outcome.refused_copies)
    code = 0 if not isinstance(outcome, Refused | Deferred | Throttled) else outcome.code
    enhanced = outcome.enhanced if isinstance(outcome, Refused | Deferred) else ""
    return [Copy(recipient, code, enhanced, outcome.text) for recipient in outbound.recipients]
