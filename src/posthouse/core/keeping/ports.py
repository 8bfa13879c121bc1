"""What the room of keeping needs from outside."""

import enum
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from posthouse.core.keeping.scrubbing import Aged, Left, Told
from posthouse.core.kernel.ids import Id


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
    facts: Sequence[Told] = ()
    """As they are to be."""
    words: Sequence[tuple[int, Id]] = ()
    eventless: Sequence[Id] = ()
    """Messages whose events go."""
    later: Sequence[Id] = ()
    """Messages that wait to be sent: they are looked at again once they have ended."""


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

    async def put_off(self, workspace_id: Id, limit: int) -> list[tuple[Mark, Aged]]:
        """Messages that were passed over because they waited to be sent, and have ended since."""
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
