"""Messages, their states and their events.

A message row is written once and never changed. What is pending stands in the narrow queue, what has ended
stands in *states*, what happened stands in *events*: every message is in exactly one of queue and states.
"""

import enum
from typing import Any, Final

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.templates.model import Sender, Tracking, UnknownPolicy


class Channel(enum.IntEnum):
    """The ways to a person."""

    EMAIL = 1
    SMS = 2
    WHATSAPP = 3
    PUSH = 4


class Lane(enum.IntEnum):
    """Dispatch priority, the lower the sooner."""

    CRITICAL = 0
    NORMAL = 1
    BULK = 2


class Status(enum.IntEnum):
    """The hand-over state of a message (docs/explain/message-states.md). Only moves forward.

    The first five are pending (the message is in the queue); SENDING is never stored: it is a queue row with a lease.
    """

    SCHEDULED = 10
    QUEUED = 20
    SENDING = 30
    DEFERRED = 40
    HELD = 45
    """Waits for a person's decision: after a restore, or in doubt with the policy *hold* (shown as ``unknown``)."""
    SENT = 50
    DELIVERED = 60
    BOUNCED = 70
    FAILED = 71
    EXPIRED = 72
    CANCELLED = 73
    SUPERSEDED = 74
    SUPPRESSED = 75
    UNKNOWN = 80

    @property
    def word(self) -> str:
        """The name outside: lower case."""
        return self.name.lower()

    @property
    def pending(self) -> bool:
        """Whether something is still to be done."""
        return self < Status.SENT


STATUS_BY_WORD: Final = {status.word: status for status in Status}


class EventType(enum.IntEnum):
    """What can happen to a message. The word outside is ``message.`` and the name in lower case."""

    ACCEPTED = 1
    """Kept for good: the source has its 202."""
    SENT = 10
    """The provider took it; whether it reaches the person is not known yet."""
    DELIVERED = 11
    """The person's own server took it (``data.proof`` ``answer``: its 250), or a receipt said so (``receipt``)."""
    DEFERRED = 12
    """Not now, said the other side: it is tried again at ``data.retry_at``."""
    BOUNCED = 13
    """A permanent no from the other side, with its words."""
    FAILED = 14
    """It cannot be built or sent, and trying again would not help."""
    EXPIRED = 15
    """Its time was over before it could be handed on."""
    CANCELLED = 16
    """Withdrawn by the source or the operator."""
    SUPERSEDED = 17
    """Withdrawn by a newer message with the same ``supersedes`` key."""
    SUPPRESSED = 18
    """The address must not be written to."""
    UNKNOWN = 19
    """An attempt is in doubt: the bytes left, no answer was recorded."""
    ATTEMPT_FAILED = 20
    """One provider refused or failed; another is tried in the same attempt."""
    HELD = 21
    """Waits for a person's decision: after a restore, or in doubt with the policy *hold*."""
    RELEASED = 22
    """Was held and may go now."""
    RESENT = 23
    """A new message was made from this one (``data.message``)."""
    RECIPIENT_REFUSED = 24
    """A copy (cc, bcc) was refused, or its address is suppressed, while the message itself went out."""
    COMPLAINED = 25
    """Somebody called it spam, or a receiver reported it; ``data.feedback`` says as what."""
    DELAYED = 26
    """A server on the way says: not yet, it goes on trying."""
    OPENED = 30
    """Its picture was fetched, by whom ``data.verdict`` says (human, machine, unknown)."""
    CLICKED = 31
    """A link of it was followed, by whom ``data.verdict`` says; ``data.url`` where the address is known."""
    UNSUBSCRIBED = 32
    """The person wants no more commercial mail: with one click, or on the page."""
    RESUBSCRIBED = 33
    """The person took that back on the page."""
    RATED = 34
    """The person rated (``data.score`` of ``data.highest``) and confirmed it."""
    CONVERTED = 35
    """An order, or another goal, is credited to it: ``data.order``, ``data.amount``, ``data.currency``."""

    @property
    def word(self) -> str:
        """``message.sent``."""
        return f"message.{self.name.lower()}"


class Event(msgspec.Struct, frozen=True):
    """One fact about one message, append-only.

    ``key`` makes it idempotent: a second event of the same message, type and key is dropped in silence. ``data`` holds what the
    type needs: provider, remote, code, enhanced, text, attempt, retry_at, milliseconds…
    """

    message_id: Id
    workspace_id: Id
    type: EventType
    at: int
    key: str = ""
    data: dict[str, Any] = {}
    seq: int = 0
    """Place in the stream, given by the store."""


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file that travels with a message; the bytes are kept once a workspace, under their SHA-256."""

    name: str
    type: str
    digest: bytes
    size: int
    content_id: str = ""
    """Set for an inline image: the ``cid:`` that the HTML names."""


class Erased(msgspec.Struct, frozen=True):
    """When and why a message's content and addresses were erased."""

    at: int
    why: str
    """``retention``, or ``contact``: its person was removed."""


