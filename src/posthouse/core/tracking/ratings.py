"""Answers to the ratings in messages: one for each message and rating, the last that was confirmed."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import msgspec

from posthouse.core.kernel.clock import MINUTE
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event, EventType
from posthouse.core.tracking.model import Tracked

QUARTER: Final = 15 * MINUTE
"""Answers are counted by the quarter of an hour: the days of every time zone begin with one."""


class RatingAnswer(msgspec.Struct, frozen=True):
    """What somebody answered."""

    message_id: Id
    rating: str
    """Name of the rating in the template."""
    workspace_id: Id
    template_id: Id | None
    live: bool
    at: int
    score: int
    lowest: int
    highest: int
    comment: str | None = None


class RatingQuery(msgspec.Struct, frozen=True):
    """Which answers; None: whatever."""

    workspace_id: Id
    live: bool
    template_id: Id | None = None
    rating: str | None = None
    since: int | None = None
    until: int | None = None
    """Answered before."""
    lowest: int | None = None
    highest: int | None = None
    """Scores from and to, both included."""
    commented: bool = False
    """Only those with words."""
    locale: str | None = None
    """Of the message, to the letter."""
    before: tuple[int, Id, str] | None = None
    """The last of the page before: instant, message and rating."""
    limit: int = 50
    tried: int = 5_000
    """Answers that one question looks at, where no index serves a filter."""


class RatingCount(msgspec.Struct, frozen=True):
    """How many gave one score within a quarter of an hour."""

    template_id: Id | None
    rating: str
    lowest: int
    highest: int
    quarter: int
    """Quarters of an hour since the epoch."""
    score: int
    count: int


class Looked(NamedTuple):
    """What a look found; filters that no index serves are tried on so many answers at once."""

    answers: list[RatingAnswer]
    """The newest first."""
    upto: tuple[int, Id, str] | None = None
    """The last one that was looked at, where there may be more behind it (see ``before``)."""


class RatingStore(Protocol):
    """Answers. They are written by :meth:`~posthouse.core.tracking.ports.TrackingStore.add_hits`, in its transaction."""

    async def rating_answers(self, query: RatingQuery) -> Looked:
        """Answers; at most ``query.limit``, maybe fewer although there are more."""
        ...

    async def tracked(self, message_ids: Sequence[Id]) -> dict[Id, Tracked]:
        """See :class:`~posthouse.core.tracking.ports.TrackingStore`."""
        ...

    async def rating_counts(self, query: RatingQuery) -> list[RatingCount]:
        """Answers counted; paging and words are not looked at."""
        ...


def answers_in(events: Sequence[Event], known: Mapping[Id, Tracked]) -> list[RatingAnswer]:
    """The last answer to each rating among events, in the order of the key, so that two transactions never wait in a ring."""
    found: dict[tuple[Id, str], RatingAnswer] = {}
    for event in events:
        if event.type is EventType.RATED and event.message_id in known:
            answer = _answer(event, known[event.message_id])
            if answer is not None:
                key = (answer.message_id, answer.rating)
                if key not in found or found[key].at <= answer.at:
                    found[key] = answer
    return [found[key] for key in sorted(found)]


def _answer(event: Event, message: Tracked) -> RatingAnswer | None:
    said = event.data
    rating, score, lowest, highest = (said.get(name) for name in ("rating", "score", "lowest", "highest"))
    if rating is None or score is None or lowest is None or highest is None:
        return None
    return RatingAnswer(
        event.message_id,
        rating,
        message.workspace_id,
        message.template_id,
        message.live,
        event.at,
        score,
        lowest,
        highest,
        said.get("comment") or None,
    )
