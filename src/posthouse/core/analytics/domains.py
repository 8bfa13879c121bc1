"""Mailbox providers by the domain of an address (domains.toml). Only the group is kept in statistics, never an address."""

import tomllib
from functools import lru_cache
from typing import Final

import msgspec

OTHER: Final = "other"


class _Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    names: tuple[str, ...] = ()
    families: tuple[str, ...] = ()


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    groups: dict[str, _Group]


class DomainGroups:
    """Finds the group of an address.

    Args:
        text: domains.toml.
    """

    def __init__(self, text: str) -> None:
        file = msgspec.convert(tomllib.loads(text), _File)
        self.version = file.version
        self.words = (*file.groups, OTHER)
        self._names = {name: word for word, group in file.groups.items() for name in group.names}
        self._of_domain = lru_cache(maxsize=16_384)(self._find)
        self._families = {family: word for word, group in file.groups.items() for family in group.families}

    def of(self, address: str) -> str:
        """The group of an e-mail address; ``other`` for one that is in none."""
        return self._of_domain(address.rpartition("@")[2])

    def _find(self, written: str) -> str:
        domain = written.lower()
        found = self._names.get(domain)
        if found is not None:
            return found
        label, _, rest = domain.partition(".")
        # a family has two or three labels: hotmail.fr and yahoo.co.uk, but not live.shop.example
        country = rest.split(".")
        is_family = (len(country) == 1 and rest != "") or (
            len(country) == 2 and len(country[0]) <= 3 and len(country[1]) == 2
        )
        return self._families.get(label, OTHER) if is_family else OTHER
