"""Signatures after the Standard Webhooks specification, judged by its own library and vector."""

import json
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from posthouse.core.webhooks import signing

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_the_vector_of_the_specification() -> None:
    """Secret, id, timestamp and body of the specification's example give its signature."""
    found = signing.signature(
        signing.read_secret(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_reference_library_accepts_what_we_sign_and_nothing_else() -> None:
    """With either secret of a rotation; not with another body, id, time or secret."""
    now = int(datetime.now(tz=UTC).timestamp())
    new, old, body = b"n" * 32, b"o" * 32, b'{"type": "message.sent"}'
    headers = signing.headers([new, old], "evt_1", now, body)
    for secret in (new, old):
        assert Webhook(signing.show_secret(secret)).verify(body, headers) == json.loads(body)
    for wrong in ({"webhook-id": "evt_2"}, {"webhook-timestamp": str(now - 1)}):
        with pytest.raises(WebhookVerificationError):
            Webhook(signing.show_secret(new)).verify(body, headers | wrong)
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.show_secret(new)).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(signing.show_secret(b"x" * 32)).verify(body, headers)


@pytest.mark.parametrize("word", ["", "whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_#" * 9])
def test_what_is_no_secret_is_refused(word: str) -> None:
    """Instead of signing with nothing."""
    with pytest.raises(ValueError, match="not a webhook secret"):
        signing.read_secret(word)
