"""Segments are counted as they are billed; letters change only where that keeps the GSM alphabet."""

# ruff: noqa: RUF001 - letters that look like others are the subject here

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.templates.mobile.gsm import (
    BASIC,
    EXTENSION,
    GSM,
    JOINED,
    ONE,
    encoding_of,
    measured,
    outside,
    split,
    transliterated,
    units_of,
)

GSM_TEXT = st.text(st.sampled_from(sorted(GSM)), max_size=700)
ANY_TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=300)


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments", "room"),
    [
        ("", "gsm-7", 0, 1, 160),
        ("a" * 160, "gsm-7", 160, 1, 0),
        ("a" * 161, "gsm-7", 161, 2, 145),
        ("a" * 306, "gsm-7", 306, 2, 0),
        ("a" * 307, "gsm-7", 307, 3, 152),
        ("€" * 80, "gsm-7", 160, 1, 0),
        ("€" * 81, "gsm-7", 162, 2, 143),
        # 153 is odd: a pair that would begin at its last septet goes to the next segment, so 76 signs stand in each.
        ("€" * 152, "gsm-7", 304, 2, 1),
        ("€" * 153, "gsm-7", 306, 3, 151),
        ("я" * 70, "ucs-2", 70, 1, 0),
        ("я" * 71, "ucs-2", 71, 2, 63),
        ("я" * 134, "ucs-2", 134, 2, 0),
        ("😀" * 35, "ucs-2", 70, 1, 0),
        ("😀" * 36, "ucs-2", 72, 2, 61),
        # 67 is odd: 33 pairs in each segment.
        ("😀" * 66, "ucs-2", 132, 2, 1),
        ("😀" * 67, "ucs-2", 134, 3, 65),
        ("ç", "ucs-2", 1, 1, 69),
        ("é à Ç ö", "gsm-7", 7, 1, 153),
    ],
)
def test_segments_are_counted_exactly(text: str, encoding: str, units: int, segments: int, room: int) -> None:
    """The edges of one and several segments, pairs at an odd place, both alphabets."""
    found = measured(text)
    assert (found.encoding, found.units, found.segments, found.room) == (encoding, units, segments, room)


def test_the_alphabet_is_the_standards() -> None:
    """127 letters beside the escape, ten in the extension table."""
    assert (len(BASIC), len(EXTENSION)) == (127, 10)
    assert BASIC.isdisjoint(EXTENSION)


@given(st.one_of(GSM_TEXT, ANY_TEXT))
def test_segments_join_to_the_text_and_each_fits(text: str) -> None:
    """Nothing is lost, nothing torn, no segment is larger than its room, and the count is that of the segments."""
    parts, encoding, found = split(text), encoding_of(text), measured(text)
    sizes = [sum(units_of(letter, encoding) for letter in part) for part in parts]
    assert "".join(parts) == text
    assert len(parts) == found.segments
    assert sum(sizes) == found.units
    most = ONE[encoding] if len(parts) == 1 else JOINED[encoding]
    assert max(sizes) <= most
    assert found.room == most - sizes[-1]
    # A segment is only begun when the next letter did not fit.
    assert all(size + 2 > most for size in sizes[:-1])


@given(ANY_TEXT)
def test_a_text_in_ucs_2_has_the_units_that_python_encodes(text: str) -> None:
    """Judged by another: two octets a unit."""
    if encoding_of(text) == "ucs-2":
        assert measured(text).units == len(text.encode("utf-16-be")) // 2


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("déjà reçu", "déjà recu"),
        ("L’œuvre – « bien »…", 'L\'oeuvre - " bien "...'),
        ("Ça va, Łodź?", "Ca va, Lodz?"),
        ("e\u0301te\u0301", "été"),
        ("1\u202f234,50 €", "1 234,50 €"),
    ],
)
def test_letters_change_only_where_the_alphabet_needs_it(text: str, plain: str) -> None:
    """é stays, ç becomes c, an accent written apart comes back to its letter."""
    found = transliterated(text)
    assert found.replace("Ç", "C") == plain
    assert encoding_of(found) == "gsm-7"


@pytest.mark.parametrize("text", ["Код 1234, reçu", "reçu 😀", "日本"])
def test_what_needs_ucs_2_all_the_same_is_left_alone(text: str) -> None:
    """It would lose its accents and gain nothing."""
    assert transliterated(text) == text


@given(ANY_TEXT)
def test_transliteration_gives_the_alphabet_or_the_text_itself(text: str) -> None:
    """And again changes nothing."""
    found = transliterated(text)
    assert found == text or encoding_of(found) == "gsm-7"
    assert transliterated(found) == found


@given(GSM_TEXT)
def test_what_fits_is_never_touched(text: str) -> None:
    """The alphabet's own accents stay."""
    assert transliterated(text) == text
    assert outside(text) == ()
