"""Identifiers, time and the cache."""

import asyncio
import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.kernel import ids
from posthouse.core.kernel.cache import FRESH_FOR, GenerationCache
from posthouse.core.kernel.clock import HOUR, SECOND, HouseClock
from posthouse.core.kernel.counts import counted
from posthouse.core.kernel.errors import InvalidIdError
from posthouse.core.kernel.moments import read_moment, show_moment
from posthouse.core.kernel.nearest import nearest
from posthouse.core.kernel.references import bounded, resolved
from posthouse.testing.clock import FakeClock


@given(raw=st.binary(min_size=16, max_size=16))
def test_identifiers_read_back(raw: bytes) -> None:
    """What is shown reads back, under its own prefix only."""
    word = ids.show(ids.MESSAGE, raw)
    assert ids.read(ids.MESSAGE, word) == raw
    with pytest.raises(InvalidIdError):
        ids.read(ids.KEY, word)


@given(word=st.text(max_size=40))
def test_no_word_breaks_the_reader(word: str) -> None:
    """Anything that is no identifier is refused as such."""
    try:
        raw = ids.read(ids.MESSAGE, word)
    except InvalidIdError:
        return
    assert ids.show(ids.MESSAGE, raw) == word


@given(steps=st.lists(st.integers(-10_000_000, 10_000_000), min_size=1, max_size=50))
def test_identifiers_never_go_backwards(steps: list[int]) -> None:
    """Whatever the clock does, a later identifier sorts after an earlier one; version and variant are RFC 9562's."""
    clock = FakeClock()
    make = ids.Uuid7Source(clock.now)
    made = []
    for step in steps:
        clock.step(step)
        made.append(make())
    assert made == sorted(set(made))
    assert all(one[6] >> 4 == 7 and one[8] >> 6 == 2 for one in made)


def test_an_identifier_tells_its_time() -> None:
    """The first 48 bits are milliseconds, and the lowest of a millisecond is its bound."""
    clock = FakeClock()
    made = ids.Uuid7Source(clock.now)()
    assert ids.milliseconds_of(made) == clock.now() // 1000
    assert ids.lowest_at(clock.now() // 1000) <= made < ids.lowest_at(clock.now() // 1000 + 1)


def test_the_house_clock_ignores_a_step_until_the_reference_confirms_it() -> None:
    """A process whose clock is set an hour off goes on as before; it follows the store alone."""
    base = FakeClock()
    clock = HouseClock(base)
    begun = clock.now()
    base.step(HOUR)
    base.advance(SECOND)
    assert clock.now() == begun + SECOND
    assert clock.hold_to(begun + 5 * SECOND) == 4 * SECOND
    assert clock.now() == begun + 5 * SECOND


@given(instant=st.integers(0, 4_000_000_000_000_000))
def test_moments_read_back_to_the_millisecond(instant: int) -> None:
    """RFC 3339 in and out."""
    assert read_moment(show_moment(instant)) == instant // 1000 * 1000


def test_a_moment_needs_its_offset() -> None:
    """A time without a zone is nobody's time."""
    with pytest.raises(ValueError, match="time zone"):
        read_moment("2027-01-01T00:00:00")
    assert read_moment("2027-01-01T02:00:00+02:00") == read_moment("2027-01-01T00:00:00Z")


class _Settings:
    """A store whose settings change."""

    def __init__(self) -> None:
        self.number = 1
        self.asked = 0

    async def generation(self) -> int:
        self.asked += 1
        return self.number


async def test_a_change_counts_a_moment_later_and_a_hit_asks_nobody() -> None:
    """The generation is asked at most once in 100 ms."""
    clock, store = FakeClock(), _Settings()
    cache: GenerationCache[str, int] = GenerationCache(store.generation, clock, size=2)

    async def read(_key: str) -> int:
        return store.number * 10

    assert [await cache.get("a", read) for _ in range(3)] == [10, 10, 10]
    assert store.asked == 1
    store.number = 2
    assert await cache.get("a", read) == 10
    clock.advance(FRESH_FOR)
    assert await cache.get("a", read) == 20


async def test_a_hundred_who_find_it_stale_ask_once() -> None:
    """Else every one of a dispatcher's workers would ask the store ten times a second."""
    clock, store = FakeClock(), _Settings()
    cache: GenerationCache[int, int] = GenerationCache(store.generation, clock)

    async def read(key: int) -> int:
        return key

    assert await asyncio.gather(*[cache.get(number, read) for number in range(100)]) == [*range(100)]
    assert store.asked == 1


async def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    """A slow read that a change overtakes is answered, but not remembered."""
    clock, store = FakeClock(), _Settings()
    cache: GenerationCache[str, str] = GenerationCache(store.generation, clock)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_key: str) -> str:
        begun.set()
        await go_on.wait()
        return "old"

    async def quick(_key: str) -> str:
        return "new"

    overtaken = asyncio.ensure_future(cache.get("a", slow))
    await begun.wait()
    store.number = 2
    clock.advance(FRESH_FOR)
    assert await cache.get("b", quick) == "new"
    go_on.set()
    assert await overtaken == "old"
    assert await cache.get("a", quick) == "new"


@pytest.mark.parametrize(
    ("typed", "meant"), [("lnae", "lane"), ("nmae", "name"), ("templte", "template"), ("emial", "email"), ("zzz", None)]
)
def test_the_word_that_was_meant(typed: str, meant: str | None) -> None:
    """Swapped letters are the commonest slip: they win over a word that is otherwise as near."""
    assert nearest(typed, ["name", "lane", "template", "email", "to"]) == meant


@pytest.mark.parametrize("word", ["tomorrow", "", "2026-13-01T00:00:00Z", "2026-11-22T09:30:00"])
def test_what_is_no_moment_is_told_in_plain_words(word: str) -> None:
    """Nothing of Python's own words reaches the person who mistyped a date."""
    with pytest.raises(ValueError, match=r"not a date and time|time zone is missing"):
        read_moment(word)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("&amp;&#233;&#xe9;&hellip;", "&éé…"),
        ("&#0000000038;&#x0000026;", "&&"),
        ("&#x10FFFF;", ""),
        ("&#x110000;&#xD800;&#1234567890;x", "\ufffd\ufffd\ufffdx"),
        ("&#" + "9" * 5_000 + ";&#x" + "f" * 5_000 + ";&#" + "0" * 5_000 + "38;", "\ufffd" * 3),
    ],
)
def test_character_references_are_read_however_long(written: str, meant: str) -> None:
    """The standard library raises at a number of thousands of digits; nothing else is read otherwise."""
    assert resolved(written) == meant
    assert html.unescape(bounded(written)) == meant


def test_one_thing_is_no_many() -> None:
    """Numbers agree with their nouns."""
    told = [counted(number, "template") for number in (0, 1, 2, 1_204)]
    assert told == ["0 templates", "1 template", "2 templates", "1,204 templates"]
    assert (counted(1, "entry", "entries"), counted(2, "entry", "entries")) == ("1 entry", "2 entries")
