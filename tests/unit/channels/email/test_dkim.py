"""Signatures, judged by dkimpy and by the vectors of RFC 8463."""

import base64
import hashlib
import random
import re

import dkim
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.channels.email.kit import NOW, Letter, composer, dnsfunc, identity, inline, keys, signer

from posthouse.channels.email.canonical import relaxed_body, relaxed_header
from posthouse.channels.email.dkim import body_hash, canonical_signature
from posthouse.channels.email.dkim_keys import ED25519, RSA, DkimKeyError, digest_signer, generate_keys
from posthouse.core.templates.model import Sender


def verified(content: bytes) -> list[bool]:
    """What dkimpy says of each signature."""
    count = len(re.findall(rb"(?mi)^DKIM-Signature:", content.partition(b"\r\n\r\n")[0]))
    assert count > 0
    return [dkim.DKIM(content).verify(idx=number, dnsfunc=dnsfunc()) for number in range(count)]


def signed(**fields: object) -> bytes:
    return composer().compose(Letter(), inline(**fields), None, identity(), {}).content


def test_both_signatures_verify() -> None:
    """A mail carries an RSA and an Ed25519 signature, and dkimpy takes both."""
    content = signed(html="<p>Grüße</p>", subject="Äpfel " * 30, cc=(Sender("b@c.example", "B, C"),))
    assert verified(content) == [True, True]
    assert content.index(b"a=rsa-sha256") < content.index(b"a=ed25519-sha256")


@settings(max_examples=40, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.text("abc  ,é", max_size=60),
)
def test_any_content_verifies(subject: str, html: str, name: str) -> None:
    """Whatever is in the mail, its signatures hold."""
    content = composer().compose(
        Letter(recipient_name=name), inline(subject=subject, html=html, headers={"X-A": "b  c"}), None, identity(), {}
    )
    assert verified(content.content) == [True, True]


MAIL = signed(html="<p>Your order 7 costs 12.00</p>", reply_to=Sender("help@shop.example"), headers={"X-Order": "7"})
HEAD_END = MAIL.index(b"\r\n\r\n")
FROM = MAIL.index(b"\r\nFrom:") + 2


@settings(max_examples=80, deadline=None)
@given(st.integers(FROM, len(MAIL) - 1), st.sampled_from(b"abXY09<>@.="))
def test_any_tampering_breaks_them(place: int, letter: int) -> None:
    """One changed character in a signed field or in the body, and neither signature holds."""
    if MAIL[place : place + 1].isspace() or letter == MAIL[place]:
        return
    changed = MAIL[:place] + bytes([letter]) + MAIL[place + 1 :]
    head_name = _in_field_name(place)
    if head_name and bytes([letter]).lower() == MAIL[place : place + 1].lower():
        return  # the case of a field's name does not count (RFC 6376 §3.4.2)
    try:
        results = verified(changed)
    except dkim.DKIMException:
        return
    assert results == [False, False]


def _in_field_name(place: int) -> bool:
    start = MAIL.rfind(b"\r\n", 0, place) + 2
    return place < HEAD_END and MAIL[start : start + 1] != b" " and b":" not in MAIL[start:place]


@pytest.mark.parametrize("name", ["From", "To", "Cc", "Subject", "Date", "Reply-To", "Message-ID", "Content-Type"])
def test_nobody_can_add_a_second_field(name: str) -> None:
    """Fields that readers look at are signed once more than they occur, so one put on top or below breaks the signature."""
    for place in (0, HEAD_END + 2):
        try:
            results = verified(MAIL[:place] + f"{name}: evil@evil.example\r\n".encode() + MAIL[place:])
        except dkim.DKIMException:
            continue  # two From fields are refused outright
        assert results == [False, False]


def test_what_servers_do_on_the_way_is_harmless() -> None:
    """Trace fields on top, other blanks and other folds leave the signatures valid."""
    travelled = b"Return-Path: <x@y.example>\r\nReceived: from a\r\n\tby b; Sun\r\n" + MAIL
    assert verified(travelled) == [True, True]
    refolded = MAIL.replace(b"From: The Shop <shop@", b"from:  The\r\n\t Shop   <shop@")
    assert refolded != MAIL
    assert verified(refolded + b"\r\n\r\n") == [True, True]


def test_time_and_lifetime() -> None:
    """``t=`` is the time of signing, ``x=`` only there when asked for."""
    headers = [("From", "a@shop.example"), ("Subject", "x")]
    (_, value), _ = signer()(headers, b"Hi\r\n")
    assert f" t={NOW // 1_000_000};" in value
    assert " x=" not in value
    (_, value), _ = signer(lifetime=604_800)(headers, b"Hi\r\n")
    assert f" t={NOW // 1_000_000}; x={NOW // 1_000_000 + 604_800};" in value


def test_fields_that_occur_twice() -> None:
    """For submitted mail: several fields of one name are signed from the last up, and bytes that are not ours canonicalised."""
    body = b"a \t b  \r\n.\r\n\r\n\r\n"
    headers = [("From", "a@shop.example"), ("X-Two", "one"), ("x-two", "two\r\n\tfolded  "), ("To", "c@d.example")]
    fields = signer()(headers, relaxed_body(body))
    content = "".join(f"{name}: {value}\r\n" for name, value in fields + headers).encode() + b"\r\n" + body
    assert verified(content) == [True, True]
    assert verified(content.replace(b"X-Two: one", b"X-Two: six")) == [False, False]


