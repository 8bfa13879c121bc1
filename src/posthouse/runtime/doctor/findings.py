"""What an examination finds."""

import enum
from collections.abc import Sequence

import msgspec


class Level(enum.StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Works, but will bite."""
    ERROR = "error"
    """Does not work."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was looked at."""

    about: str
    """``store``, ``disk``, ``clock``, ``files``, ``limits``, ``dns``, ``provider relay``, ``domain shop.example``, ``queue``…"""
    level: Level
    said: str
    advice: str = ""
    """What to do; empty when all is well."""


class Report(msgspec.Struct, frozen=True):
    """Everything that was found, at an instant (microseconds)."""

    at: int
    findings: Sequence[Finding]

    @property
    def worst(self) -> Level:
        """The worst level found."""
        levels = [finding.level for finding in self.findings]
        return max(levels, key=list(Level).index, default=Level.OK)


def ok(about: str, said: str) -> Finding:
    """All is well."""
    return Finding(about, Level.OK, said)


def warning(about: str, said: str, advice: str) -> Finding:
    """Works, but."""
    return Finding(about, Level.WARNING, said, advice)


def error(about: str, said: str, advice: str) -> Finding:
    """Does not work."""
    return Finding(about, Level.ERROR, said, advice)
