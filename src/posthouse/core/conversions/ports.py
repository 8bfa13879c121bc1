"""What the room of conversions needs from outside."""

from collections.abc import Sequence
from typing import Protocol

from posthouse.core.conversions.model import Conversion, Sum
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event
from posthouse.core.tracking.model import Tracked


class ConversionStore(Protocol):
    """Conversions; the clicks before them are tracking's."""

    async def add_conversion(self, new: Conversion, event: Event | None, message: Tracked | None) -> Conversion:
        """Keeps a conversion and its event in ONE durable transaction; when its order is counted already, that one is the answer.

        What only a browser said gives way to what a business application says.

        Raises:
            UnavailableError: the store could not write; nothing was kept.
        """
        ...

    async def correct_conversion(
        self, before: Conversion, after: Conversion, event: Event | None, message: Tracked | None
    ) -> bool:
        """Puts ``after`` in the place of ``before`` and keeps the event, in ONE durable transaction. False: it is not ``before`` any more.

        Raises:
            UnavailableError: the store could not write; nothing was kept.
        """
        ...

    async def conversions(
        self, workspace_id: Id, live: bool, *, order: str | None = None, before: Id | None = None, limit: int = 50
    ) -> list[Conversion]:
        """The newest first; ``order`` without regard to case."""
        ...

    async def conversion_of_order(self, workspace_id: Id, live: bool, order: str) -> Conversion | None:
        """The one of this very number, in which case counts."""
        ...

    async def conversions_of(self, message_id: Id) -> int:
        """How many are credited to a message."""
        ...

    async def revenue(self, workspace_id: Id, live: bool, since: int | None, until: int | None) -> list[Sum]:
        """What was ordered since an instant (until another one), by template, release, link, currency and source."""
        ...

    async def clicked_by(
        self, workspace_id: Id, channel: Channel, address: str, since: int, live: bool
    ) -> Sequence[Id]:
        """Messages to an address with a click, not by a machine alone, since an instant; the last clicked first, a few."""
        ...
