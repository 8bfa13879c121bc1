"""One person as they may stand in a store."""

import base64
import hashlib
import json
import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.channels.email.addresses import forms_of
from posthouse.core.keeping.person import Person, pattern_of, struck
from posthouse.core.keeping.spelling import folded

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
        "https://shop.example/?to=%61n%6E%40b%C3%BCcher%2eexample",
        "https://a.example/?next=https%3A%2F%2Fb.example%2F%3Fto%3Dann%2540b%25C3%25BCcher.example",
        "<td>Ann&#64;b&#xfc;cher.example</td>",
        "ann&commat;xn--bcher-kva.example",
        '{"a":"\\u0061nn\\u0040b\\u00FCcher.example"}',
        "to=3Dann@xn--bcher-kva.example",
    ],
)
def test_the_person_is_found_however_written(text: str) -> None:
    """In any case, in JSON, in URLs, in the words of servers."""
    pattern = pattern_of(ANN)
    assert pattern.names(text)
    assert not pattern.names(str(struck(text, pattern)))
    assert not pattern.names(bytes(struck(text.encode(), pattern)).decode())  # type: ignore[call-overload]


@pytest.mark.parametrize(
    "text",
    [
        "joann@bücher.example", "jo.ann@bücher.example", "ann@bücher.example.org", "ann@bücher.examples", "+336123456789",
        "https://shop.example/?to=%6a%6Fann%40b%C3%BCcher.example", "jo&#97;nn@bücher.example",
        "ann+news@bücher.example", "ann@bucher.example", "o'ann@bücher.example", "https://shop.example/?to=jo%2Bann%40b%C3%BCcher.example",
    ],
)  # fmt: skip
def test_others_are_not_taken_for_the_person(text: str) -> None:
    """Longer names, other domains, subaddresses: other addresses."""
    pattern = pattern_of(ANN)
    assert struck(text, pattern) == text


def _wrapped(raw: bytes) -> str:
    return base64.encodebytes(b"From the shop, about an order of many things: " + raw).decode()


TOKEN = json.dumps({"id": 7, "mail": "Ann@xn--bcher-kva.example", "next": "a/?b>c~~~"}).encode()
RAW = ANN.email.encode()
IN_DISGUISE = {
    "base64": base64.b64encode(RAW).decode(),
    "base64 without its end": "https://shop.example/u/" + base64.urlsafe_b64encode(TOKEN).decode().rstrip("="),
    "one letter later": base64.b64encode(b":" + TOKEN).decode(),
    "two letters later": base64.b64encode(b"::" + TOKEN).decode(),
    "behind a path": "/img/a-b_c/" + base64.urlsafe_b64encode(b"x" + TOKEN).decode(),
    "in lines": _wrapped(RAW),
    "in lines, in JSON": json.dumps({"body": _wrapped(RAW)}),
    "with escaped slashes": json.dumps(base64.b64encode(b"\xff\xff\xff" + TOKEN).decode()).replace("/", "\\/"),
    "in a URL": quote(base64.b64encode(b"\xff\xff\xff\xfb\xef\xbe " + TOKEN), safe=""),
    "in a JWT": "eyJhbGciOiJub25lIn0." + base64.urlsafe_b64encode(TOKEN).decode().rstrip("=") + ".c2lnbmVk",
    "a number in base64": base64.b64encode(b"tel:+33612345678").decode(),
    "hexadecimal": "id=" + RAW.hex(),
    "hexadecimal in capitals": "0" + TOKEN.hex().upper(),
    "MD5": "https://pictures.example/avatar/" + hashlib.md5(RAW).hexdigest() + "?d=404",
    "SHA-256": '{"hashed":"' + hashlib.sha256(ANN.forms[0].encode()).hexdigest().upper() + '"}',
    "SHA-1 of a number": "tel-" + hashlib.sha1(b"33612345678").hexdigest(),
    "SHA-512 in base64": base64.b64encode(hashlib.sha512(RAW).digest()).decode(),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_DISGUISE)
def test_the_person_is_found_inside_what_programs_make_of_texts(name: str) -> None:
    """And written over in the same length: what stands beside her stays."""
    pattern, text = pattern_of(ANN), f"before {IN_DISGUISE[name]} behind, and more"
    assert pattern.names(text)
    less = str(struck(text, pattern))
    assert not pattern.names(less)
    assert len(less) == len(text)
    assert less.startswith("before ")
    assert less.endswith(" behind, and more")


def test_what_stands_beside_a_person_in_base64_stays() -> None:
    """The rest of a token can be read as before."""
    token = base64.urlsafe_b64encode(TOKEN).decode().rstrip("=")
    less = str(struck(f"?t={token}&x", pattern_of(ANN))).removeprefix("?t=").removesuffix("&x")
    mail = "x" * len("Ann@xn--bcher-kva.example")
    assert json.loads(base64.urlsafe_b64decode(less + "==")) == {"id": 7, "mail": mail, "next": "a/?b>c~~~"}


@pytest.mark.parametrize("other", [b"joann@xn--bcher-kva.example", b"ann@xn--bcher-kva.examples", b"+336123456789"])
def test_others_are_not_taken_for_the_person_there(other: bytes) -> None:
    """Longer names and numbers: other people, other tokens."""
    for text in (base64.b64encode(other).decode(), other.hex(), hashlib.sha256(other).hexdigest()):
        assert struck(text, pattern_of(ANN)) == text


def test_bytes_that_are_no_text_are_kept() -> None:
    """What stands around the address is not touched."""
    raw = b"\xff\x00" + ANN.email.encode() + b"\x80"
    assert struck(raw, pattern_of(ANN)) == b"\xff\x00erased\x80"
    assert struck(7, pattern_of(ANN)) == 7


def test_an_address_is_looked_for_in_both_forms_of_its_domain() -> None:
    """As people read it, and as it stands in DNS."""
    assert forms_of(" Ann@BÜCHER.example ") == ("Ann@bücher.example", "Ann@xn--bcher-kva.example")
    assert forms_of("ann@shop.example") == ("ann@shop.example",)


def test_letters_that_are_one_without_regard_to_case_are_folded_to_one() -> None:
    """All of them: the quick look must not miss what the slow one would find."""
    pairs = {(chr(code), other) for code in range(0x1F000) for other in {*_other_cases(chr(code))}}
    same = [(one, other) for one, other in pairs if re.fullmatch(re.escape(one), other, re.IGNORECASE)]
    assert len(same) > 2_000
    assert not [pair for pair in same if folded(pair[0]) != folded(pair[1])]


def _other_cases(letter: str) -> list[str]:
    return [case for case in (letter.lower()[:1], letter.upper()[:1], letter.casefold()) if case != letter]


def test_a_letter_of_two_escapes_is_found_among_others() -> None:
    """JSON writes letters beyond the first 65,536 as two."""
    assert pattern_of(Person("\U0001f600@shop.example")).names('\u00e9 {"a":"\\ud83d\\ude00\\u0040shop.example"}')


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
        assert naming.names(text) is (naming._pattern.search(text) is not None)
    assert naming.names(noise) is (naming._pattern.search(noise) is not None)
