"""What must be true after any fault: the judge of the fault tests.

    findings = await invariants(store, workspace_id, accepted, wire)
    assert not findings

*Accepted* is what a client was told of with a 2xx; the *wire* is what the other side has, by message.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from posthouse.core.kernel import ids
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event, EventType, Message, Status
from posthouse.testing.store_kit import EVENT_OF_STATUS, Store

ENDINGS: Final = {status: kind for status, kind in EVENT_OF_STATUS.items() if not status.pending} | {
    Status.CANCELLED: EventType.CANCELLED,
    Status.SUPERSEDED: EventType.SUPERSEDED,
}
"""The event that an end state owes its being to."""
FAR_FUTURE: Final = 1 << 62
_TOGETHER: Final = 50


async def invariants(
    store: Store, workspace_id: Id, accepted: Collection[Id], wire: Mapping[Id, int], *, ended: bool = True
) -> list[str]:
    """Everything that is wrong, in words; empty when all is well.

    Args:
        store: opened on the data after the fault.
        workspace_id: whose messages.
        accepted: the messages of which a client has the 2xx.
        wire: how often each message was delivered.
        ended: whether every message must have come to its end by now.
    """
    found = await _whole(store)
    everything = list({*accepted, *wire})
    for start in range(0, len(everything), _TOGETHER):
        group = everything[start : start + _TOGETHER]
        for one in await asyncio.gather(*(_of_one(store, workspace_id, id_, wire.get(id_, 0), ended) for id_ in group)):
            found += one
    return found


async def _whole(store: Store) -> list[str]:
    """What holds for the store as a whole."""
    found = []
    if misplaced := await store.misplaced():
        found.append(f"{misplaced} messages are not in exactly one of queue and states")
    counted = Counter({key: count for key, count in (await store.counters()).items() if count})
    recounted = Counter(await store.recount())
    if counted != recounted:
        found.append(f"counters differ from events: {dict((counted - recounted) + (recounted - counted))}")
    return found


async def _of_one(store: Store, workspace_id: Id, message_id: Id, delivered: int, ended: bool) -> list[str]:
    """What holds for one message."""
    name = ids.show(ids.MESSAGE, message_id)
    message = await store.message(workspace_id, message_id, FAR_FUTURE)
    if message is None:
        return [f"{name} was {'delivered' if delivered else 'accepted'} and is not in the store"]
    events = await store.events_of(workspace_id, message_id)
    return [f"{name} {what}" for what in (*_places(message, events, ended), *_deliveries(message, events, delivered))]


def _places(message: Message, events: list[Event], ended: bool) -> list[str]:
    """State and events say the same."""
    kinds = Counter(event.type for event in events if not event.data.get("late"))
    if kinds[EventType.ACCEPTED] != 1:
        return [f"has {kinds[EventType.ACCEPTED]} ACCEPTED events"]
    if message.status.pending:
        return [f"is still {message.status.word}"] if ended else []
    wanted = ENDINGS.get(message.status)
    if wanted is not None and not any(event.type is wanted for event in events):
        return [f"is {message.status.word} and has no such event, only {sorted(kind.name for kind in kinds)}"]
    endings = {kind for kind in kinds if kind in set(ENDINGS.values()) and kind is not EventType.UNKNOWN}
    others = endings - {wanted, EventType.SENT if message.status is Status.DELIVERED else wanted}
    return [f"is {message.status.word} and has {sorted(kind.name for kind in others)} as well"] if others else []


def _deliveries(message: Message, events: list[Event], delivered: int) -> list[str]:
    """Deliveries on the wire ≤ 1 + recorded in-doubt attempts; what is said to be sent was sent."""
    doubts = sum(event.type is EventType.UNKNOWN for event in events)
    if delivered > 1 + doubts:
        return [f"was delivered {delivered} times with {doubts} attempts in doubt"]
    if message.status in {Status.SENT, Status.DELIVERED} and not delivered:
        return [f"is {message.status.word} and was never delivered"]
    if message.status not in {Status.SENT, Status.DELIVERED} and delivered and not (doubts or message.status.pending):
        return [f"is {message.status.word} and was delivered {delivered} times"]
    return []
