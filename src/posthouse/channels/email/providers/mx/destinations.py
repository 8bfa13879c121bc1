"""What is remembered of the domains and hosts that mail goes to: how many at a time, how fast, who is down."""

import asyncio
from collections.abc import Callable
from typing import Final

from posthouse.channels.email.smtp.pace import Bucket
from posthouse.core.delivery.outcomes import Outcome, Scope, Throttled
from posthouse.core.kernel.clock import SECOND

DOWN_FOR: Final = 30 * SECOND
"""A host that could not be reached is left alone for so long."""
CUT_OFF: Final = 5
"""So many different domains out of reach since the last one that answered: it is us, not them."""
MAX_KEPT: Final = 20_000


class Destination:
    """One domain."""

    def __init__(self, connections: int, rate: float) -> None:
        self.gate = asyncio.Semaphore(connections)
        self.users = 0
        self.paused_until = 0
        self.pause_text = ""
        self._bucket = Bucket(rate)

    async def pace(self) -> None:
        """Waits for this message's turn."""
        now = asyncio.get_running_loop().time
        while wait := self._bucket.take(now()):  # noqa: ASYNC110 - a bucket fills with time, nobody signals it
            await asyncio.sleep(wait)


class Destinations:
    """All domains and hosts.

    Args:
        now: microseconds that never step.
        connections: at a time to one domain.
        rate: messages a second to one domain, 0 for no limit.
    """

    def __init__(self, now: Callable[[], int], connections: int, rate: float) -> None:
        self._now = now
        self._connections = connections
        self._rate = rate
        self._domains: dict[str, Destination] = {}
        self._down: dict[str, tuple[int, Outcome]] = {}
        self._silent: set[str] = set()

    def of(self, domain: str) -> Destination:
        """The domain's record."""
        found = self._domains.get(domain)
        if found is None:
            if len(self._domains) >= MAX_KEPT:
                self._forget()
            found = self._domains[domain] = Destination(self._connections, self._rate)
        return found

    def _forget(self) -> None:
        now = self._now()
        self._domains = {name: each for name, each in self._domains.items() if each.users or each.paused_until > now}
        self._down = {host: entry for host, entry in self._down.items() if entry[0] > now}

    def pause(self, destination: Destination, microseconds: int, text: str) -> None:
        """The domain wants a pause."""
        destination.paused_until = self._now() + microseconds
        destination.pause_text = text

    def pausing(self, destination: Destination, domain: str) -> Throttled | None:
        """What a message hears while its domain pauses."""
        left = destination.paused_until - self._now()
        if left <= 0:
            return None
        text = f"{domain} asked for a pause: {destination.pause_text}"
        return Throttled(left, text, domain, scope=Scope.RECIPIENT)

    def unreachable(self, host: str, outcome: Outcome) -> None:
        """Remembers that a host is down."""
        self._down[host] = (self._now() + DOWN_FOR, outcome)

    def known_down(self, host: str) -> Outcome | None:
        """What happened at a host that is left alone just now."""
        entry = self._down.get(host)
        return entry[1] if entry is not None and entry[0] > self._now() else None

    def reached(self, host: str) -> None:
        """A host answered: it is up, and so is our network."""
        self._down.pop(host, None)
        self._silent.clear()

    def silent(self, domain: str) -> Scope:
        """No host of a domain answers: whose fault is it?"""
        if len(self._silent) < CUT_OFF:
            self._silent.add(domain)
        return Scope.PROVIDER if len(self._silent) >= CUT_OFF else Scope.RECIPIENT
