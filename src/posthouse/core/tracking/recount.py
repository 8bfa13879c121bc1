"""Tells verdicts again, with the rules of today and all hits of a message in view."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event
from posthouse.core.tracking.model import Correction, facts_of
from posthouse.core.tracking.ports import TrackingStore
from posthouse.core.tracking.rules import Rules, around_of

PAGE: Final = 200
"""Messages a transaction."""


class Recounted(msgspec.Struct, frozen=True):
    """What a recount came to."""

    messages: int = 0
    hits: int = 0
    changed: int = 0


async def recount(store: TrackingStore, rules: Rules, since: Id = bytes(16)) -> Recounted:
    """Judges every open and click again, page by page; what changed is kept beside the events.

    Args:
        store: where they are.
        rules: of today.
        since: the message to begin behind.
    """
    total = Recounted()
    while messages := await store.engaged_after(since, PAGE):
        hits = await store.hits_of(messages)
        corrections = [
            correction for _, of_one in groupby(hits, key=lambda hit: hit.message_id)
            for correction in _corrections(list(of_one), rules)
        ]  # fmt: skip
        await store.correct(corrections, messages)
        since = messages[-1]
        total = Recounted(
            total.messages + len(messages), total.hits + len(hits), total.changed + len(changed(hits, corrections))
        )
    return total


def changed(hits: Sequence[Event], corrections: Sequence[Correction]) -> list[Correction]:
    """The corrections that say something else than the event."""
    said = {(hit.message_id, hit.type, hit.key): hit.data.get("verdict") for hit in hits}
    return [one for one in corrections if said[one.message_id, one.type, one.key] != one.judged.verdict.word]


def _corrections(hits: Sequence[Event], rules: Rules) -> list[Correction]:
    """One for each hit that was judged by other rules, or whose verdict or reason is another now."""
    seen = [(hit.at, facts_of(hit)) for hit in hits]
    clicks = [(at, facts) for at, facts in seen if facts.link is not None]
    corrections = []
    for hit, (at, facts) in zip(hits, seen, strict=True):
        judged = rules.judge(hit.type, facts, around_of(at, facts, clicks, rules.timing))
        if (hit.data.get("verdict"), hit.data.get("reason"), hit.data.get("rules")) != (
            judged.verdict.word,
            judged.reason,
            judged.rules,
        ):
            corrections.append(Correction(hit.message_id, hit.type, hit.key, judged))
    return corrections
