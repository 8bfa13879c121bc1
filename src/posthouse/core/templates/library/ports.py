"""What the library needs from outside."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Protocol

from posthouse.core.kernel.ids import Id
from posthouse.core.templates.library.model import Item, ItemKind, ItemVersion
from posthouse.core.templates.library.publication import Follower, LiveSource, Publication, Turn
from posthouse.core.templates.library.shelf import ItemReading
from posthouse.core.templates.model import Made, Release
from posthouse.core.templates.press import Order, Printed


class LibraryStore(ItemReading, Protocol):
    """Blocks and themes, and the publications that change many templates at once."""

    async def item(self, workspace_id: Id, kind: ItemKind, key: str) -> Item | None:
        """One item."""
        ...

    async def save_item(self, item: Item, expected_hash: str | None) -> None:
        """Keeps a draft; ConflictError when somebody saved another one since ``expected_hash`` (None: there is none yet)."""
        ...

    async def remove_item(self, workspace_id: Id, kind: ItemKind, key: str) -> None:
        """Takes an item and its versions away. NotFoundError; ItemInUseError when a live template names it."""
        ...

    async def item_versions(self, item_id: Id) -> Sequence[ItemVersion]:
        """All versions, newest first."""
        ...

    async def followers(self, workspace_id: Id) -> Sequence[Follower]:
        """All templates that have a live version, by key."""
        ...

    async def live_sources(self, template_ids: Sequence[Id]) -> Mapping[Id, LiveSource]:
        """What the live versions of templates were made from, where that is known."""
        ...

    async def begin_publication(self, publication: Publication, now: int) -> None:
        """Notes that it goes on. PublicationRunningError while another one of the workspace does and has not run out."""
        ...

    async def stage(self, publication: Publication, releases: Sequence[Made]) -> None:
        """Keeps releases that nobody sees yet, and how far the work has come.

        Raises:
            ConflictError: the publication was taken from us (it ran out).
        """
        ...

    async def go_live(
        self, publication: Publication, item: Item, version: ItemVersion, turns: Sequence[Turn]
    ) -> Sequence[Id]:
        """Makes the item's version and all staged releases live in one transaction, or nothing.

        Returns:
            Templates that changed meanwhile, or use the item since: nothing was done then; empty: it is done.

        Raises:
            ConflictError: the publication was taken from us, or the item was changed meanwhile.
        """
        ...

    async def end_publication(self, publication: Publication) -> None:
        """Notes how it ended and takes away what is staged for nobody."""
        ...

    async def undo_publication(
        self, publication: Publication, item: Item, turns: Sequence[Turn], now: int
    ) -> Sequence[Id]:
        """Makes the former versions live again in one transaction, or nothing: the templates that changed since."""
        ...

    async def publication(self, workspace_id: Id, publication_id: Id) -> Publication | None:
        """One publication."""
        ...

    async def publications(self, workspace_id: Id, limit: int) -> Sequence[Publication]:
        """The newest ones."""
        ...


class WithLibrary(LibraryStore, Protocol):
    """A store that has templates too, as the publisher needs it."""

    async def releases(self, workspace_id: Id, key: str, version: int | None) -> Sequence[Release]:
        """The releases of a version (None: the live one)."""
        ...


class PressRoom(Protocol):
    """Many presses at work, away from whoever waits for other things."""

    def print(self, jobs: Sequence[Order]) -> AsyncGenerator[tuple[int, Printed], None]:
        """Each job's number and what came off the press, in whatever order. Ending it early stops the presses."""
        ...
