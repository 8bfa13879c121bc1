"""Webhook endpoints as JSON."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from posthouse.core.kernel import ids
from posthouse.core.kernel.moments import show_moment
from posthouse.core.messages.stream import show_cursor
from posthouse.core.webhooks.model import Attempt, Endpoint, Line
from posthouse.core.webhooks.service import Made, Replay
from posthouse.http.schemas.events import EventId
from posthouse.http.schemas.messages import Mode, Moment

EndpointName = Annotated[str, Meta(examples=["shop"])]
Url = Annotated[str, Meta(examples=["https://shop.example/hooks/posthouse"], max_length=2000)]
Types = Annotated[
    tuple[str, ...], Meta(description="Types of events, see docs/reference/events.md; none: all.", max_length=50)
]
Templates = Annotated[tuple[str, ...], Meta(description="Keys of templates; none: all.", max_length=50)]


class NewEndpoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An endpoint to be told what happens from now on, to messages of the key's mode."""

    name: EndpointName
    url: Url
    types: Types = ()
    templates: Templates = ()
    description: Annotated[str, Meta(max_length=500)] = ""


class EndpointChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays."""

    url: Url | UnsetType = UNSET
    types: Types | UnsetType = UNSET
    templates: Templates | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=500)] | UnsetType = UNSET


class EndpointAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint and where it stands."""

    id: Annotated[str, Meta(pattern="^whk_[0-9a-z]{26}$")]
    name: EndpointName
    url: Url
    mode: Mode
    types: Types
    templates: Templates
    description: str
    created_at: Moment
    state: Annotated[
        Literal["active", "failing", "paused"], Meta(description="failing: it took nothing since `failing_since`.")
    ]
    paused_because: Annotated[
        str | None, Meta(description="manual, gone (it answered 410) or failing (for three days).")
    ]
    paused_at: Moment | None
    failing_since: Moment | None
    last_success_at: Moment | None
    waiting: Annotated[int, Meta(description="Events that will be tried again.")]
    next_attempt_at: Moment | None
    cursor: Annotated[EventId, Meta(description="Up to here everything was tried at least once.")]
    old_secret_until: Annotated[Moment | None, Meta(description="Until when a rotated secret signs too.")]


class EndpointList(msgspec.Struct, frozen=True):
    """All endpoints, oldest first."""

    items: list[EndpointAnswer]


class MadeEndpoint(msgspec.Struct, frozen=True):
    """The endpoint and its secret, which is shown only here."""

    endpoint: EndpointAnswer
    secret: Annotated[str, Meta(pattern="^whsec_", examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])]


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long the old secret goes on signing beside the new one."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=2_592_000)] = 86_400


class ReplayOf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which events: one, or those after one (``after``) and up to another (``until``, default: the newest)."""

    event: EventId | None = None
    after: EventId | None = None
    until: EventId | None = None


class ReplayAnswer(msgspec.Struct, frozen=True):
    """How many events will be told again. ``next`` is the ``after`` of the following call, null when that was all."""

    events: int
    next: EventId | None


class AttemptAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt: request and answer, trimmed, without the signature."""

    id: Annotated[str, Meta(pattern="^att_[0-9a-z]{26}$")]
    event: str
    type: str
    at: Moment
    attempt: int
    result: Literal["delivered", "failed", "given_up", "gone"]
    status: int | None
    error: str
    milliseconds: float
    request: str
    answer: str
    next_attempt_at: Moment | None


class AttemptPage(msgspec.Struct, frozen=True):
    """A page of the log, newest first. ``next`` is the ``cursor`` of the following page, null on the last."""

    items: list[AttemptAnswer]
    next: str | None


def endpoint(found: Endpoint, line: Line) -> EndpointAnswer:
    """An endpoint; nothing of its secrets."""
    state: Literal["active", "failing", "paused"] = (
        "paused" if line.paused else "failing" if line.failing_since is not None else "active"
    )
    ending = [one.ends_at for one in found.secrets if one.ends_at is not None]
    return EndpointAnswer(
        id=ids.show(ids.WEBHOOK, found.id),
        name=found.name,
        url=found.url,
        mode="live" if found.live else "test",
        types=tuple(kind.word for kind in found.types),
        templates=found.templates,
        description=found.description,
        created_at=show_moment(found.created_at),
        state=state,
        paused_because=line.paused.value if line.paused else None,
        paused_at=_moment(line.paused_at),
        failing_since=_moment(line.failing_since),
        last_success_at=_moment(line.succeeded_at),
        waiting=line.waiting,
        next_attempt_at=_moment(line.next_at) if line.paused is None else None,
        cursor=show_cursor(line.cursor),
        old_secret_until=_moment(max(ending, default=None)),
    )


def made(new: Made, line: Line) -> MadeEndpoint:
    """A new endpoint, or a new secret."""
    return MadeEndpoint(endpoint(new.endpoint, line), new.secret)


def attempt(one: Attempt) -> AttemptAnswer:
    """A line of the log."""
    return AttemptAnswer(
        id=ids.show(ids.ATTEMPT, one.id),
        event=one.event,
        type=one.type,
        at=show_moment(one.at),
        attempt=one.number,
        result=one.result.value,
        status=one.status,
        error=one.error,
        milliseconds=one.microseconds / 1000,
        request=one.request,
        answer=one.answer,
        next_attempt_at=_moment(one.next_at),
    )


def replay(found: Replay) -> ReplayAnswer:
    """What a replay came to."""
    return ReplayAnswer(found.events, None if found.more is None else show_cursor(found.more))


def _moment(instant: int | None) -> str | None:
    return None if instant is None else show_moment(instant)