@settings(max_examples=120, deadline=None)
@given(st.text("a \t\r\n.", max_size=40).map(str.encode))
def test_canonical_body_agrees_with_dkimpy(body: bytes) -> None:
    """Our relaxed body is dkimpy's for any bytes with proper line ends."""
    body = re.sub(rb"\r\n|\r|\n", b"\r\n", body + b"\n")
    assert relaxed_body(body) == dkim.canonicalization.Relaxed.canonicalize_body(body)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ab \t", max_size=8), max_size=4))
def test_canonical_header_agrees_with_dkimpy(pieces: list[str]) -> None:
    """Our relaxed field is dkimpy's for any folds and blanks."""
    value = "\r\n ".join(pieces)
    theirs = dkim.canonicalization.Relaxed.canonicalize_headers([(b"SubJect ", b" " + value.encode() + b"\r\n")])
    name, text = theirs[0]
    assert relaxed_header("SubJect ", " " + value).encode() == name + b":" + text.removesuffix(b"\r\n")


RFC_8463_BODY = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
RFC_8463_FIELDS = [
    ("From", "Joe SixPack <joe@football.example.com>"),
    ("To", "Suzie Q <suzie@shopping.example.net>"),
    ("Subject", "Is dinner ready?"),
    ("Date", "Fri, 11 Jul 2003 21:00:37 -0700 (PDT)"),
    ("Message-ID", "<20030712040037.46341.5F8J@football.example.com>"),
]
RFC_8463_ED25519 = (
    "v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="
)
RFC_8463_ED25519_SIGNATURE = "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
RFC_8463_RSA = (
    "v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="
)
RFC_8463_RSA_SIGNATURE = (
    "F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz"
    "dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8="
)
RFC_8463_RSA_PUBLIC = (
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutAC"
    "DfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
)


def rfc_8463_digest(value: str) -> bytes:
    lines = "".join(relaxed_header(name, text) + "\r\n" for name, text in RFC_8463_FIELDS).encode()
    return hashlib.sha256(lines + canonical_signature(value)).digest()


def test_rfc_8463_body_hash() -> None:
    """Appendix A.3: the body hash."""
    assert body_hash(relaxed_body(RFC_8463_BODY)) == "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="


def test_rfc_8463_ed25519() -> None:
    """Appendix A: the key of A.1 makes the signature of A.3 (Ed25519 is deterministic)."""
    private = ed25519.Ed25519PrivateKey.from_private_bytes(
        base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    )
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made = digest_signer(ED25519, der)(rfc_8463_digest(RFC_8463_ED25519))
    assert base64.b64encode(made).decode() == RFC_8463_ED25519_SIGNATURE


def test_rfc_8463_rsa() -> None:
    """Appendix A: the RSA signature of A.3 is over what we hash."""
    key = serialization.load_der_public_key(base64.b64decode(RFC_8463_RSA_PUBLIC))
    assert isinstance(key, rsa.RSAPublicKey)
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

    key.verify(
        base64.b64decode(RFC_8463_RSA_SIGNATURE),
        rfc_8463_digest(RFC_8463_RSA),
        padding.PKCS1v15(),
        Prehashed(hashes.SHA256()),
    )


def rsa_der(bits: int) -> bytes:
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def weak_der() -> bytes:
    """An RSA key of 768 bits, which libraries no longer make."""
    source = random.Random(8301)

    def prime() -> int:
        while True:
            number = source.getrandbits(384) | 3 << 382 | 1
            if number % 65537 != 1 and all(pow(base, number - 1, number) == 1 for base in (2, 3, 5, 7)):
                return number

    p, q = prime(), prime()
    d = pow(65537, -1, (p - 1) * (q - 1))
    public = rsa.RSAPublicNumbers(65537, p * q)
    crt = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
    return (
        rsa.RSAPrivateNumbers(p, q, d, *crt, public)
        .private_key()
        .private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def test_weak_keys_are_refused() -> None:
    """No receiver takes a signature of less than 1024 bits (RFC 8301), so we make none."""
    with pytest.raises(DkimKeyError, match="768 bits"):
        digest_signer(RSA, weak_der())


def test_keys() -> None:
    """Made: RSA of 2048 bits. Taken: 1024 and more, of the kind they say they are."""
    key = serialization.load_der_private_key(keys()[RSA][0], None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert digest_signer(RSA, rsa_der(1024))(bytes(32))
    for algorithm, private in (
        (ED25519, keys()[RSA][0]),
        (RSA, keys()[ED25519][0]),
        (RSA, b"x"),
        ("md5", rsa_der(1024)),
    ):
        with pytest.raises(DkimKeyError):
            digest_signer(algorithm, private)
    with pytest.raises(DkimKeyError, match="is not a DKIM algorithm"):
        generate_keys("rsa-sha1")
