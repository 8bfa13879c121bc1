"""What is left of a message and of its facts when they are erased: pure, so that it can be read and tested."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Erased, EventType, Extras
from posthouse.core.messages.pseudonyms import Pseudonyms

KEPT_FACTS: Final = frozenset({
    "provider", "provider_id", "attempt", "code", "enhanced", "class", "tls", "milliseconds", "proof", "retry_at", "expires_at",
    "last_try", "late", "reason", "category", "since", "source", "basis", "feedback", "corrects", "verdict", "rules", "after", "link",
    "occurrence", "rating", "score", "lowest", "highest", "amount", "before", "currency", "clicked_at", "by", "how", "message", "suppression",
})  # fmt: skip
"""What facts say about a hand-over and nobody in particular. All others may name a person (words of servers, subjects, comments, user agents,
networks, addresses, order numbers), and so may those that are invented later: they go unless they are named here."""

_NAMED_BY_KEY: Final = frozenset({int(EventType.RECIPIENT_REFUSED), int(EventType.CONVERTED)})
_decode_extras: Final = msgspec.json.Decoder(Extras).decode
_encode: Final = msgspec.json.Encoder().encode


class Aged(NamedTuple):
    """A message that may be erased."""

    id: Id
    channel: int
    recipient: str
    extras: bytes | None
    pending: bool


class Told(NamedTuple):
    """A fact of a message, by its key."""

    message_id: Id
    type: int
    key: str
    data: bytes | None


class Less(NamedTuple):
    """What a fact becomes."""

    message_id: Id
    type: int
    key: str
    data: bytes | None
    new_key: str


class Left(NamedTuple):
    """What is left of a message."""

    id: Id
    recipient: str
    extras: bytes


def is_erased(message: Aged) -> bool:
    """Whether nothing of it is left to be erased."""
    return message.extras is not None and _decode_extras(message.extras).erased is not None


def less_of(facts: Iterable[Told], pseudonyms: Pseudonyms) -> list[Less]:
    """What facts become; those that may stay as they are are left out.

    The key of a fact about a copy or an order names it: a keyed hash takes its place, of this message alone.
    """
    changed = []
    for fact in facts:
        named = named_by_key(fact.type, fact.key)
        key = pseudonyms.of(fact.message_id, fact.type, fact.key) if named else fact.key
        less = scrubbed(fact.data)
        if less != fact.data or key != fact.key:
            changed.append(Less(fact.message_id, fact.type, fact.key, less, key))
    return changed


def named_by_key(kind: int, key: str) -> bool:
    """Whether the key of a fact names a copy, an order, or anybody."""
    return kind in _NAMED_BY_KEY or "@" in key


def left_of(message: Aged, workspace_id: Id, pseudonyms: Pseudonyms | None, at: int, why: str) -> Left:
    """What stays of a message; without ``pseudonyms`` nothing of its address."""
    extras = _decode_extras(message.extras) if message.extras else Extras()
    recipient = "" if pseudonyms is None else pseudonyms.of(workspace_id, message.channel, message.recipient)
    left = Extras(resend_of=extras.resend_of, fallback=extras.fallback, erased=Erased(at, why))
    return Left(message.id, recipient, _encode(left))


def scrubbed(data: bytes | None) -> bytes | None:
    """The facts that may stay; the same bytes when all of them may."""
    if not data:
        return data
    facts: Mapping[str, Any] = msgspec.json.decode(data)
    kept = {name: fact for name, fact in facts.items() if name in KEPT_FACTS}
    if len(kept) == len(facts):
        return data
    return _encode(kept) if kept else None
