"""Which addresses are taken, and how they are written."""

import pytest
from email_validator import validate_email
from hypothesis import example, given, settings
from hypothesis import strategies as st

from posthouse.channels.email.addresses import EmailAddressRules, ascii_domain, wire_address
from posthouse.core.kernel.errors import ValidationError

RULES = EmailAddressRules()


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("ann@shop.example", "ann@shop.example"),
        ("Ann.Lee+tag@SHOP.Example", "Ann.Lee+tag@shop.example"),
        ("a@b.example", "a@b.example"),
        ("o'brien@mail.test", "o'brien@mail.test"),
        ("root@localhost", "root@localhost"),
        ("é@mail.LOCALHOST", "é@mail.localhost"),
        ("josé@exämple.com", "josé@exämple.com"),
        ("ann@xn--exmple-cua.com", "ann@exämple.com"),
        ("ann@EXÄMPLE.com", "ann@exämple.com"),
        ("почта@пример.рф", "почта@пример.рф"),
    ],
)
def test_takes_and_normalises(written: str, normal: str) -> None:
    """Ordinary, test and internationalised addresses are taken; only the domain changes its form."""
    assert RULES.normal_email(written) == normal


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@",
        "@shop.example",
        "ann@shop",
        "ann@@shop.example",
        "a b@shop.example",
        ".ann@shop.example",
        "ann.@shop.example",
        "an..n@shop.example",
        '"ann"@shop.example',
        "ann@[127.0.0.1]",
        "ann@-shop.example",
        "ann@shop-.example",
        "ann@shop..example",
        "ann@shop.invalid",
        "ann@printer.local",
        "ann@hidden.onion",
        "ann@1.0.0.127.in-addr.arpa",
        "Ann <ann@shop.example>",
        "ann@shop.example, bob@shop.example",
        f"{'a' * 65}@shop.example",
        f"ann@{'a' * 64}.example",
        f"ann@{'a.' * 126}example",
        "ann@ab--cd.example",
    ],
)
def test_refuses_with_words(address: str) -> None:
    """What is no address is refused with a sentence."""
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        RULES.normal_email(address)


@pytest.mark.parametrize("bad", ["\r", "\n", "\0", "\t", "\x7f", "\x85", "\u2028", "\r\nRCPT TO:<x@y.example>"])
@pytest.mark.parametrize(
    "place", ["{}ann@shop.example", "an{}n@shop.example", "ann@sh{}op.example", "ann@shop.example{}"]
)
def test_never_takes_control_characters(bad: str, place: str) -> None:
    """Nothing that could end an SMTP command gets through, wherever it stands."""
    with pytest.raises(ValueError, match="control character"):
        RULES.normal_email(place.format(bad))


LOCALS = st.text("abcXYZ019!#$%&'*+/=?^_`{|}~-.", min_size=1, max_size=70)
DOMAINS = st.lists(st.text("abcXY019-", min_size=1, max_size=66), min_size=1, max_size=4).map(".".join)


@settings(max_examples=150, deadline=None)
@given(LOCALS, DOMAINS, st.sampled_from(["com", "example", "co", "test", "museum", "x1", "xn--p1ai", "local"]))
@example("a", "b", "com")
def test_fast_way_agrees_with_email_validator(local: str, domain: str, zone: str) -> None:
    """The fast way takes no address that ``email-validator`` refuses, and gives the same form."""
    address = f"{local}@{domain}.{zone}"
    try:
        ours: str | None = RULES.normal_email(address)
    except ValueError:
        ours = None
    try:
        theirs: str | None = validate_email(
            address, check_deliverability=False, test_environment=True, strict=True
        ).normalized
    except ValueError:
        theirs = None
    assert ours == theirs


@settings(max_examples=120, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_judged(text: str) -> None:
    """Any text is taken or refused with ValueError, and what was taken can be written and is one word."""
    try:
        normal = RULES.normal_email(text)
    except ValueError:
        return
    assert len(normal.split()) == 1
    assert wire_address(normal, "/to").count("@") == 1
    assert RULES.normal_email(normal) == normal


def test_domains_go_out_in_ascii() -> None:
    """The wire has A-labels, so that only a local part beyond ASCII needs SMTPUTF8."""
    assert wire_address("josé@exämple.com", "/to") == "josé@xn--exmple-cua.com"
    assert ascii_domain("Straße.Example") == "xn--strae-oqa.example"


@pytest.mark.parametrize(
    "address", ["ann", "a>b@shop.example", "a\r\nb@shop.example", "ann@shop.example\r\n", "é\x85@x.example"]
)
def test_the_composer_checks_again(address: str) -> None:
    """Even an address that never passed the rules cannot break out of the envelope or a header."""
    with pytest.raises(ValidationError) as caught:
        wire_address(address, "/cc/0")
    assert caught.value.fields[0].pointer == "/cc/0"
