"""Webhook endpoints without a store, and requests without a network."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from posthouse.channels.webhooks.poster import HttpPoster
from posthouse.core.kernel.errors import ConflictError
from posthouse.core.webhooks.model import Attempt, Endpoint, Filter, Line, Pause, Posted
from posthouse.core.webhooks.service import WebhookService


class FakePoster(HttpPoster):
    """Judges URLs like the real one; every request is answered with 204."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        return Posted(204, microseconds=1_500)


class FakeWebhookStore:
    """What the management of endpoints needs of WebhookStore, in dictionaries."""

    def __init__(self) -> None:
        self.rows: dict[bytes, tuple[Endpoint, Line]] = {}
        self.log: list[Attempt] = []
        self.again: list[int] = []

    async def add_endpoint(self, endpoint: Endpoint, cursor: int) -> None:
        if any((one.workspace_id, one.name) == (endpoint.workspace_id, endpoint.name) for one, _ in self.rows.values()):
            raise ConflictError("there already")
        self.rows[endpoint.id] = (endpoint, Line(endpoint.id, cursor))

    async def endpoints(self, workspace_id: bytes | None) -> list[tuple[Endpoint, Line]]:
        return [row for row in self.rows.values() if workspace_id in (None, row[0].workspace_id)]

    async def update_endpoint(self, before: Endpoint, after: Endpoint) -> None:
        self.rows[before.id] = (after, self.rows[before.id][1])

    async def remove_endpoint(self, workspace_id: bytes, endpoint_id: bytes) -> None:
        del self.rows[endpoint_id]

    async def pause_endpoint(self, endpoint_id: bytes, why: Pause | None, now: int) -> None:
        endpoint, line = self.rows[endpoint_id]
        self.rows[endpoint_id] = (endpoint, msgspec.structs.replace(line, paused=why, paused_at=now if why else None))

    async def ask_again(self, endpoint_id: bytes, seqs: Sequence[int], now: int) -> None:
        self.again += seqs

    async def add_attempt(self, attempt: Attempt) -> None:
        self.log.append(attempt)

    async def attempts(self, workspace_id: bytes, which: Filter) -> list[Attempt]:
        found = [one for one in self.log[::-1] if one.endpoint_id == which.endpoint_id]
        return [one for one in found if which.before is None or one.id < which.before][: which.limit]


def webhook_service(
    store: FakeWebhookStore, stream: Any, box: Any, entropy: Callable[[int], bytes], **common: Any
) -> WebhookService:
    """The real service over these."""
    return WebhookService(store, stream, FakePoster(1.0), box, entropy=entropy, **common)
