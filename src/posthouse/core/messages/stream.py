"""The stream of events: what happened to all messages, in one order, read on from a cursor.

A cursor is the identifier of the last event that was read (``evt_…``), or of one that was looked at and did not match. Reading on
from it never skips an event and never repeats one, whoever else writes meanwhile.
"""

from collections.abc import Iterable
from typing import Any, Final, Protocol

import msgspec

from posthouse.core.kernel import ids
from posthouse.core.kernel.errors import FieldProblem, ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.kernel.moments import show_moment
from posthouse.core.kernel.nearest import did_you_mean
from posthouse.core.messages.model import Channel, Event, EventType

EVENT: Final = "evt"
WINDOW: Final = 10_000
"""How many events one page looks at, at most, for those that match: a page costs the same however rare its events are."""
TYPE_BY_WORD: Final = {kind.word: kind for kind in EventType}
INSTANTS: Final = ("expires_at", "retry_at", "since", "clicked_at")
"""What is an instant among the data of events."""
PRIVATE: Final = frozenset({"subject"})
"""Facts that stay in the house: the timeline shows them, what is told outside does not."""
_LETTERS: Final = 14
_MOST: Final = (1 << 63) - 1


class Told(msgspec.Struct, frozen=True):
    """An event with what its message is found by. Neither the recipient nor variables, but what its own data say."""

    event: Event
    live: bool
    channel: Channel
    template_key: str | None
    correlation: str | None
    tags: tuple[str, ...]


class StreamQuery(msgspec.Struct, frozen=True):
    """What to read; all given filters must hold."""

    after: int = 0
    """The ``seq`` of the last event that was read."""
    limit: int = 100
    workspace_id: Id | None = None
    live: bool | None = None
    message_id: Id | None = None
    types: frozenset[EventType] = frozenset()
    """None of them: all."""
    templates: frozenset[str] = frozenset()
    """Keys; none of them: all, messages without a template too."""


class StreamPage(msgspec.Struct, frozen=True):
    """Events in their order. ``cursor`` is where to read on, ``more`` whether there is something to read already."""

    items: list[Told]
    cursor: int
    more: bool


class StreamStore(Protocol):
    """The events of all messages, in one order."""

    async def stream_end(self) -> int:
        """The ``seq`` up to which the stream is settled: no event can appear at or below it any more."""
        ...

    async def stream(self, query: StreamQuery, until: int) -> list[Told]:
        """At most ``query.limit`` events with ``query.after < seq <= until`` that match, oldest first. ``until`` must be settled."""
        ...

    async def stream_wake(self, seconds: float) -> bool:
        """Waits until events were written, in any process, or the seconds are over. One task a process may wait. False: time is over."""
        ...


class EventData(msgspec.Struct, frozen=True):
    """Which message, and the facts that its timeline shows."""

    message: str
    mode: str
    channel: str
    template: str | None
    correlation: str | None
    tags: tuple[str, ...]
    facts: dict[str, Any]


class EventDocument(msgspec.Struct, frozen=True):
    """An event as the world sees it: the same in pages, in the live stream and in webhooks."""

    id: str
    type: str
    timestamp: str
    data: EventData


async def read(store: StreamStore, query: StreamQuery) -> StreamPage:
    """One page of the stream.

    Raises:
        UnavailableError: the store cannot be asked.
    """
    end = await store.stream_end()
    if query.after >= end:
        return StreamPage([], query.after, more=False)
    until = end if query.message_id is not None else min(end, query.after + WINDOW)
    items = await store.stream(query, until)
    cursor = items[-1].event.seq if len(items) == query.limit else until
    return StreamPage(items, cursor, more=cursor < end)


def matches(told: Told, query: StreamQuery) -> bool:
    """Whether an event that was read for everybody is one that a query asks for."""
    event = told.event
    return (
        (query.workspace_id is None or event.workspace_id == query.workspace_id)
        and (query.live is None or told.live == query.live)
        and (query.message_id is None or event.message_id == query.message_id)
        and (not query.types or event.type in query.types)
        and (not query.templates or told.template_key in query.templates)
    )


def document(told: Told) -> EventDocument:
    """How an event is told outside."""
    event = told.event
    return EventDocument(
        id=show_cursor(event.seq),
        type=event.type.word,
        timestamp=show_moment(event.at),
        data=EventData(
            message=ids.show(ids.MESSAGE, event.message_id),
            mode="live" if told.live else "test",
            channel=told.channel.name.lower(),
            template=told.template_key,
            correlation=told.correlation,
            tags=told.tags,
            facts={name: fact for name, fact in facts(event).items() if name not in PRIVATE},
        ),
    )


def facts(event: Event) -> dict[str, Any]:
    """The data of an event; the instants among them are shown as all others are."""
    return event.data | {name: show_moment(event.data[name]) for name in INSTANTS if name in event.data}


def show_cursor(seq: int) -> str:
    """``evt_`` and 14 letters; they sort as the events do."""
    return f"{EVENT}_{ids.in_letters(seq, _LETTERS // 2)}"


def read_cursor(word: str, pointer: str = "/after") -> int:
    """The ``seq`` of an event's identifier.

    Raises:
        ValidationError: it is none.
    """
    kind, _, letters = word.rpartition("_")
    number = ids.number_of(letters) if kind == EVENT and len(letters) == _LETTERS else None
    if number is None or number > _MOST:
        advice = "write the `id` of an event or the `next` of a page, unchanged"
        raise ValidationError("The query has bad values.", fields=[FieldProblem(pointer, advice, "cursor")])
    return number


def read_types(words: Iterable[str], pointer: str) -> frozenset[EventType]:
    """Event types by their words.

    Raises:
        ValidationError: one of them is unknown.
    """
    found, problems = set(), []
    for index, word in enumerate(words):
        kind = TYPE_BY_WORD.get(word)
        if kind is None:
            advice = f'"{word[:64]}" is no type of event{did_you_mean(word, TYPE_BY_WORD)}'
            problems.append(FieldProblem(f"{pointer}/{index}", advice, "unknown-word"))
        else:
            found.add(kind)
    if problems:
        raise ValidationError("Some types of events are unknown.", fields=problems)
    return frozenset(found)
