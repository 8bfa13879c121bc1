"""Providers, routes, and what passes between the queue, the dispatcher and a provider."""

from typing import Any, NamedTuple

import msgspec

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel, Event, EventType, Lane, Status
from posthouse.core.suppressions.model import Bounce
from posthouse.core.templates.model import UnknownPolicy


class ProviderRow(msgspec.Struct, frozen=True):
    """A configured way out for one channel. ``secret`` is sealed (SecretBox, purpose ``provider``), JSON inside."""

    id: Id
    workspace_id: Id
    name: str
    channel: Channel
    kind: str
    """``smtp``, ``mx``, ``sandbox``."""
    settings: dict[str, Any]
    created_at: int
    secret: bytes = b""
    enabled: bool = True


class RouteStep(msgspec.Struct, frozen=True):
    """One provider of a route. Steps of equal ``position`` share by ``weight``; higher positions are the fallback."""

    provider_id: Id
    position: int = 0
    weight: int = 1


class Route(msgspec.Struct, frozen=True):
    """Which providers carry a channel of a workspace, in what order or weight."""

    workspace_id: Id
    channel: Channel
    steps: tuple[RouteStep, ...]


class Claimed(msgspec.Struct):
    """A message that this dispatcher holds under a lease, with all that building it needs."""

    id: Id
    workspace_id: Id
    flow: int
    live: bool
    channel: Channel
    lane: Lane
    template_id: Id | None
    release_id: Id | None
    locale: str
    recipient: str
    recipient_name: str
    variables: bytes
    extras: bytes | None
    created_at: int
    due_at: int
    expires_at: int | None
    policy: UnknownPolicy
    tags: tuple[str, ...]
    attempts: int
    """Attempts that were recorded before this one."""
    lease: int
    """Fencing token: only its holder may send and record."""
    in_doubt: bool
    """True when an earlier lease ran out: what its holder did is not known."""


class Settlement(msgspec.Struct):
    """How one claimed message goes on, recorded in one transaction with its events and counters.

    ``status`` is final, or one of QUEUED (give back), DEFERRED (``next_at``) and HELD. It takes effect only while ``lease``
    is still the row's lease; a former holder's events are kept with ``late: true`` but nothing else changes.
    """

    message_id: Id
    workspace_id: Id
    lease: int
    status: Status
    at: int
    attempts: int
    events: tuple[Event, ...]
    next_at: int | None = None
    provider_id: Id | None = None
    provider_kind: str = ""
    """Of the provider that had the last word, '' when none was asked: for the metrics, not recorded."""
    tried: tuple[tuple[str, str], ...] = ()
    """Kind and outcome of the providers that failed before it was asked: for the metrics too."""
    template_id: Id | None = None
    channel: Channel = Channel.EMAIL
    lane: Lane = Lane.NORMAL
    live: bool = True
    bounces: tuple[Bounce, ...] = ()
    """What the other side said about people: learnt before this is recorded."""


class LaneDepth(msgspec.Struct, frozen=True):
    """What waits in a lane: how many are due or leased, how many are for later, when the oldest due one was due."""

    lane: Lane
    ready: int
    later: int
    held: int
    oldest_due_at: int | None


class CounterKey(NamedTuple):
    """What events are counted by. Shards and providers are summed: every part can be told from the events alone."""

    workspace_id: Id
    hour: int
    """Microseconds since the epoch, divided by 3.6e9."""
    template: str
    """The template's identifier in hexadecimal, '' for none."""
    channel: Channel
    lane: Lane
    live: bool
    type: EventType


class SandboxMessage(msgspec.Struct, frozen=True):
    """What the sandbox provider kept of one message. ``content`` is empty in lists."""

    message_id: Id
    workspace_id: Id
    at: int
    sender: str
    recipients: tuple[str, ...]
    content: bytes = b""
