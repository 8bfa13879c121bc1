"""Events as JSON and as Server-Sent Events."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from posthouse.core.messages import stream
from posthouse.core.messages.stream import StreamPage, Told
from posthouse.http.schemas.messages import MessageId, Mode, Moment

EventId = Annotated[str, Meta(pattern="^evt_[0-9a-z]{14}$", examples=["evt_000000000000g8"])]


class StreamedData(msgspec.Struct, frozen=True):
    """Which message, and what happened to it: neither its recipient nor its variables."""

    message: MessageId
    mode: Mode
    channel: str
    template: Annotated[str | None, Meta(description="The template's key.")]
    correlation: str | None
    tags: tuple[str, ...]
    facts: Annotated[
        dict[str, Any], Meta(description="What the timeline shows: provider, remote server, code, its words…")
    ]


class StreamedEvent(msgspec.Struct, frozen=True):
    """An event: the same here, in the live stream and in webhooks."""

    id: EventId
    type: Annotated[str, Meta(examples=["message.delivered"])]
    timestamp: Moment
    data: StreamedData


class EventPage(msgspec.Struct, frozen=True):
    """Events in their order. Read on with ``after`` = ``next``, at once while ``more`` is true; a page may be empty and not the last."""

    items: list[StreamedEvent]
    next: EventId
    more: bool


def page(found: StreamPage) -> dict[str, Any]:
    """A page of events."""
    return {
        "items": [stream.document(told) for told in found.items],
        "next": stream.show_cursor(found.cursor),
        "more": found.more,
    }


def frame(told: Told) -> bytes:
    """One event of a live stream (HTML Living Standard, Server-sent events)."""
    shown = stream.document(told)
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (shown.id.encode(), shown.type.encode(), msgspec.json.encode(shown))
