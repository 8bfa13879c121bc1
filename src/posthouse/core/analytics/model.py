"""What events are counted by, and what one turn of the roll-up adds."""

import enum
import hashlib
from functools import lru_cache
from typing import NamedTuple

import msgspec

from posthouse.core.kernel.ids import Id


class Kind(enum.IntEnum):
    """Which dimensions a row of the roll-ups tells apart: the fewer, the fewer rows a question has to read."""

    COARSE = 0
    """Template, version, channel, lane, mode and source."""
    FINE = 1
    """These and locale, provider and recipient domain."""
    TAGS = 2
    """Those of COARSE and one tag: a message with three tags counts in three rows."""
    STEPS = 3
    """Those of COARSE and the step of an automation, in the column of tags."""


class Grain(enum.IntEnum):
    """A kind of row by hour, by day (of the workspace's time zone) or by week from Monday, which rows that are many have too."""

    COARSE_HOUR = 0
    COARSE_DAY = 1
    FINE_HOUR = 2
    FINE_DAY = 3
    TAGS_HOUR = 4
    TAGS_DAY = 5
    FINE_WEEK = 6
    TAGS_WEEK = 7
    STEPS_HOUR = 8
    STEPS_DAY = 9
    STEPS_WEEK = 10


class Combo(NamedTuple):
    """One combination of values that was seen. Identifiers are hexadecimal; '' stands for none and for what the kind does not tell apart."""

    workspace_id: Id
    kind: int
    template: str
    version: int
    channel: int
    lane: int
    live: int
    source: str
    locale: str = ""
    provider: str = ""
    domain: str = ""
    tag: str = ""

    @property
    def scope(self) -> "Combo":
        """The coarse combination it belongs to: how many may belong to one is bounded."""
        return self._replace(kind=int(Kind.COARSE), locale="", provider="", domain="", tag="")


@lru_cache(maxsize=65_536)
def number_of(combo: Combo) -> int:
    """63 bits that stand for a combination: made from it, so that nobody has to look it up."""
    words = "\x1f".join([combo.workspace_id.hex(), *map(str, combo[1:])])
    return int.from_bytes(hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1


class Fact(NamedTuple):
    """An event with what its message is counted by."""

    seq: int
    message_id: Id
    workspace_id: Id
    type: int
    at: int
    key: str
    data: bytes | None
    verdict: int | None
    """Told again since, if it was."""
    created_at: int
    due_at: int
    template: str
    version: int
    channel: int
    lane: int
    live: int
    source: str
    locale: str
    recipient: str
    tags: str | None
    """JSON array."""


class Seen(enum.IntFlag):
    """What happened to a message before, as far as it counts once."""

    OPENED = 1
    OPENED_HUMAN = 2
    CLICKED = 4
    CLICKED_HUMAN = 8
    UNSUBSCRIBED = 16
    CONVERTED = 32


class Before(msgspec.Struct):
    """What was counted of a message before a turn."""

    seen: int = 0
    sent: bool = False
    provider: str = ""
    """Of the one that took it."""
    bounced: bool = False
    complained: bool = False


class Cell(msgspec.Struct):
    """What a turn adds to one row: by place in COLUMNS, and by span and bucket."""

    counts: dict[int, int]
    latencies: dict[int, int]


class Place(NamedTuple):
    """Where a cell stands, in the order of the table. ``period`` is hours since the epoch, or the (first) day since 1 January 1970."""

    workspace_id: Id
    grain: int
    period: int
    combo: int
    """The number of its combination."""


class Step(msgspec.Struct):
    """What one turn adds."""

    cells: dict[Place, Cell]
    seen: dict[Id, int]
    """What is now seen of messages, where that changed."""
    zones: dict[Id, str] = {}
    """Time zones of the days of workspaces that were met for the first time."""
    combos: dict[int, Combo] = {}
    """Combinations by number: those of the cells, or those of them that may be new."""


class Position(msgspec.Struct, frozen=True):
    """How far roll-ups are."""

    edition: int
    """Which of the tables: a recount fills the next one beside the one that answers."""
    seq: int
    """The last event that is in them."""
