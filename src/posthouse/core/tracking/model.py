"""Opens, clicks and what is known of who did it."""

import enum
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event, EventType, Lane

MAX_AGENT: Final = 256
"""Characters of a user agent that are kept."""


class Verdict(enum.IntEnum):
    """Who it was, as far as can be told. Automations never decide on machines."""

    UNKNOWN = 0
    HUMAN = 1
    MACHINE = 2

    @property
    def word(self) -> str:
        """The name outside: lower case."""
        return _WORDS[self]


_WORDS: Final = {verdict: verdict.name.lower() for verdict in Verdict}
_HUMAN, _MACHINE, _UNKNOWN = Verdict.HUMAN.word, Verdict.MACHINE.word, Verdict.UNKNOWN.word
VERDICT_BY_WORD: Final = {verdict.word: verdict for verdict in Verdict}


class Facts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a request said, kept so that the verdict can be told again. Nothing of it names a person."""

    agent: str = ""
    network: str = ""
    """Where it came from, to /24 (IPv4) or /48 (IPv6): ``203.0.113.0/24``."""
    after: int | None = None
    """Milliseconds since the hand-over; None: it was not recorded yet."""
    head: bool = False
    """It asked for the headers only."""
    link: int | None = None
    """Number of the link in the release."""
    occurrence: int = 0
    """Which of several, where the link stands in a loop."""
    trap: bool = False
    """The link that nobody sees."""


class Judged(msgspec.Struct, frozen=True):
    """A verdict, why, and by which version of the rules."""

    verdict: Verdict
    reason: str
    rules: int


class Tracked(msgspec.Struct, frozen=True):
    """What the doors need to know of a message that was sent."""

    id: Id
    workspace_id: Id
    template_id: Id | None
    release_id: Id | None
    channel: Channel
    lane: Lane
    live: bool
    locale: str
    recipient: str
    created_at: int
    due_at: int
    sent_at: int | None
    """When it was handed over; None: that is not recorded (yet)."""
    erased: bool = False
    """Its content is gone: what comes back for it is counted, without anything that names a person."""


class Engagement(msgspec.Struct, frozen=True):
    """What came back for one message, of one type, by verdicts."""

    message_id: Id
    type: EventType
    human: int
    machine: int
    unknown: int
    first_at: int
    last_at: int


class Shares(msgspec.Struct, frozen=True):
    """Messages that were opened, clicked… at least once, by the best verdict of each."""

    type: EventType
    human: int
    """Messages with a human among them."""
    unknown: int
    """Messages with none, but one that nobody can tell."""
    machine: int
    """Messages with machines only."""


class Correction(msgspec.Struct, frozen=True):
    """A verdict told again, for an event that stays as it is."""

    message_id: Id
    type: EventType
    key: str
    judged: Judged


def data_of(facts: Facts, judged: Judged, **more: Any) -> dict[str, Any]:
    """What an event says."""
    told: dict[str, Any] = msgspec.to_builtins(facts)
    told["verdict"], told["reason"], told["rules"] = judged.verdict.word, judged.reason, judged.rules
    told.update(more)
    return told


def facts_of(event: Event) -> Facts:
    """The facts again; what is not one of them is left aside."""
    return msgspec.convert({name: event.data[name] for name in Facts.__struct_fields__ if name in event.data}, Facts)


def engagement_of(hits: Sequence[Event]) -> Engagement:
    """What the events of one message and type come to. Who says nothing of machines is a person: they confirmed what they did."""
    if len(hits) == 1:  # nearly always, and a third of the cost
        (hit,) = hits
        verdict = hit.data.get("verdict", _HUMAN)
        return Engagement(
            hit.message_id, hit.type, int(verdict == _HUMAN), int(verdict == _MACHINE), int(verdict == _UNKNOWN), hit.at, hit.at
        )  # fmt: skip
    verdicts = Counter([hit.data.get("verdict", _HUMAN) for hit in hits])
    times = [hit.at for hit in hits]
    return Engagement(
        message_id=hits[0].message_id,
        type=hits[0].type,
        human=verdicts[_HUMAN],
        machine=verdicts[_MACHINE],
        unknown=verdicts[_UNKNOWN],
        first_at=min(times),
        last_at=max(times),
    )
