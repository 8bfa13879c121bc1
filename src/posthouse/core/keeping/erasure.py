"""The removal of one person: what is to be done, how far it came, and the receipt that stays."""

import enum

import msgspec

from posthouse.core.kernel.ids import Id


class Phase(enum.IntEnum):
    """What is done, in this order. Each can be done again without harm."""

    MESSAGES = 0
    """Messages to the person: those that wait are withdrawn, all are emptied."""
    SUPPRESSIONS = 1
    """Entries of the list go on under a keyed hash, so that nobody writes to the person again."""
    STRIKE = 2
    """Every other place that names the person."""
    PROVE = 3
    """All of it is looked through once more."""
    DONE = 4


class Erasure(msgspec.Struct, omit_defaults=True):
    """One removal. Whom it is about stands in it sealed, and only until it is done."""

    id: Id
    workspace_id: Id
    created_at: int
    source: str
    """``api`` or ``command line``."""
    by: str
    """The identifier of a key, or the name of a system user."""
    pseudonyms: tuple[str, ...] = ()
    """Keyed hashes of the addresses: whoever has the address and the master key can tell later that this was it."""
    sealed: bytes = b""
    phase: Phase = Phase.MESSAGES
    table: int = 0
    """Which table is being looked through."""
    position: str = ""
    """How far: the key of the last row, as JSON."""
    rounds: int = 0
    """How often everything was looked through."""
    found: dict[str, int] = {}
    """What the proof found so far, by table."""
    digests: tuple[bytes, ...] = ()
    """Files that the person's messages carried, and that were seen nowhere else yet."""
    counts: dict[str, int] = {}
    """Rows that were emptied, changed or removed, by table."""
    by_hand: dict[str, int] = {}
    """Rows of your own texts and settings that name the person: these are never changed by themselves."""
    token: int = 0
    held_until: int = 0
    ended_at: int | None = None
