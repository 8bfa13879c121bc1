"""One person as they may stand in a store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.channels.email.addresses import forms_of
from posthouse.core.keeping.person import Person, pattern_of, struck

ANN = Person("ann@bücher.example", "+33612345678", ("ann@xn--bcher-kva.example",))


@pytest.mark.parametrize(
    "text",
    [
        "ann@bücher.example",
        "<ANN@BÜCHER.EXAMPLE>",
        '{"a":"ann@b\\u00fccher.example"}',
        "https://shop.example/?to=ann%40b%C3%BCcher.example&x",
        "bounce of ann@xn--bcher-kva.example.",
        "mailto:ann@xn--bcher-kva.example?subject=x",
        "550 5.1.1 <Ann@xn--bcher-kva.example>: no",
        "call +33612345678",
        '{"text":"user unknown:\\nann@bücher.example\\tgone"}',
        '{"text":"\\u000bann@bücher.example"}',
        "https://shop.example/?next=%2Fme%3Fmail%3Dann%40b%C3%BCcher.example",
        "no such user 'ann@bücher.example'",
    ],
)
def test_the_person_is_found_however_written(text: str) -> None:
    """In any case, in JSON, in URLs, in the words of servers."""
    pattern = pattern_of(ANN)
    assert pattern.search(text)
    assert not pattern.search(str(struck(text, pattern)))
    assert not pattern.search(bytes(struck(text.encode(), pattern)).decode())  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "text",
    [
        "joann@bücher.example", "jo.ann@bücher.example", "ann@bücher.example.org", "ann@bücher.examples", "+336123456789",
        "ann+news@bücher.example", "ann@bucher.example", "o'ann@bücher.example", "https://shop.example/?to=jo%2Bann%40b%C3%BCcher.example",
    ],
)  # fmt: skip
def test_others_are_not_taken_for_the_person(text: str) -> None:
    """Longer names, other domains, subaddresses: other addresses."""
    pattern = pattern_of(ANN)
    assert struck(text, pattern) == text


def test_bytes_that_are_no_text_are_kept() -> None:
    """What stands around the address is not touched."""
    raw = b"\xff\x00" + ANN.email.encode() + b"\x80"
    assert struck(raw, pattern_of(ANN)) == b"\xff\x00erased\x80"
    assert struck(7, pattern_of(ANN)) == 7


def test_an_address_is_looked_for_in_both_forms_of_its_domain() -> None:
    """As people read it, and as it stands in DNS."""
    assert forms_of(" Ann@BÜCHER.example ") == ("Ann@bücher.example", "Ann@xn--bcher-kva.example")
    assert forms_of("ann@shop.example") == ("ann@shop.example",)


@pytest.mark.parametrize("local", ["ann", "\u017fam", "\u0131van", "Stra\u00dfe", "\u212aelvin"])
@given(
    st.text(st.sampled_from("aAnN\u017fsS\u0131iI\u0130\u00dfKk\u212a@=.x \u00e9"), max_size=12),
    st.text(st.sampled_from(" ,<>\u00e9"), min_size=1, max_size=3),
)
def test_the_quick_look_misses_nobody(local: str, noise: str, edge: str) -> None:
    """Whatever the slow pattern finds, in any letters, is found."""
    naming = pattern_of(Person(f"{local}@shop.example"))
    for written in (f"{local}@shop.example", f"{local}@SHOP.example".upper(), f"{local}@shop.example".title()):
        text = f"{noise}{edge}{written}{edge}{noise}"
        assert (naming.search(text) is None) is (naming._pattern.search(text) is None)
    assert (naming.search(noise) is None) is (naming._pattern.search(noise) is None)
