"""Folds events into cells: pure, so that counting again must give the same.

What an event adds depends on the event, its message, and the events before it in the stream. Nothing depends on the time at which it is
folded, on how the stream was cut into turns, or on what became of the message later.
"""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import msgspec

from posthouse.core.analytics.calendar import monday_of
from posthouse.core.analytics.domains import DomainGroups
from posthouse.core.analytics.latencies import Span, key_of
from posthouse.core.analytics.measures import INDEX
from posthouse.core.analytics.model import Before, Cell, Combo, Fact, Grain, Kind, Place, Seen, Step, number_of
from posthouse.core.kernel import ids
from posthouse.core.kernel.clock import HOUR
from posthouse.core.kernel.errors import NotFoundError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.limits import STEP_TAG
from posthouse.core.messages.model import Channel, EventType
from posthouse.core.messages.trying import TAG
from posthouse.core.tracking.model import Verdict

Bound = Callable[[Combo], Combo]
"""Gives a combination back, or the one that stands for all others where there are too many."""
DayOf = Callable[[Id, int], int]
"""The day of an instant in a workspace's time zone."""

_SENT: Final = int(EventType.SENT)
_DELIVERED: Final = int(EventType.DELIVERED)
_BOUNCED: Final = int(EventType.BOUNCED)
_OPENED: Final = int(EventType.OPENED)
_CLICKED: Final = int(EventType.CLICKED)
_CONVERTED: Final = int(EventType.CONVERTED)
_UNSUBSCRIBED: Final = int(EventType.UNSUBSCRIBED)
_COMPLAINED: Final = int(EventType.COMPLAINED)
_ATTEMPTS: Final = frozenset({_SENT, int(EventType.DEFERRED), _BOUNCED, int(EventType.FAILED)})
_NEED_BEFORE: Final = frozenset(
    {_BOUNCED, _COMPLAINED, _OPENED, _CLICKED, _UNSUBSCRIBED, _CONVERTED, int(EventType.RATED)}
)
_PLAIN: Final = {
    int(kind): INDEX[name]
    for kind, name in {
        EventType.ACCEPTED: "accepted",
        EventType.SENT: "sent",
        EventType.DELIVERED: "delivered",
        EventType.DEFERRED: "deferred",
        EventType.FAILED: "failed",
        EventType.EXPIRED: "expired",
        EventType.CANCELLED: "withdrawn",
        EventType.SUPERSEDED: "withdrawn",
        EventType.SUPPRESSED: "suppressed",
        EventType.UNKNOWN: "in_doubt",
        EventType.RATED: "rated",
    }.items()
}
"""Types that count one by one."""
_OF: Final = {place: INDEX[f"of_{name}"] for name, place in INDEX.items() if f"of_{name}" in INDEX}
"""The same of the messages, where there is one."""


NOT_COUNTED: Final = "posthouse:alert"
"""The tag of the mails that alerts send (core/alerts/telling.py): statistics that counted them would raise alerts about alerts."""
_NOT_COUNTED: Final = f'"{NOT_COUNTED}"'
_TESTS: Final = f'"{TAG}"'
"""Test sends."""
_ABOUT: Final = slice(Fact._fields.index("template"), Fact._fields.index("locale"))
(
    _COARSE_HOUR, _COARSE_DAY, _FINE_HOUR, _FINE_DAY, _TAGS_HOUR, _TAGS_DAY, _FINE_WEEK, _TAGS_WEEK,
    _STEPS_HOUR, _STEPS_DAY, _STEPS_WEEK,
) = map(int, Grain)  # fmt: skip
"""As plain numbers: they are hashed often."""
_COARSE: Final = 6
"""So many values of a combination are told apart by every kind: template, version, channel, lane, mode, source."""
_About: TypeAlias = tuple[Any, ...]
_Key: TypeAlias = tuple[Id, int, int, _About]
"""Workspace, hour, day, and the values of the dimensions."""


class _Said(msgspec.Struct):
    provider_id: str = ""
    attempt: int = 0
    milliseconds: int = 0
    verdict: str = ""
    corrects: bool = False
    """A conversion that was counted already, said better."""


_read_said: Final = msgspec.json.Decoder(_Said).decode


def fold(facts: Sequence[Fact], before: dict[Id, Before], *, day_of: DayOf, groups: DomainGroups, bound: Bound) -> Step:
    """What events in their order add to the roll-ups.

    Args:
        facts: the next events of the stream.
        before: what was before them, of the messages of events that need it (:func:`needs_before`). It is changed.
        day_of: days of workspaces.
        groups: recipient domains.
        bound: keeps the number of combinations within bounds.
    """
    folding = _Folding(before, day_of, groups, bound)
    for fact in facts:
        folding.add(fact)
    return Step(folding.expanded(), folding.seen, combos=folding.combos)


