"""One signed request to an endpoint."""

from typing import Final

from posthouse.core.kernel.clock import SECOND, Clock
from posthouse.core.webhooks import signing
from posthouse.core.webhooks.model import Endpoint, Posted
from posthouse.core.webhooks.ports import Poster
from posthouse.core.workspaces.ports import SecretBox

PURPOSE: Final = "webhook"
"""What secrets are sealed for (see SecretBox)."""


class Requests:
    """Signs and posts.

    Args:
        poster: makes the request.
        box: opens secrets.
        clock: tells the time, which is signed.
    """

    def __init__(self, poster: Poster, box: SecretBox, clock: Clock) -> None:
        self._poster = poster
        self._box = box
        self._clock = clock

    async def post(self, endpoint: Endpoint, event: str, body: bytes) -> Posted:
        """Posts one event with the signatures of all secrets that are still good."""
        now = self._clock.now()
        secrets = [
            self._box.open(one.sealed, purpose=PURPOSE)
            for one in endpoint.secrets
            if one.ends_at is None or one.ends_at > now
        ]
        signed = signing.headers(secrets, event, now // SECOND, body)
        headers = {"content-type": "application/json", "user-agent": "Posthouse-Webhooks/1", **signed}
        return await self._poster.post(endpoint.url, headers, body)
