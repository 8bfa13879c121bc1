"""What `posthouse config` may show."""

import msgspec
import pytest

from posthouse.config import load
from posthouse.config.show import shown, without_password


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://posthouse:hunter2@db.example/posthouse",
        "postgresql://posthouse:hun@ter2@db.example/posthouse",
        "postgresql:///posthouse?host=db.example&password=hunter2&user=a",
        "postgresql://u:hunter2@h/d?sslpassword=hunter2",
    ],
)
def test_passwords_are_taken_out_of_addresses(url: str) -> None:
    """However the password is written, it is not shown; the rest is."""
    told = without_password(url)
    assert "hunter2" not in told
    assert "ter2" not in told
    assert told.startswith("postgresql://")


def test_secrets_are_hidden_and_the_rest_is_not() -> None:
    """Every setting is listed with its place of origin; no secret among them."""
    environ = {
        "POSTHOUSE_SECRET_KEY": "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISE=",
        "POSTHOUSE_DATABASE": "postgresql://u:hunter2@h/d",
        "POSTHOUSE_HTTP_PORT": "1234",
    }
    text = msgspec.json.encode(shown(load(environ=environ))).decode()
    assert "c2VjcmV0" not in text
    assert "hunter2" not in text
    assert "1234" in text
