"""What the room of tracking needs from outside."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event
from posthouse.core.templates.model import Release
from posthouse.core.tracking.model import Correction, Engagement, Shares, Tracked


class TrackingStore(Protocol):
    """Opens, clicks and what follows from them."""

    async def tracked(self, message_ids: Sequence[Id]) -> dict[Id, Tracked]:
        """Messages by their identifiers, of whatever workspace; what is not there is left out."""
        ...

    async def variables_of(self, message_ids: Sequence[Id]) -> dict[Id, bytes]:
        """The variables of messages as JSON, each asked for once; what is not there is left out."""
        ...

    async def add_hits(self, events: Sequence[Event], messages: Mapping[Id, Tracked]) -> None:
        """Keeps facts of messages in ONE durable transaction: events (idempotent), counters, and the engagement of each message.

        ``messages`` are those that the events are about, as :meth:`tracked` gave them; events of others are dropped.

        Raises:
            UnavailableError: the store could not write; nothing was kept.
        """
        ...

    async def engagements_of(self, workspace_id: Id, message_id: Id) -> list[Engagement]:
        """What came back for one message, by type."""
        ...

    async def shares(
        self, workspace_id: Id, template_id: Id | None, since: int | None, until: int | None
    ) -> list[Shares]:
        """How many messages made since an instant (until another one) were opened, clicked… by whom. None: of all templates, of all times."""
        ...

    async def engaged_after(self, message_id: Id, limit: int) -> list[Id]:
        """The next messages that were opened or clicked, by identifier."""
        ...

    async def hits_of(self, message_ids: Sequence[Id]) -> list[Event]:
        """Every open and click of some messages as it was recorded, without corrections."""
        ...

    async def correct(self, corrections: Sequence[Correction], message_ids: Sequence[Id]) -> None:
        """Keeps verdicts beside the events of messages, in place of all earlier ones, and counts their engagements again."""
        ...


class OptOuts(Protocol):
    """Who wants no commercial mail."""

    async def unsubscribe(
        self, workspace_id: Id, channel: Channel, address: str, *, message_id: Id | None = None, evidence: str = ""
    ) -> None:
        """The person wants no commercial messages on a channel any more. Again changes nothing."""
        ...

    async def resubscribe(
        self, workspace_id: Id, channel: Channel, address: str, *, message_id: Id | None = None
    ) -> bool:
        """The person takes that back; whether there was anything to take back."""
        ...

    async def is_out(self, workspace_id: Id, channel: Channel, address: str) -> bool:
        """Whether the person has unsubscribed."""
        ...


class Releases(Protocol):
    """Finds what a message said (core/templates, Catalogue)."""

    async def by_id(self, release_id: Id) -> Release | None:
        """A release by its identifier."""
        ...


class LinkPrinter(Protocol):
    """Prints the links of a message again (core/templates, Renderer)."""

    def printed_links(
        self, release: Release, variables: dict[str, Any], *, at: int | None = None
    ) -> list[tuple[int, str]]:
        """Number and address, as markup, of each link in the order they stand in."""
        ...
