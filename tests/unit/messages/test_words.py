"""Words that messages are found by."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from posthouse.core.kernel.errors import ValidationError
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Event, EventType
from posthouse.core.messages.stream import Told, document
from posthouse.core.messages.words import Handed, WordFollower, Words, subject_words
from posthouse.testing.clock import FakeClock
from posthouse.testing.store_kit import Kit

HERE, ELSEWHERE = bytes(16), bytes([1]) * 16
WORDS = Words(bytes(32))


@pytest.mark.parametrize(
    ("subject", "asked"),
    [
        ("Your order A-1001 has SHIPPED", "shipped a-1001"),
        ("Your order A-1001 has shipped", "1001"),
        ("Votre commande est expédiée", "EXPÉDIÉE"),
        ("Ваш заказ № 17 отправлен", "заказ 17"),
        ("\ufb01nal \uff4f\uff52der", "final order"),
    ],
)
def test_words_are_found_in_any_order_and_case(subject: str, asked: str) -> None:
    """Each word of a question is one of the subject's, however it was written."""
    assert set(WORDS.asked(HERE, subject=asked, provider_id=None)) <= WORDS.of(HERE, {"subject": subject})


def test_other_words_other_workspaces_and_other_keys_find_nothing() -> None:
    """A word is of one workspace and one kind, and means nothing without the key."""
    kept = WORDS.of(HERE, {"subject": "Order A-1001", "remote_id": "4F2A1B"})
    for found in (
        WORDS.asked(HERE, subject="A-1002", provider_id=None),
        WORDS.asked(HERE, subject="4F2A1B", provider_id=None),
        WORDS.asked(ELSEWHERE, subject="order", provider_id=None),
        Words(b"k" * 32).asked(HERE, subject="order", provider_id=None),
    ):
        assert not kept & set(found)


def test_what_the_provider_called_it_is_found_as_it_is_told() -> None:
    """The queue identifier of an answer, and what else looks like one, with or without the brackets around it."""
    told = {"remote_id": "4F2A1B", "text": "Ok <0102018f-77.EX@mail.example> queued"}
    for word in ("4F2A1B", "4f2a1b", "<0102018f-77.EX@mail.example>", "0102018f-77.ex@mail.example"):
        assert set(WORDS.asked(HERE, subject=None, provider_id=word)) <= WORDS.of(HERE, told)
    assert not WORDS.of(HERE, {"text": "queued"})


@pytest.mark.parametrize("asked", [{"subject": " ?! ", "provider_id": None}, {"subject": None, "provider_id": " <> "}])
def test_a_question_without_a_word_is_refused(asked: dict[str, Any]) -> None:
    """It would otherwise find every message."""
    with pytest.raises(ValidationError) as caught:
        WORDS.asked(HERE, **asked)
    assert caught.value.fields[0].pointer in {"/subject", "/provider_id"}


def test_subjects_are_bounded() -> None:
    """However long a subject is, its words are few."""
    assert len(subject_words("a-b-c " * 1_000 + "x" * 100_000)) <= 16


def test_subjects_are_not_told_outside() -> None:
    """Feeds and webhooks tell neither the recipient nor a variable, and a subject has both."""
    event = Event(HERE, HERE, EventType.SENT, 0, data={"subject": "Your code is 123456", "attempt": 1})
    told = Told(event, True, Kit(FakeClock()).new().channel, None, None, ())
    assert document(told).data.facts == {"attempt": 1}


class Notes:
    """A store of words that somebody else may move."""

    def __init__(self, handed: list[Handed]) -> None:
        self.handed, self.position, self.lost = handed, 0, 0
        self.kept: set[tuple[int, Id]] = set()

    async def words_position(self) -> int:
        return self.position

    async def handed_between(self, after: int, until: int) -> list[Handed]:
        return self.handed[after:until]

    async def keep_words(self, since: int, until: int, found: Sequence[tuple[int, Id]]) -> bool:
        if self.lost:
            self.lost -= 1
            return False
        assert since == self.position
        self.position = until
        self.kept |= set(found)
        return True

    async def stream_end(self) -> int:
        return len(self.handed)


async def test_a_follower_keeps_all_in_turns_and_begins_again_when_it_lost() -> None:
    """Nothing is skipped; what has no facts is passed over."""
    facts = msgspec.json.encode({"subject": "Order 7"})
    notes = Notes([Handed(bytes([n]) * 16, HERE, facts if n % 2 else None) for n in range(5)])
    notes.lost = 1
    follower = WordFollower(notes, notes, WORDS, most=2)  # type: ignore[arg-type]  # only what a follower asks of the stream
    turns = 1
    while await follower.turn():
        turns += 1
    assert turns == 4
    assert {one for _, one in notes.kept} == {bytes([1]) * 16, bytes([3]) * 16}
    assert not await follower.turn()
