"""Return paths."""

import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.channels.email.kit import MESSAGE_ID

from posthouse.channels.email.verp import ReturnPaths

PATHS = ReturnPaths(b"0123456789abcdef")
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=16), st.randoms(use_true_random=False))
def test_comes_back_whatever_the_case(message_id: bytes, random) -> None:
    """A return path names its message, even when servers changed its letters' case."""
    address = PATHS.make(message_id, "bounces.shop.example")
    assert len(address.partition("@")[0]) <= 64
    mangled = "".join(random.choice((letter.upper(), letter)) for letter in address)
    assert PATHS.parse(address) == PATHS.parse(mangled) == message_id


@settings(deadline=None)
@given(st.integers(0, 33), st.sampled_from(ALPHABET))
def test_cannot_be_forged(place: int, letter: str) -> None:
    """One changed letter, or another key, and it is not ours."""
    local, _, host = PATHS.make(MESSAGE_ID, "b.example").partition("@")
    token = local.removeprefix("bounce+")
    forged = token[:place] + letter + token[place + 1 :]
    assert (PATHS.parse(f"bounce+{forged}@{host}") == MESSAGE_ID) is (forged == token)
    assert ReturnPaths(b"another key 0123").parse(f"{local}@{host}") is None


@pytest.mark.parametrize(
    "address", ["", "bounce@b.example", "bounce+x@b.example", "ann@b.example", "bounce+" + "z" * 34 + "@b.example"]
)
def test_other_addresses_are_not_ours(address: str) -> None:
    """Anything else is None, not an error."""
    assert PATHS.parse(address) is None


def test_short_keys_are_refused() -> None:
    """A guessable key is a defect of the configuration."""
    with pytest.raises(ValueError, match="16 bytes"):
        ReturnPaths(b"short")


@pytest.mark.parametrize("key", [b"0123456789abcdef", bytes(range(64)), b"k" * 65, b"k" * 200])
def test_the_mac_is_hmac_sha_256(key: bytes) -> None:
    """Return paths that are out in the world stay valid: 40 bits of RFC 2104, whatever the length of the key."""
    message_id = bytes(range(16))
    value = int.from_bytes(hmac.digest(key, b"return-path\0" + message_id, hashlib.sha256)[:5], "big")
    alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
    mac = "".join([alphabet[(value >> shift) & 31] for shift in range(35, -1, -5)])
    assert ReturnPaths(key).make(message_id, "bounces.shop.example").partition("@")[0][-8:] == mac
