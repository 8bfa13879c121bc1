"""Messages as JSON."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from posthouse.core.delivery.model import SandboxMessage
from posthouse.core.kernel import ids
from posthouse.core.kernel.moments import show_moment
from posthouse.core.messages import stream
from posthouse.core.messages.content import Content
from posthouse.core.messages.model import Attachment, Event, EventType, Extras, Message
from posthouse.core.messages.uploads import Upload
from posthouse.core.templates.model import Sender
from posthouse.http.problems import Problem
from posthouse.http.telling import sentence

MessageId = Annotated[str, Meta(pattern="^msg_[0-9a-z]{26}$", examples=["msg_01jdb3z5v8e9tr4w6k2m7n0qxy"])]
Moment = Annotated[str, Meta(description="RFC 3339, UTC, to the millisecond.", examples=["2026-11-22T09:30:00.000Z"])]
Mode = Literal["live", "test"]
StatusWord = Annotated[
    str,
    Meta(
        description=(
            "scheduled, queued, sending, deferred, held, sent, delivered, bounced, failed, expired, cancelled, "
            "superseded, suppressed or unknown; see docs/explain/message-states.md."
        )
    ),
]

_extras = msgspec.json.Decoder(Extras)


class Address(msgspec.Struct, frozen=True):
    """An address and a display name."""

    email: str
    name: str = ""


class StoppedBy(msgspec.Struct, frozen=True):
    """The entry of the suppression list that stops a message."""

    id: Annotated[str, Meta(pattern="^sup_[0-9a-z]{26}$")]
    reason: Literal["hard_bounce", "soft_bounces", "complaint", "unsubscribe", "manual"]
    category: Literal["all", "transactional", "commercial"]
    since: Moment


class ReceiptAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The message is kept, durably: it will be sent, or its timeline will say why not.

    `suppressed`: it will not be sent, as the address must not be written to; `suppression` says why.
    `conversion`: what became of the order that came with it; `other_amount`: it is counted with another one, and stays so.
    """

    id: MessageId
    status: Literal["queued", "scheduled", "suppressed"]
    mode: Mode
    template: str | None
    version: int | None
    channel: str
    locale: str | None
    lane: str
    created_at: Moment
    send_at: Moment
    suppression: StoppedBy | None = None
    conversion: Literal["counted", "repeated", "other_amount"] | None = None


class ItemAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the single door would have said to one item: 202 and the message, or an error's status and its problem."""

    status: int
    replayed: bool = False
    message: ReceiptAnswer | None = None
    problem: Problem | None = None


class BatchAnswer(msgspec.Struct, frozen=True):
    """One result for each item, in the order of the request."""

    results: list[ItemAnswer]


class FileAnswer(msgspec.Struct, frozen=True):
    """An attachment."""

    name: str
    type: str
    size: int
    inline_id: str = ""


class MessageAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A message and where it is in its life."""

    id: MessageId
    status: StatusWord
    mode: Mode
    channel: str
    lane: str
    template: str | None
    version: int | None
    locale: str | None
    to: Address
    tags: tuple[str, ...]
    correlation: str | None
    supersedes: str | None
    attempts: int
    created_at: Moment
    send_at: Moment
    expires_at: Moment | None
    next_attempt_at: Moment | None
    ended_at: Moment | None


class ErasedAnswer(msgspec.Struct, frozen=True):
    """When and why content and addresses were erased."""

    at: Moment
    why: Annotated[str, Meta(description="`retention`, or `contact`: its person was removed.")]


class MessageDetail(MessageAnswer, frozen=True, kw_only=True):
    """A message with all that was asked for."""

    release: str | None
    key: str | None
    locale_asked: Annotated[str | None, Meta(description="The locale that was asked for, when another had to serve.")]
    sender: Address | None = msgspec.field(name="from")
    reply_to: Address | None
    cc: tuple[Address, ...]
    bcc: tuple[Address, ...]
    headers: dict[str, str]
    attachments: tuple[FileAnswer, ...]
    metadata: dict[str, Any]
    variables: dict[str, Any]
    resend_of: MessageId | None
    erased: ErasedAnswer | None


class MessagePage(msgspec.Struct, frozen=True):
    """A page of messages, newest first. ``next`` is the ``cursor`` of the following page, null on the last."""

    items: list[MessageAnswer]
    next: str | None


class EventAnswer(msgspec.Struct, frozen=True):
    """Something that happened to a message."""

    type: Annotated[str, Meta(examples=["message.delivered"])]
    at: Moment
    data: Annotated[dict[str, Any], Meta(description="Provider, remote server, code, its own words, next attempt…")]


class ToldEvent(EventAnswer, frozen=True):
    """The same, told in plain words."""

    sentence: Annotated[str, Meta(examples=["Delivered to the mailbox."])]


class TimelineAnswer(msgspec.Struct, frozen=True):
    """Everything that happened to a message, oldest first."""

    id: MessageId
    language: Annotated[str, Meta(description="Of the sentences.", examples=["en"])]
    events: list[ToldEvent]
    erased: ErasedAnswer | None = None
    events_erased: Annotated[bool, Meta(description="Whether events were erased by the rules of retention.")] = False


class ContentAnswer(msgspec.Struct, frozen=True):
    """What the person was sent, rendered again from the release and the variables."""

    id: MessageId
    subject: str
    html: str | None
    text: str
    headers: Annotated[list[tuple[str, str]], Meta(description="Name and value, in order.")]
    attachments: list[FileAnswer]
    source: Annotated[str, Meta(description="The whole message (RFC 5322).")]


class UploadAnswer(msgspec.Struct, frozen=True):
    """A file that messages may attach: ``{"upload": id, "name": …}``."""

    id: Annotated[str, Meta(examples=["upl_3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7-1024"])]
    name: str
    type: str
    size: int


class SandboxAnswer(msgspec.Struct, frozen=True):
    """What the sandbox provider kept of a message."""

    id: MessageId
    at: Moment
    sender: Annotated[str, Meta(description="Envelope sender.")]
    recipients: tuple[str, ...]


class SandboxDetail(SandboxAnswer, frozen=True):
    """The same with the message itself."""

    source: Annotated[str, Meta(description="The whole message (RFC 5322), as it would have left.")]


class SandboxPage(msgspec.Struct, frozen=True):
    """A page of the sandbox, newest first."""

    items: list[SandboxAnswer]
    next: str | None


def summary(message: Message) -> MessageAnswer:
    """A message for a list."""
    return MessageAnswer(**_common(message))


def detail(message: Message) -> MessageDetail:
    """A message with everything."""
    extras = _extras.decode(message.extras) if message.extras else Extras()
    return MessageDetail(
        **_common(message),
        release=ids.show(ids.RELEASE, message.release_id) if message.release_id else None,
        key=ids.show(ids.KEY, message.key_id) if message.key_id else None,
        locale_asked=extras.fallback or None,
        sender=_address(extras.sender),
        reply_to=_address(extras.reply_to),
        cc=tuple(Address(copy.email, copy.name) for copy in extras.cc),
        bcc=tuple(Address(copy.email, copy.name) for copy in extras.bcc),
        headers=extras.headers,
        attachments=tuple(_file(attachment) for attachment in extras.attachments),
        metadata=extras.metadata,
        variables=msgspec.json.decode(message.variables or b"{}"),
        resend_of=ids.show(ids.MESSAGE, extras.resend_of) if extras.resend_of else None,
        erased=erased(message),
    )


def erased(message: Message) -> ErasedAnswer | None:
    """Whether content and addresses of a message are still kept."""
    extras = _extras.decode(message.extras) if message.extras else Extras()
    return ErasedAnswer(show_moment(extras.erased.at), extras.erased.why) if extras.erased else None


def event(fact: Event) -> EventAnswer:
    """One fact; the instants among its data are shown as all others are."""
    return EventAnswer(fact.type.word, show_moment(fact.at), stream.facts(fact))


def timeline(
    message_id: bytes, events: Sequence[Event], language: str, message: Message | None = None
) -> TimelineAnswer:
    """What happened to a message, with sentences in a language; and what of it was erased."""
    shown = [(event(fact), sentence(fact, language)) for fact in events]
    told = [ToldEvent(one.type, one.at, one.data, words) for one, words in shown]
    eventless = all(fact.type is not EventType.ACCEPTED for fact in events)
    return TimelineAnswer(
        ids.show(ids.MESSAGE, message_id), language, told, erased(message) if message else None, eventless
    )


def content(message_id: bytes, found: Content) -> ContentAnswer:
    """What it says."""
    return ContentAnswer(
        id=ids.show(ids.MESSAGE, message_id),
        subject=found.subject,
        html=found.html,
        text=found.text,
        headers=list(found.headers),
        attachments=[_file(attachment) for attachment in found.attachments],
        source=found.source.decode("utf-8", "replace"),
    )


def upload(found: Upload) -> UploadAnswer:
    """A kept file."""
    return UploadAnswer(found.id, found.name, found.type, found.size)


def sandboxed(kept: SandboxMessage) -> SandboxAnswer:
    """A sandbox message for a list."""
    return SandboxAnswer(ids.show(ids.MESSAGE, kept.message_id), show_moment(kept.at), kept.sender, kept.recipients)


def sandboxed_detail(kept: SandboxMessage) -> SandboxDetail:
    """A sandbox message with its source."""
    shown = sandboxed(kept)
    return SandboxDetail(shown.id, shown.at, shown.sender, shown.recipients, kept.content.decode("utf-8", "replace"))


def _common(message: Message) -> dict[str, Any]:
    return {
        "id": ids.show(ids.MESSAGE, message.id),
        "status": message.status.word,
        "mode": "live" if message.live else "test",
        "channel": message.channel.name.lower(),
        "lane": message.lane.name.lower(),
        "template": message.template_key,
        "version": message.version,
        "locale": message.locale or None,
        "to": Address(message.recipient, message.recipient_name),
        "tags": message.tags,
        "correlation": message.correlation,
        "supersedes": message.supersedes,
        "attempts": message.attempts,
        "created_at": show_moment(message.created_at),
        "send_at": show_moment(message.due_at),
        "expires_at": _moment(message.expires_at),
        "next_attempt_at": _moment(message.next_at),
        "ended_at": _moment(message.ended_at),
    }


def _moment(instant: int | None) -> str | None:
    return None if instant is None else show_moment(instant)


def _address(sender: Sender | None) -> Address | None:
    return None if sender is None else Address(sender.email, sender.name)


def _file(attachment: Attachment) -> FileAnswer:
    return FileAnswer(attachment.name, attachment.type, attachment.size, attachment.content_id)
