"""Tokens: short, signed, of one meaning only."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.tracking.tokens import (
    LENGTH,
    MAX_NUMBER,
    MAX_OCCURRENCE,
    PATHS,
    Kind,
    Token,
    Tokens,
    place,
)

ALPHABET = string.ascii_letters + string.digits + "-_"
MESSAGE = bytes(range(16))


def derive(purpose: str) -> bytes:
    """Keys that a test can tell apart."""
    return purpose.encode().ljust(32, b"\0")


tokens = Tokens(derive)
places = st.tuples(st.sampled_from(Kind), st.integers(0, MAX_NUMBER), st.integers(0, MAX_OCCURRENCE))


@given(st.binary(min_size=16, max_size=16), places)
def test_what_is_made_is_read(message_id: bytes, where: tuple[Kind, int, int]) -> None:
    """Message, kind, number and occurrence come back, and the path has at most 60 characters."""
    word = tokens.make(message_id, *where)
    assert tokens.read(word) == Token(message_id, *where)
    assert len(PATHS[where[0]] + word + ".gif") <= 60
    assert set(word) <= set(ALPHABET)


@given(st.lists(places, min_size=1, max_size=30, unique=True))
def test_many_are_the_same_as_one_by_one(wanted: list[tuple[Kind, int, int]]) -> None:
    """Sharing HMACs changes no token, and no two places share one."""
    made = tokens.many(MESSAGE, [place(*where) for where in wanted])
    assert made == [tokens.make(MESSAGE, *where) for where in wanted]
    assert len(set(made)) == len(wanted)


@given(places, st.integers(0, LENGTH - 1), st.sampled_from(ALPHABET))
def test_any_changed_letter_is_refused(where: tuple[Kind, int, int], at: int, letter: str) -> None:
    """Thirty octets fill forty letters exactly: no letter has a bit that does not count."""
    word = tokens.make(MESSAGE, *where)
    changed = word[:at] + letter + word[at + 1 :]
    assert (tokens.read(changed) is None) == (changed != word)


@given(st.text(max_size=80))
def test_anything_else_is_refused(word: str) -> None:
    """Without an error, whatever it is."""
    assert tokens.read(word) is None


@pytest.mark.parametrize("added", ["=", "\n", ".", "A", "/"])
def test_there_is_one_way_to_write_a_token(added: str) -> None:
    """Nothing before or behind it, no other alphabet."""
    word = tokens.make(MESSAGE, Kind.CLICK)
    assert tokens.read(word + added) is None
    assert tokens.read(added + word) is None
    plus = next(made for n in range(2000) if "-" in (made := tokens.make(MESSAGE, Kind.CLICK, n)))
    assert tokens.read(plus.replace("-", "+")) is None


def test_a_token_of_one_kind_proves_nothing_of_another() -> None:
    """Who sees the address of the picture (every proxy does) cannot make the one that unsubscribes."""
    opened, leaving = tokens.make(MESSAGE, Kind.OPEN), tokens.make(MESSAGE, Kind.UNSUBSCRIBE)
    assert tokens.read(leaving[:28] + opened[28:]) is None
    assert tokens.read(tokens.make(bytes(16), Kind.UNSUBSCRIBE)[:24] + leaving[24:]) is None


def test_old_keys_are_read_until_they_are_given_up() -> None:
    """A new generation makes other tokens; the old ones go on working, until ``oldest`` says otherwise."""
    newer = Tokens(derive, generation=2)
    old, new = tokens.make(MESSAGE, Kind.CLICK, 3), newer.make(MESSAGE, Kind.CLICK, 3)
    assert old != new
    assert newer.read(old) == Token(MESSAGE, Kind.CLICK, 3, 0, 1)
    assert newer.read(new) == Token(MESSAGE, Kind.CLICK, 3, 0, 2)
    assert Tokens(derive, generation=2, oldest=2).read(old) is None
    assert tokens.read(new) is None
    assert Tokens(lambda purpose: derive("another master key " + purpose)).read(old) is None


def test_bounds() -> None:
    """What does not fit is said when it is made, not found when somebody clicks."""
    with pytest.raises(ValueError, match="at most 2048 links"):
        place(Kind.CLICK, MAX_NUMBER + 1)
    with pytest.raises(ValueError, match="at most"):
        place(Kind.CLICK, 0, MAX_OCCURRENCE + 1)
    with pytest.raises(ValueError, match="generations"):
        Tokens(derive, generation=1, oldest=2)
