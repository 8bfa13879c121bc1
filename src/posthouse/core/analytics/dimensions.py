"""What events can be filtered and grouped by, and the words for their values."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from posthouse.core.analytics.model import Kind
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.messages.model import Channel, Lane


class Dimension(NamedTuple):
    """One dimension: the columns that tell it, the rows that are needed for it, what it is."""

    columns: tuple[str, ...]
    kind: Kind
    says: str


DIMENSIONS: Final[Mapping[str, Dimension]] = {
    "template": Dimension(("template",), Kind.COARSE, "the template's key"),
    "version": Dimension(("template", "version"), Kind.COARSE, "the version of the template"),
    "release": Dimension(
        ("template", "version", "channel", "locale"),
        Kind.FINE,
        "the release: one version of a template in one channel and language",
    ),
    "channel": Dimension(("channel",), Kind.COARSE, "the channel"),
    "lane": Dimension(("lane",), Kind.COARSE, "the lane"),
    "mode": Dimension(("live",), Kind.COARSE, "live or test"),
    "source": Dimension(("source",), Kind.COARSE, "the name of the key that the message came with"),
    "locale": Dimension(("locale",), Kind.FINE, "the locale of the release"),
    "provider": Dimension(("provider",), Kind.FINE, "the name of the provider that took or refused it"),
    "domain": Dimension(("domain",), Kind.FINE, "the recipient's mailbox provider"),
    "tag": Dimension(("tag",), Kind.TAGS, "a tag; a message with three tags counts three times"),
    "step": Dimension(("tag",), Kind.STEPS, "the automation and its step that the message came with, `KEY/STEP`"),
}
FILTERS: Final = tuple(name for name in DIMENSIONS if name not in {"mode", "release"})
"""Those that are parameters of their own; ``mode`` is a parameter of every list, a release what its parts are."""
_CHANNELS: Final = {channel.name.lower(): int(channel) for channel in Channel}
_LANES: Final = {lane.name.lower(): int(lane) for lane in Lane}


class Names(msgspec.Struct, frozen=True):
    """Words of what is kept by identifier: by hexadecimal, ``''`` for none."""

    templates: Mapping[str, str]
    sources: Mapping[str, str]
    providers: Mapping[str, str]
    domains: tuple[str, ...]

    def word(self, dimension: str, values: tuple[str | int, ...]) -> str | None:
        """How a value is shown; None for none (no template, no provider yet)."""
        first = values[0]
        if dimension == "version":
            key = self.word("template", (first,))
            return None if key is None else f"{key}@{values[1]}"
        if dimension == "release":
            version = self.word("version", values[:2])
            return None if version is None else f"{version} {self.word('channel', values[2:3])} {values[3]}"
        if dimension == "mode":
            return "live" if first else "test"
        if dimension in ("channel", "lane"):
            return (Channel if dimension == "channel" else Lane)(int(first)).name.lower()
        words = {"template": self.templates, "source": self.sources, "provider": self.providers}.get(dimension)
        if not first:
            return None
        return str(first) if words is None else words.get(str(first), f"(removed {str(first)[-8:]})")

    def values(self, dimension: str, word: str) -> tuple[str | int, ...]:
        """What rows hold for a word; several where several things have that name.

        Raises:
            ValueError: there is no such thing; says what is meant, perhaps.
        """
        if dimension in ("locale", "tag", "step"):
            return (word,)
        if dimension == "version":
            return (_number(word),)
        if dimension == "domain" and word in self.domains:
            return (word,)
        words = self._words(dimension)
        found = tuple([value for value, known in words.items() if known == word])
        if not found:
            known = sorted(set(words.values()))
            hint = did_you_mean(word, known) or (
                "; write one of " + ", ".join(known[:12]) if known else "; there is none"
            )
            raise ValueError(f'"{word[:64]}" is no {dimension} of this workspace{hint}')
        return found

    def _words(self, dimension: str) -> Mapping[str | int, str]:
        tables: dict[str, Mapping[Any, str]] = {
            "channel": {number: word for word, number in _CHANNELS.items()},
            "lane": {number: word for word, number in _LANES.items()},
            "template": self.templates,
            "source": self.sources,
            "provider": self.providers,
            "domain": {word: word for word in self.domains},
        }
        return tables[dimension]


def _number(word: str) -> int:
    if not word.isascii() or not word.isdigit() or len(word) > 9:
        raise ValueError(f'"{word[:64]}" is no version; write its number')
    return int(word)
