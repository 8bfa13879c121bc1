"""How much the addresses of one mail may write: whoever has a token can ask a million times, and must not fill a disk with it.

Bounded is what is written down, never what is answered. Counted in the memory of each process, by the hour; only a message that is
asked for unusually often is looked up, so an ordinary hit costs three additions (under 3 µs).
"""

import ipaddress
from functools import lru_cache
from typing import Final

from posthouse.core.kernel.clock import HOUR, Clock
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import EventType

MOST_AN_HOUR: Final = 100
"""Opens and clicks of one message that a process writes down in an hour."""
MOST_OF_A_NETWORK: Final = 50
"""How many of these may come from one network (/24, /48): a replay leaves room for the reader."""
UNUSUAL: Final = 20
"""From so many an hour on a message is looked up."""
MOST_EVER: Final = 2_000
"""Opens and clicks of a message, each, beyond which an unusual number is not written down any more."""
CHANGES_AN_HOUR: Final = 10
CHANGES_EVER: Final = 50
"""Answers to ratings, and subscribing again, of one message."""
REMEMBERED: Final = 100_000
"""Counts that a process keeps before it begins anew."""
_OWN: Final = tuple(
    ipaddress.ip_network(word)
    for word in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "::/48", "fc00::/7", "fe80::/10")
)


class Bounds:
    """Counts the hour.

    Args:
        clock: the time.
        network_limit: opens, clicks and answers of all messages together that a process writes down for one network in an hour; 0: without end.
    """

    def __init__(self, clock: Clock, network_limit: int = 20_000) -> None:
        self._clock = clock
        self._network_limit = network_limit
        self._hour = -1
        self._counts: dict[object, int] = {}
        self._full: set[tuple[Id, EventType]] = set()
        self._unusual: set[Id] = set()

    def takes(self, message_id: Id, kind: EventType, network: str, *, known: bool = False) -> bool:
        """Counts a hit, and says whether it is within bounds.

        Args:
            message_id: of what message.
            kind: what happened.
            network: where from (/24 or /48).
            known: the network is a scanner's or proxy's through which many read.
        """
        counts = self._of_this_hour()
        of_message = counts.get(message_id, 0)
        if of_message >= MOST_AN_HOUR or (message_id, kind) in self._full:
            return False
        if network and not known and not is_own(network):
            of_both, of_network = counts.get((message_id, network), 0), counts.get(network, 0)
            if of_both >= MOST_OF_A_NETWORK or 0 < self._network_limit <= of_network:
                return False  # and takes nothing from what others may write
            counts[message_id, network], counts[network] = of_both + 1, of_network + 1
        counts[message_id] = of_message + 1
        if of_message + 1 == UNUSUAL:
            self._unusual.add(message_id)
        return True

    def unusual(self) -> set[Id]:
        """Messages that were asked for unusually often just now, each once an hour: it is time to look up how often in all."""
        found, self._unusual = self._unusual, set()
        return found

    def fill(self, message_id: Id, kind: EventType) -> None:
        """A message has had enough of a kind."""
        self._full.add((message_id, kind))

    def takes_change(self, message_id: Id, kind: EventType, before: int) -> bool:
        """Counts something that a person says on a page of ours.

        Args:
            message_id: of what message.
            kind: what is said.
            before: how often it was said in all.
        """
        counts = self._of_this_hour()
        count = counts[message_id, kind] = counts.get((message_id, kind), 0) + 1
        return count <= CHANGES_AN_HOUR and before < CHANGES_EVER

    def _of_this_hour(self) -> dict[object, int]:
        hour = self._clock.now() // HOUR
        if hour != self._hour or len(self._counts) > REMEMBERED:
            self._hour, self._counts = hour, {}
            self._full.clear()
        return self._counts


@lru_cache(maxsize=4096)
def is_own(network: str) -> bool:
    """Whether a network is not of the Internet: behind it stands a proxy of the house, and everybody comes from there."""
    found = ipaddress.ip_network(network)
    return any(found.version == own.version and found.subnet_of(own) for own in _OWN)  # type: ignore[arg-type]  # of one version