class Extras(msgspec.Struct, frozen=True, omit_defaults=True):
    """What few messages have; kept as one JSON document in the message row."""

    sender: Sender | None = None
    reply_to: Sender | None = None
    cc: tuple[Sender, ...] = ()
    bcc: tuple[Sender, ...] = ()
    headers: dict[str, str] = {}
    attachments: tuple[Attachment, ...] = ()
    metadata: dict[str, Any] = {}
    subject: str | None = None
    """With ``html`` and ``text``: content that the source rendered itself."""
    html: str | None = None
    text: str | None = None
    resend_of: bytes | None = None
    fallback: str = ""
    """The locale that was asked for, when another one had to serve."""
    locale_by: str = ""
    """Who asked for the locale when the request did not: ``contact`` or ``key``."""
    tracking: Tracking = Tracking()
    erased: Erased | None = None


class NewMessage(msgspec.Struct):
    """A message about to be kept, with its queue entry and its idempotency key."""

    id: Id
    workspace_id: Id
    key_id: Id | None
    flow: int
    """Fairness unit: a number of 63 bits that stands for workspace and source."""
    live: bool
    channel: Channel
    lane: Lane
    template_id: Id | None
    release_id: Id | None
    locale: str
    recipient: str
    """The address in its normal form: searched by, and written to."""
    recipient_name: str
    variables: bytes
    """JSON object, UTF-8."""
    created_at: int
    due_at: int
    expires_at: int | None = None
    policy: UnknownPolicy = UnknownPolicy.RESEND
    extras: bytes | None = None
    """JSON of :class:`Extras`."""
    tags: tuple[str, ...] = ()
    correlation: str | None = None
    supersedes: str | None = None
    blobs: tuple[tuple[bytes, bytes], ...] = ()
    """(SHA-256, bytes) of attachments that may not be kept yet."""
    uses: tuple[bytes, ...] = ()
    """SHA-256 of all files that it attaches: from when it is due they are kept as long as those of a new message."""
    idempotency_key: str | None = None
    idempotency_hash: bytes = b""
    suppressed: dict[str, Any] | None = None
    """What stops it (see core/suppressions): it is kept as ended, and never sent."""
    answer: bytes = b""
    """What the client is told, kept with the idempotency key so that a replay is the same to the byte."""


class Stored(msgspec.Struct, frozen=True):
    """Kept, durably."""

    superseded: int = 0


class Replayed(msgspec.Struct, frozen=True):
    """The same key and body were accepted before: the first answer."""

    answer: bytes


class KeyReused(msgspec.Struct, frozen=True):
    """The same key came with another body: nothing was kept."""


AcceptResult = Stored | Replayed | KeyReused


class Message(msgspec.Struct):
    """A message as read back, with its place in its life."""

    id: Id
    workspace_id: Id
    key_id: Id | None
    live: bool
    channel: Channel
    lane: Lane
    template_id: Id | None
    template_key: str | None
    release_id: Id | None
    version: int | None
    locale: str
    recipient: str
    recipient_name: str
    variables: bytes
    created_at: int
    due_at: int
    expires_at: int | None
    policy: UnknownPolicy
    extras: bytes | None
    tags: tuple[str, ...]
    correlation: str | None
    supersedes: str | None
    status: Status
    attempts: int = 0
    next_at: int | None = None
    """When the queue will look at it again; None once it has ended."""
    ended_at: int | None = None


class MessageQuery(msgspec.Struct, frozen=True):
    """Filters of a search; all given ones must hold. Newest first, ``before`` is the paging cursor."""

    workspace_id: Id
    recipient: str | None = None
    template_key: str | None = None
    status: Status | None = None
    tag: str | None = None
    correlation: str | None = None
    since: int | None = None
    until: int | None = None
    live: bool | None = None
    words: tuple[int, ...] = ()
    """Of its subject and of what the provider called it (core/messages/words.py): all must be there."""
    before: Id | None = None
    limit: int = 50


class Found(msgspec.Struct, frozen=True):
    """What one search came to. ``rest``: it looked at as many messages as one search may; older ones follow from here."""

    messages: list[Message]
    rest: Id | None = None
