"""Suppressions: an address that must not be written to on a channel, and why.

An address may have several at a time, one for each category and reason: a person who unsubscribed and whose mailbox closed
later has two, and taking one away leaves the other.
"""

import enum
from typing import Any, Final

import msgspec

from posthouse.core.kernel import ids
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel
from posthouse.core.templates.model import Category


class Covers(enum.IntEnum):
    """Which messages a suppression stops, by the category of their template."""

    ALL = 0
    TRANSACTIONAL = 1
    COMMERCIAL = 2

    @property
    def word(self) -> str:
        """The name outside: lower case."""
        return self.name.lower()

    def stops(self, category: Category) -> bool:
        """Whether a message of this category is stopped."""
        return self is Covers.ALL or self.word == category.value


class Reason(enum.IntEnum):
    """Why."""

    HARD_BOUNCE = 1
    """There is no such mailbox, or it takes no mail for good."""
    SOFT_BOUNCES = 2
    """Several messages in a row of days did not get through."""
    COMPLAINT = 3
    """The person called a message spam."""
    UNSUBSCRIBE = 4
    """The person does not want such messages."""
    MANUAL = 5
    """Somebody here said so."""

    @property
    def word(self) -> str:
        """The name outside: lower case."""
        return self.name.lower()

    @property
    def usual(self) -> Covers:
        """What an entry covers when nobody says: who unsubscribed still gets receipts."""
        return Covers.COMMERCIAL if self is Reason.UNSUBSCRIBE else Covers.ALL


class Action(enum.IntEnum):
    """What was done to a suppression, for the audit."""

    ADDED = 1
    CHANGED = 2
    """The same reason came again and reaches further: it ends later, or never."""
    REMOVED = 3

    @property
    def word(self) -> str:
        """The name outside: lower case."""
        return self.name.lower()


COVERS_BY_WORD: Final = {covers.word: covers for covers in Covers}
REASON_BY_WORD: Final = {reason.word: reason for reason in Reason}


class Verdict(enum.StrEnum):
    """Why a message did not get through, in the words that suppression works with."""

    HARD = "hard"
    """There is no such mailbox or domain, or it takes no mail for good."""
    FULL = "full"
    """The mailbox is full."""
    SOFT = "soft"
    """Trouble on the way that may pass: time-outs, networks, systems, rates."""
    BLOCK = "block"
    """The receiver or the person's filter does not want mail from us; the mailbox may well exist."""
    POLICY = "policy"
    """Rules of the receiver about senders: authentication, DNS names, relaying, permissions."""
    CONTENT = "content"
    """This message, not its sender: spam words, size, virus, malformed headers."""
    COMPLAINT = "complaint"
    """The person complained."""
    AUTO = "auto"
    """Nothing is wrong: an automatic answer, a challenge or a receipt."""
    UNKNOWN = "unknown"
    """The mail does not say, or not in words that we know."""


class Suppression(msgspec.Struct, frozen=True):
    """One reason why an address must not be written to. Instants in microseconds since the epoch."""

    id: Id
    workspace_id: Id
    channel: Channel
    address: str
    """As :func:`fold` leaves it: what it is compared by."""
    reason: Reason
    created_at: int
    covers: Covers = Covers.ALL
    source: str = ""
    """Where it came from: ``smtp``, ``returned mail``, ``unsubscribe``, ``api``, ``command line``, ``import``."""
    by: str = ""
    """Who: the identifier of an API key or the name of a system user; nobody for what a server told."""
    message_id: Id | None = None
    """The message that it was learnt from."""
    evidence: str = ""
    """The remote's own words, or a note."""
    expires_at: int | None = None
    """From when on it counts no more; None: never."""

    def holds(self, at: int) -> bool:
        """Whether it counts at an instant."""
        return self.expires_at is None or at < self.expires_at

    def reaches_beyond(self, other: "Suppression") -> bool:
        """Whether it holds longer than another of the same address and reason."""
        if other.expires_at is None:
            return False
        return self.expires_at is None or self.expires_at > other.expires_at


class LogEntry(msgspec.Struct, frozen=True):
    """What was done to a suppression, when and by whom: kept for good, removals too."""

    id: Id
    at: int
    action: Action
    suppression: Suppression


class Bounce(msgspec.Struct, frozen=True):
    """What a server said about one person, in a session or in a returned mail: what suppressions are learnt from."""

    workspace_id: Id
    channel: Channel
    address: str
    verdict: Verdict
    message_id: Id
    at: int
    source: str
    evidence: str = ""


class SoftBounce(msgspec.Struct, frozen=True):
    """A bounce that counts: with ``needed`` messages of this address since ``since`` the suppression takes effect."""

    suppression: Suppression
    message_id: Id
    at: int
    since: int
    needed: int


class SuppressionQuery(msgspec.Struct, frozen=True):
    """Filters of a list; all given ones must hold. Newest first, ``before`` is the paging cursor."""

    workspace_id: Id
    channel: Channel | None = None
    address: str | None = None
    reason: Reason | None = None
    covers: Covers | None = None
    holds_at: int | None = None
    """Leaves out what has expired by then."""
    before: Id | None = None
    limit: int = 50


def fold(address: str) -> str:
    """The form of an address that comparisons use. Mailboxes whose names differ in case only are one person's."""
    return address.casefold()


def facts(entry: Suppression) -> dict[str, Any]:
    """What is said of an entry where it stopped a message: in the answer, and in the event."""
    return {
        "suppression": ids.show(ids.SUPPRESSION, entry.id),
        "reason": entry.reason.word,
        "category": entry.covers.word,
        "since": entry.created_at,
        "text": entry.evidence[:500],
    }
