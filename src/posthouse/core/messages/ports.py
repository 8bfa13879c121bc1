"""What the room of messages needs from outside."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from posthouse.core.kernel.errors import FieldProblem
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.content import Content
from posthouse.core.messages.model import (
    AcceptResult,
    Attachment,
    Channel,
    Event,
    Extras,
    Found,
    Message,
    MessageQuery,
    NewMessage,
    Status,
)
from posthouse.core.messages.submission import Confirmed, Order
from posthouse.core.templates.model import Category, Release


class MessageStore(Protocol):
    """Messages as the doors see them."""

    async def accept(self, batch: Sequence[NewMessage]) -> list[AcceptResult]:
        """Keeps messages in ONE durable transaction, answers in order.

        One with ``suppressed`` ends at once as SUPPRESSED, with its event, and never stands in the queue.
        For each new one: the message row, its queue row (or, ``due_at`` in the future, its scheduled queue row), its idempotency
        key, its ACCEPTED event, its counters, its blobs; and with ``supersedes`` the withdrawal of every older message of the workspace with that key
        that is pending, live if it is live itself, and not being sent. Two messages with one key within a batch: the first wins,
        the second is answered as if it had come later. After the commit, dispatchers are woken.

        Raises:
            UnavailableError: the store could not write; nothing at all was kept.
        """
        ...

    async def message(self, workspace_id: Id, message_id: Id, now: int) -> Message | None:
        """One message with its state."""
        ...

    async def search(self, query: MessageQuery, now: int) -> Found:
        """At most ``query.limit`` messages, newest first. The cost does not grow with the history, whatever the filters.

        Filters that only few messages match together, though each of them many, are looked for among so many messages at a time: then
        fewer than there are may be found, even none, and ``rest`` says where to look on.
        """
        ...

    async def events_of(self, workspace_id: Id, message_id: Id) -> list[Event]:
        """The facts of one message, oldest first."""
        ...

    async def cancel(self, workspace_id: Id, message_id: Id, at: int, why: str = "") -> Status | None:
        """Withdraws a pending message that is not being sent; the state it is in afterwards (CANCELLED when it worked), None: no such message."""
        ...

    async def append(self, events: Sequence[Event]) -> None:
        """Adds facts that change no state (idempotent, counted)."""
        ...

    async def add_blob(self, workspace_id: Id, digest: bytes, data: bytes, at: int) -> None:
        """Keeps bytes under their SHA-256; again is fine."""
        ...

    async def blob(self, workspace_id: Id, digest: bytes) -> bytes | None:
        """The bytes again."""
        ...

    async def blob_sizes(self, workspace_id: Id, digests: Sequence[bytes]) -> dict[bytes, int]:
        """How many bytes are kept under each of these; what is not there is left out."""
        ...

    async def kept_answer(self, workspace_id: Id, key: str) -> tuple[bytes, bytes] | None:
        """The hash of the body and the answer that are kept under an idempotency key."""
        ...


class AddressRules(Protocol):
    """Judges addresses."""

    def normal_email(self, address: str) -> str:
        """The normal form (RFC 5321, RFC 6531; domain in lower case, A-labels kept readable).

        Raises:
            ValueError: what is wrong with it, in words for the sender.
        """
        ...


class Suppressions(Protocol):
    """Who must not be written to (core/suppressions, Sieve)."""

    async def stops(
        self, workspace_id: Id, channel: Channel, address: str, category: Category, at: int
    ) -> dict[str, Any] | None:
        """What stops a message of this category to this address at an instant, as facts for people; None: nothing does."""
        ...


class Orders(Protocol):
    """Counts orders (core/conversions, ConversionService)."""

    async def confirmed(self, message: NewMessage, order: Order) -> Confirmed:
        """Counts the order that a message about to be kept confirms, once.

        Raises:
            UnavailableError: the store could not write.
        """
        ...


class Releases(Protocol):
    """Finds what a message is to say (core/templates, Catalogue)."""

    async def find(
        self, workspace_id: Id, key: str, version: int | None, channel: str | None, locale: str | None
    ) -> Release:
        """The release for a template key; the locale falls back. Raises UnknownTemplateError."""
        ...

    @property
    def staged(self) -> Collection[object]:
        """What is being rolled out; empty when nothing is."""
        ...

    def share(self, live: Release, locale: str | None, recipient: str) -> Release:
        """The release for a person while a roll-out runs."""
        ...

    async def by_id(self, release_id: Id) -> Release | None:
        """A release by its identifier."""
        ...


class Checker(Protocol):
    """Checks variables against a release (core/templates, VariablesChecker)."""

    def problems(self, release: Release, variables: Mapping[str, Any]) -> Sequence[FieldProblem]:
        """One problem for each bad variable, pointers relative to the variables."""
        ...


class AttachmentMaker(Protocol):
    """Makes what a template's release attaches. Asked only for releases that have attachments."""

    async def make(
        self, release: Release, variables: Mapping[str, Any], at: int
    ) -> tuple[tuple[Attachment, ...], dict[bytes, bytes]]:
        """The attachments in order, and the bytes of those made, by digest; the others are in the store.

        The same arguments give the same bytes. Raises ValidationError when one cannot be made.
        """
        ...


class TextOf(Protocol):
    """Makes the text part of finished HTML."""

    def __call__(self, html: str) -> str:
        """What can be read in it, '' when that is nothing. Takes time in proportion to its length, however hostile it is."""
        ...


class Viewer(Protocol):
    """Renders a message again."""

    async def content(self, message: Message, extras: Extras, release: Release | None) -> Content:
        """What the person was (or will be) sent."""
        ...
