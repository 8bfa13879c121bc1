"""The rules that tell people from machines (rules.toml), read into a form that answers in microseconds."""

import ipaddress
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

import msgspec

from posthouse.core.messages.model import EventType
from posthouse.core.tracking.model import VERDICT_BY_WORD, Facts, Judged

_WIDTH: Final = {4: 24, 6: 48}


class Timing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds, and how many links."""

    open_too_soon: float
    click_too_soon: float
    burst_links: int
    burst_seconds: float


class Around(NamedTuple):
    """What one network did with one message around a click."""

    links: int = 1
    """How many different links it followed."""
    head: bool = False
    """Whether it asked for the headers of the same link."""


_ALONE: Final = Around()
_Said = tuple[str, str]
"""Word of a verdict, and the reason."""


class _Agent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str = ""
    contains: str = ""
    equals: str = ""
    opens: str = "machine"
    clicks: str = "machine"


class _Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    ranges: tuple[str, ...]
    opens: str = "machine"
    clicks: str = "machine"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    timing: Timing
    user_agents: tuple[_Agent, ...]
    networks: tuple[_Network, ...]
    people: tuple[_Agent, ...]


class Rules:
    """Tells who opened or clicked.

    Args:
        text: rules.toml.
    """

    def __init__(self, text: str) -> None:
        file = msgspec.convert(tomllib.loads(text), _File)
        self.version = file.version
        self.timing = file.timing
        self._agents = file.user_agents
        self._people = tuple([agent.contains for agent in file.people])
        self._networks: dict[tuple[int, int, int], _Network] = {}
        for network in file.networks:
            for word in network.ranges:
                found = ipaddress.ip_network(word)
                self._networks[found.version, found.prefixlen, int(found.network_address)] = network
        self._by_agent = lru_cache(maxsize=4096)(self._agent)
        self._by_network = lru_cache(maxsize=4096)(self._network)
        self._lengths = {
            version: sorted({length for kind, length, _ in self._networks if kind == version}, reverse=True)
            for version in _WIDTH
        }

    def judge(self, kind: EventType, facts: Facts, around: Around | None = None) -> Judged:
        """The verdict on one request.

        Args:
            kind: OPENED or CLICKED.
            facts: what is known of it.
            around: what the same network did with the same message at the time.
        """
        clicked = kind is EventType.CLICKED
        found = self._by_conduct(facts, around or _ALONE, clicked=clicked)
        if found is None:
            rule, found = self._by_agent(facts.agent)
            known = rule or self._by_network(facts.network)
            if known is not None:
                found = (known.clicks if clicked else known.opens), known.name
        return Judged(VERDICT_BY_WORD[found[0]], found[1], self.version)

    def _by_conduct(self, facts: Facts, around: Around, *, clicked: bool) -> _Said | None:
        soon = self.timing.click_too_soon if clicked else self.timing.open_too_soon
        if facts.trap:
            return "machine", "hidden-link"
        if facts.head:
            return "machine", "head-request"
        if facts.after is not None and facts.after < soon * 1000:
            return "machine", "too-soon"
        if clicked and around.head:
            return "machine", "head-before"
        return ("machine", "many-links-at-once") if clicked and around.links >= self.timing.burst_links else None

    def _agent(self, agent: str) -> tuple[_Agent | None, _Said]:
        """The rule for a user agent, and what it looks like where there is none."""
        lower = agent.lower().strip()
        for rule in self._agents:
            if (rule.contains and rule.contains in lower) or (rule.equals and rule.equals == lower):
                return rule, ("machine", rule.name)
        if not lower:
            return None, ("machine", "no-user-agent")
        if any(word in lower for word in self._people):
            return None, ("human", "looks-like-a-person")
        return None, ("unknown", "unknown-user-agent")

    def reasons(self) -> Iterable[str]:
        """Every reason that may be given."""
        own = ("hidden-link", "head-request", "too-soon", "head-before", "many-links-at-once", "no-user-agent", "looks-like-a-person",
               "unknown-user-agent")  # fmt: skip
        return dict.fromkeys(
            (*own, *(rule.name for rule in self._agents), *(net.name for net in self._networks.values()))
        )

    def knows_network(self, word: str) -> bool:
        """Whether a network is one of the rules: many read through it."""
        return self._by_network(word) is not None

    def _network(self, word: str) -> _Network | None:
        if not word:
            return None
        try:
            network = ipaddress.ip_network(word)
        except ValueError:
            return None
        version, number, bits = network.version, int(network.network_address), network.max_prefixlen
        for length in self._lengths[version]:
            found = self._networks.get((version, length, number >> (bits - length) << (bits - length)))
            if found is not None:
                return found
        return None


@lru_cache(maxsize=4096)
def network_of(address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> str:
    """Where an address belongs, as far as we keep it: nobody is found by it."""
    if address is None:
        return ""
    width, bits = _WIDTH[address.version], address.max_prefixlen
    number = int(address) >> (bits - width) << (bits - width)
    return f"{type(address)(number)}/{width}"


def around_of(at: int, facts: Facts, hits: Iterable[tuple[int, Facts]], timing: Timing) -> Around:
    """What the network of one click did with the same message around its time (microseconds)."""
    reach = timing.burst_seconds * 1_000_000
    links = {(facts.link, facts.occurrence)}
    head = False
    for when, other in hits:
        if other.network == facts.network and abs(when - at) <= reach and not other.trap:
            links.add((other.link, other.occurrence))
            head = head or (other.head and other.link == facts.link)
    return Around(len(links), head)
