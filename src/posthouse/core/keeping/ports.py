"""What the room of keeping needs from outside."""

import enum
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol

from posthouse.core.keeping.erasure import Erasure
from posthouse.core.keeping.person import Naming, Person
from posthouse.core.keeping.scrubbing import Aged, Left, Less, Told
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Status


class Step(enum.IntEnum):
    """What is erased, in this order."""

    CONTENT = 1
    EVENTS = 2


class Mark(NamedTuple):
    """Where the erasing of one step stands among the messages of one template (None: of no template)."""

    template_id: Id | None
    step: Step


class Bite(NamedTuple):
    """What one transaction erases."""

    mark: Mark
    since: Id
    """Where the mark stood."""
    until: Id
    """Where it stands afterwards."""
    left: Sequence[Left] = ()
    facts: Sequence[Less] = ()
    words: Sequence[tuple[int, Id]] = ()
    eventless: Sequence[Id] = ()
    """Messages whose events go."""
    later: Sequence[Id] = ()
    """Messages that wait to be sent: they are looked at again once they have ended."""
    ended: Sequence[Id] = ()
    """The others: they need not be looked at again, also where nothing was left to erase."""


class Gone(NamedTuple):
    """How many rows a bite changed or removed, and whether the mark was still where it was said to be."""

    held: bool
    messages: int = 0
    events: int = 0


class RetentionStore(Protocol):
    """Erases what is old, a little at a time."""

    async def retention_classes(self, workspace_id: Id) -> dict[Id, str]:
        """The class of each template, as its live version names it."""
        ...

    async def retention_marks(self, workspace_id: Id) -> dict[Mark, Id]:
        """Where each step stands; those that never began are left out."""
        ...

    async def aged(self, workspace_id: Id, template_id: Id | None, after: Id, before: Id, limit: int) -> list[Aged]:
        """Messages of a template with ``after < id < before``, oldest first."""
        ...

    async def put_off(self, workspace_id: Id, after: tuple[Id, int], limit: int) -> list[tuple[Mark, Aged]]:
        """Messages that were passed over because they waited to be sent, and have ended since: those behind a message and step, in their order."""
        ...

    async def facts_of(self, message_ids: Sequence[Id]) -> list[Told]:
        """Their facts, but for those without any data."""
        ...

    async def erase(self, workspace_id: Id, bite: Bite) -> Gone:
        """Erases in one transaction, and moves the mark.

        Events that somebody has yet to read, and the newest of all, stay: their messages are looked at again later.
        """
        ...

    async def drop_events_before(self, instant: int) -> int:
        """Drops whole partitions of events whose messages were all accepted before an instant; how many.

        Only where the store has partitions, everybody has read what is in them, and nothing of their time waits to be sent.
        """
        ...

    async def count_aged(self, workspace_id: Id, template_id: Id | None, after: Id, before: Id) -> int:
        """How many messages :meth:`aged` would give."""
        ...

    async def forget_uploads(self, workspace_id: Id, before: int, limit: int) -> int:
        """Removes files that no message was given since an instant, unless a message from before it still waits; how many."""
        ...


class Hit(NamedTuple):
    """A row that names a person."""

    key: tuple[Any, ...]
    values: dict[str, Any]
    """Its columns with words in them."""


class Scanned(NamedTuple):
    """Some rows of a table, looked through."""

    hits: list[Hit]
    last: str | None
    """Where to look on; None: that was all of the table."""
    files: set[bytes]
    """Files that these rows name."""


class ErasureStore(Protocol):
    """Removes a person. Whatever changes a removal answers None when somebody else holds it by now, and has then changed nothing of it."""

    @property
    def tables(self) -> Sequence[str]:
        """Every table that a person could stand in: those that are about persons first, those of `by_hand` last."""
        ...

    @property
    def by_hand(self) -> Collection[str]:
        """Tables of texts, settings and files: told, never changed."""
        ...

    async def add_erasure(self, erasure: Erasure) -> None:
        """Keeps a new removal."""
        ...

    async def erasure(self, workspace_id: Id, erasure_id: Id) -> Erasure | None:
        """A removal of a workspace."""
        ...

    async def erasures(self, workspace_id: Id) -> list[Erasure]:
        """The newest fifty of a workspace."""
        ...

    async def open_erasures(self) -> list[Erasure]:
        """Those of all workspaces that are not done, oldest first."""
        ...

    async def hold_erasure(self, erasure_id: Id, token: int, now: int, until: int) -> Erasure | None:
        """Takes or keeps the right to go on with one; as it is now. None: it is done, or another has it."""
        ...

    async def keep_erasure(self, erasure: Erasure) -> Erasure | None:
        """Keeps how far it came."""
        ...

    async def persons_messages(self, workspace_id: Id, recipients: Sequence[str], limit: int) -> list[Aged]:
        """Messages to any of these, pseudonyms among them."""
        ...

    async def ended_of(self, message_ids: Sequence[Id]) -> set[Id]:
        """Those that do not wait to be sent."""
        ...

    async def cancel(self, workspace_id: Id, message_id: Id, at: int, why: str = "") -> Status | None:
        """See MessageStore."""
        ...

    async def facts_of(self, message_ids: Sequence[Id]) -> list[Told]:
        """See RetentionStore."""
        ...

    async def empty_messages(
        self, erasure: Erasure, left: Sequence[Left], facts: Sequence[Less], words: Sequence[tuple[int, Id]]
    ) -> Erasure | None:
        """Empties messages, their facts, and what hangs on them."""
        ...

    async def hash_suppressions(self, erasure: Erasure, places: Sequence[tuple[Channel, str, str]]) -> Erasure | None:
        """Lets the entries of addresses go on under what stands for them."""
        ...

    async def scan(self, workspace_id: Id, number: int, after: str, pattern: Naming, limit: int) -> Scanned:
        """Looks through some rows of a table."""
        ...

    async def strike(
        self, erasure: Erasure, name: str, hits: Sequence[Hit], pattern: Naming, person: Person
    ) -> Erasure | None:
        """Removes rows that name the person, or the person from rows that are about something else."""
        ...

    async def forget_files(self, erasure: Erasure) -> Erasure | None:
        """Removes the files that only the person's messages carried."""
        ...