def needs_before(fact: Fact) -> bool:
    """Whether what an event counts as depends on what was before: whether it is the first, or who the provider was."""
    return fact.type in _NEED_BEFORE or (fact.type == _DELIVERED and b'"provider_id"' not in (fact.data or b""))


class _Folding:
    """One turn. Events are added to the finest cells; the others are summed from these at the end."""

    def __init__(self, before: dict[Id, Before], day_of: DayOf, groups: DomainGroups, bound: Bound) -> None:
        self._before = before
        self._day_of = day_of
        self._groups = groups
        self._bound = bound
        self._fine: dict[_Key, Cell] = {}
        self._tags: dict[_Key, Cell] = {}
        self.seen: dict[Id, int] = {}
        self.combos: dict[int, Combo] = {}

    def add(self, fact: Fact) -> None:
        if fact.tags and (_NOT_COUNTED in fact.tags or _TESTS in fact.tags):
            return
        said = _said(fact.data)
        provider = _provider(said.provider_id)
        before = self._before.get(fact.message_id) or Before()
        if fact.type == _SENT:
            before.sent, before.provider = True, provider
        elif needs_before(fact):
            provider = provider or before.provider
        counted = self._counted(fact, said, before)
        if not counted:
            return
        domain = self._groups.of(fact.recipient) if fact.channel == Channel.EMAIL else ""
        about = (*tuple(fact)[_ABOUT], fact.locale, provider, domain)
        hour = fact.at // HOUR
        cells = self._cells(fact, about, hour, fact.at)
        took = _took(fact, said, counted)
        for cell in cells:
            _count(cell.counts, counted)
            if took is not None:
                _count(cell.latencies, (took,))
        if of := [_OF[place] for place in counted if place in _OF]:
            if fact.created_at // HOUR != hour:
                cells = self._cells(fact, about, fact.created_at // HOUR, fact.created_at)
            for cell in cells:
                _count(cell.counts, of)

    def _counted(self, fact: Fact, said: _Said, before: Before) -> Sequence[int]:
        """The places of what an event counts as, as it happened."""
        kind = fact.type
        plain = _PLAIN.get(kind)
        if plain is not None:
            return (plain,)
        if kind in (_OPENED, _CLICKED):
            return self._hit(fact, said, before)
        if kind == _BOUNCED and not before.bounced:
            before.bounced = True
            return (_BOUNCED_AT,) if before.sent else (_BOUNCED_AT, _AT_ONCE_AT)
        if kind == _COMPLAINED and not before.complained:
            before.complained = True
            return (_COMPLAINED_AT,)
        return self._of_person(fact, said, before)

    def _of_person(self, fact: Fact, said: _Said, before: Before) -> Sequence[int]:
        """Unsubscribing, which counts once for each message, and what was bought."""
        if fact.type == _UNSUBSCRIBED and self._first(fact.message_id, before, Seen.UNSUBSCRIBED):
            return (_UNSUBSCRIBED_AT,)
        if fact.type == _CONVERTED and not said.corrects:
            first = self._first(fact.message_id, before, Seen.CONVERTED)
            return (_CONVERSIONS_AT, _CONVERTED_AT) if first else (_CONVERSIONS_AT,)
        return ()

    def _hit(self, fact: Fact, said: _Said, before: Before) -> Sequence[int]:
        """An open or a click: in all, of its verdict, and once for each message."""
        word = Verdict(fact.verdict).word if fact.verdict is not None else said.verdict or Verdict.HUMAN.word
        opened = fact.type == _OPENED
        places = [INDEX[f"{'opens' if opened else 'clicks'}_{word}"]]
        if self._first(fact.message_id, before, Seen.OPENED if opened else Seen.CLICKED):
            places.append(_OPENED_AT if opened else _CLICKED_AT)
        human = Seen.OPENED_HUMAN if opened else Seen.CLICKED_HUMAN
        if word == Verdict.HUMAN.word and self._first(fact.message_id, before, human):
            places.append(_OPENED_HUMAN_AT if opened else _CLICKED_HUMAN_AT)
        return places

    def _first(self, message_id: Id, before: Before, what: Seen) -> bool:
        """Whether it happens for the first time; from now on it is seen."""
        if before.seen & what:
            return False
        before.seen |= int(what)
        self.seen[message_id] = before.seen
        return True

    def _cells(self, fact: Fact, about: _About, hour: int, at: int) -> list[Cell]:
        workspace = fact.workspace_id
        day = self._day_of(workspace, at)
        key = (workspace, hour, day, about)
        cell = self._fine.get(key)
        if cell is None:
            cell = self._fine[key] = Cell({}, {})
        if not fact.tags:
            return [cell]
        return [cell, *[self._tagged(workspace, hour, day, about[:_COARSE], tag) for tag in _tags(fact.tags)]]

    def _tagged(self, workspace: Id, hour: int, day: int, about: _About, tag: str) -> Cell:
        key = (workspace, hour, day, (*about, tag))
        cell = self._tags.get(key)
        if cell is None:
            cell = self._tags[key] = Cell({}, {})
        return cell

    def _number(self, combo: Combo) -> int:
        number = number_of(combo)
        self.combos[number] = combo
        return number

    def expanded(self) -> dict[Place, Cell]:
        """The cells of every grain."""
        cells: dict[Place, Cell] = {}
        for (workspace, hour, day, about), added in self._fine.items():
            fine = self._number(self._bound(Combo(workspace, Kind.FINE, *about)))
            coarse = self._number(Combo(workspace, Kind.COARSE, *about[:_COARSE]))
            _add(cells, Place(workspace, _FINE_HOUR, hour, fine), added)
            _add(cells, Place(workspace, _FINE_DAY, day, fine), added)
            _add(cells, Place(workspace, _FINE_WEEK, monday_of(day), fine), added)
            _add(cells, Place(workspace, _COARSE_HOUR, hour, coarse), added)
            _add(cells, Place(workspace, _COARSE_DAY, day, coarse), added)
        for (workspace, hour, day, about), added in self._tags.items():
            kind, tag, by_hour, by_day, by_week = _told_by(about[_COARSE])
            combo = Combo._make((workspace, kind, *about[:_COARSE], "", "", "", tag))
            tagged = self._number(self._bound(combo))
            _add(cells, Place(workspace, by_hour, hour, tagged), added)
            _add(cells, Place(workspace, by_day, day, tagged), added)
            _add(cells, Place(workspace, by_week, monday_of(day), tagged), added)
        return cells


def _told_by(tag: str) -> tuple[Kind, str, int, int, int]:
    """What a tag says: a step of an automation, or itself; the kind of its rows, and their grains."""
    if tag.startswith(STEP_TAG):
        return Kind.STEPS, tag.removeprefix(STEP_TAG), _STEPS_HOUR, _STEPS_DAY, _STEPS_WEEK
    return Kind.TAGS, tag, _TAGS_HOUR, _TAGS_DAY, _TAGS_WEEK


def _count(counts: dict[int, int], places: Sequence[int]) -> None:
    for place in places:
        counts[place] = counts.get(place, 0) + 1


def _add(cells: dict[Place, Cell], place: Place, added: Cell) -> None:
    found = cells.get(place)
    if found is None:
        cells[place] = Cell(dict(added.counts), dict(added.latencies))
        return
    for mine, more in ((found.counts, added.counts), (found.latencies, added.latencies)):
        for key, count in more.items():
            mine[key] = mine.get(key, 0) + count


def _took(fact: Fact, said: _Said, counted: Sequence[int]) -> int | None:
    """Span and bucket of the time that ended with an event."""
    since = max(fact.created_at, fact.due_at)
    if fact.type in _ATTEMPTS and said.attempt == 1:
        return key_of(Span.FIRST_ATTEMPT, (fact.at - since) / 1000 - said.milliseconds)
    if fact.type == _DELIVERED:
        return key_of(Span.DELIVERED, (fact.at - since) / 1000)
    if _OPENED_HUMAN_AT in counted:
        return key_of(Span.OPENED, (fact.at - since) / 1000)
    return None


def provider_of(data: bytes | None) -> str:
    """The provider that an event names, in hexadecimal; '' for none."""
    return _provider(_said(data).provider_id)


def _said(data: bytes | None) -> _Said:
    if not data:
        return _Said()
    try:
        return _read_said(data)
    except msgspec.ValidationError:  # a field of another type: nothing of ours wrote it
        return _Said()


@lru_cache(maxsize=1024)
def _provider(word: str) -> str:
    try:
        return ids.read(ids.PROVIDER, word).hex() if word else ""
    except NotFoundError:
        return ""


@lru_cache(maxsize=1024)
def _tags(words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(json.loads(words)))


_BOUNCED_AT: Final = INDEX["bounced"]
_AT_ONCE_AT: Final = INDEX["bounced_at_once"]
_COMPLAINED_AT: Final = INDEX["complained"]
_CONVERSIONS_AT: Final = INDEX["conversions"]
_CONVERTED_AT: Final = INDEX["converted"]
_UNSUBSCRIBED_AT: Final = INDEX["unsubscribed"]
_OPENED_AT: Final = INDEX["opened"]
_OPENED_HUMAN_AT: Final = INDEX["opened_human"]
_CLICKED_AT: Final = INDEX["clicked"]
_CLICKED_HUMAN_AT: Final = INDEX["clicked_human"]
