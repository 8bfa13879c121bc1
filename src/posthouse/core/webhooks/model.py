"""Endpoints, where each stands in the stream, and what became of each attempt."""

import enum
from typing import Any

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import EventType


class Secret(msgspec.Struct, frozen=True):
    """One signing secret of an endpoint. ``sealed`` is what SecretBox made of its bytes (purpose ``webhook``)."""

    sealed: bytes
    created_at: int
    ends_at: int | None = None
    """When it stops signing: the overlap after a rotation. None: it is the present one."""


class Endpoint(msgspec.Struct, frozen=True):
    """An address of somebody else that is told what happens."""

    id: Id
    workspace_id: Id
    name: str
    url: str
    live: bool
    """Of live messages; False: of test messages."""
    created_at: int
    secrets: tuple[Secret, ...]
    """The present one first."""
    types: tuple[EventType, ...] = ()
    """None: all."""
    templates: tuple[str, ...] = ()
    """Keys; none: all."""
    description: str = ""


class Pause(enum.StrEnum):
    """Why an endpoint is told nothing just now. What happens meanwhile is told when it goes on."""

    MANUAL = "manual"
    """Somebody paused it."""
    GONE = "gone"
    """It answered 410 Gone."""
    FAILING = "failing"
    """It took nothing for three days."""


class Line(msgspec.Struct, frozen=True):
    """Where an endpoint stands. Changed by deliveries, and by pausing and resuming."""

    endpoint_id: Id
    cursor: int
    """Up to here events were tried at least once, or did not match."""
    waiting: int = 0
    """Events that will be tried again."""
    next_at: int | None = None
    """When the first of these is due."""
    paused: Pause | None = None
    paused_at: int | None = None
    failing_since: int | None = None
    """Since when every attempt failed; None: the last one went well."""
    succeeded_at: int | None = None


class Waiting(msgspec.Struct, frozen=True):
    """An event that will be tried again, or was asked for again."""

    seq: int
    first_at: int
    """When it was tried for the first time."""
    attempts: int
    next_at: int


class Result(enum.StrEnum):
    """What an attempt came to."""

    DELIVERED = "delivered"
    """A status of 200 to 299."""
    FAILED = "failed"
    """Another status, no answer, no connection: tried again later."""
    GIVEN_UP = "given_up"
    """Failed, and three days were over: not tried again by itself; a replay does."""
    GONE = "gone"
    """410: the endpoint is paused."""


class Posted(msgspec.Struct, frozen=True):
    """What came back, or why nothing did."""

    status: int | None
    body: str = ""
    """The first 1,000 characters."""
    error: str = ""
    """Why there is no status: ``timeout``, ``connection``, ``tls``, ``forbidden-address``, ``protocol``, with words."""
    microseconds: int = 0
    retry_after: int | None = None
    """Microseconds that the endpoint asked us to wait."""


class Attempt(msgspec.Struct, frozen=True):
    """One line of the delivery log: request and answer, trimmed, without secrets."""

    id: Id
    workspace_id: Id
    endpoint_id: Id
    at: int
    event: str
    """``evt_…``; the ``webhook-id``."""
    type: str
    number: int
    """1 for the first attempt."""
    result: Result
    status: int | None
    error: str
    microseconds: int
    request: str
    """The body, its first 4,000 characters."""
    answer: str
    next_at: int | None = None


class Step(msgspec.Struct):
    """What one turn of an endpoint's line changed; kept in one transaction."""

    cursor: int
    attempts: list[Attempt] = []
    again: list[Waiting] = []
    """To be tried (again) later."""
    done: list[int] = []
    """``seq`` of events that wait no longer."""
    paused: Pause | None = None
    failing_since: int | None = None
    succeeded_at: int | None = None
    hurry_since: int | None = None
    """It takes events again: what was first tried then or later is due now. What waited before has had its hurry: it is the event that
    is not taken, and keeps to its schedule."""


class Filter(msgspec.Struct, frozen=True):
    """Which attempts to list, newest first."""

    endpoint_id: Id
    before: Id | None = None
    event: str | None = None
    result: Result | None = None
    limit: int = 50


TEST_TYPE = "webhook.test"
"""The type of the event that only tests an endpoint."""

Document = dict[str, Any]
