"""What the room of delivery needs from outside."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from posthouse.core.delivery.model import Claimed, CounterKey, LaneDepth, ProviderRow, Route, SandboxMessage, Settlement
from posthouse.core.delivery.outcomes import Outcome
from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Lane


class QueueStore(Protocol):
    """The queue as a dispatcher sees it. All statements are set-based; none costs more with a longer queue."""

    async def claim(self, lanes: Sequence[tuple[Lane, int]], *, now: int, until: int, lease: int) -> list[Claimed]:
        """Takes messages that are due under a lease until ``until``.

        ``lanes`` says how many of each lane at most, in order. Within a lane the flows (workspace and source) share evenly; within
        a flow the longest due comes first. Due is ``available_at <= now``; a row whose lease has run out is due and comes back
        with ``in_doubt``. Every row taken gets ``lease`` (63 bits, never used before) as its fencing token.
        """
        ...

    async def extend(self, held: Sequence[tuple[Id, int]], until: int) -> set[Id]:
        """Renews leases (message, token); answers the messages that are no longer ours."""
        ...

    async def record(self, batch: Sequence[Settlement]) -> list[bool]:
        """Records settlements in ONE transaction; True for each that took effect (see Settlement)."""
        ...

    async def next_due(self, now: int) -> int | None:
        """The soonest instant after ``now`` at which something that is not held may be claimed, None when nothing waits."""
        ...

    async def depth(self, now: int) -> list[LaneDepth]:
        """Exact up to 10,000 a lane, an estimate beyond; milliseconds on any queue."""
        ...

    async def wake(self, seconds: float) -> bool:
        """Waits until somebody accepted or released a message, or the seconds are over. False: the time was over."""
        ...

    async def hold_before(self, instant: int, at: int) -> int:
        """Holds every pending message created before an instant (after a restore); how many."""
        ...

    async def release_held(self, workspace_id: Id | None, message_ids: Sequence[Id] | None, at: int) -> int:
        """Lets held messages go (None: all); how many."""
        ...


class DeliveryStore(Protocol):
    """Providers and routes. Changes raise the settings generation."""

    async def add_provider(self, provider: ProviderRow) -> None:
        """Keeps a provider. ConflictError when the workspace has one of that name."""
        ...

    async def providers(self, workspace_id: Id) -> Sequence[ProviderRow]:
        """All providers of a workspace, oldest first."""
        ...

    async def update_provider(self, provider: ProviderRow) -> None:
        """Replaces settings, secret and enabled. NotFoundError when there is none."""
        ...

    async def remove_provider(self, workspace_id: Id, name: str) -> None:
        """Forgets a provider and takes it out of the routes. NotFoundError when there is none."""
        ...

    async def routes(self, workspace_id: Id) -> Sequence[Route]:
        """The routes of a workspace (none: every enabled provider of the channel, in the order they were added)."""
        ...

    async def save_route(self, route: Route) -> None:
        """Replaces the route of a channel; no steps: back to the default."""
        ...


class SandboxStore(Protocol):
    """What the sandbox provider delivered, for its mailbox page: the newest 1,000 of each workspace."""

    async def keep_sandbox(
        self, message_id: Id, workspace_id: Id, at: int, sender: str, recipients: Sequence[str], content: bytes
    ) -> None:
        """Keeps one delivery; the same message again replaces it. The oldest beyond 1,000 go."""
        ...

    async def sandbox_list(self, workspace_id: Id, limit: int, before: Id | None) -> list[SandboxMessage]:
        """Newest first by message identifier, without their content; ``before`` is the paging cursor."""
        ...

    async def sandbox_message(self, workspace_id: Id, message_id: Id) -> SandboxMessage | None:
        """One of them with its content."""
        ...


class MaintenanceStore(Protocol):
    """What the scheduler, the operator and the invariants' tests need."""

    async def ping(self) -> None:
        """Proves that the store answers and can be written to. UnavailableError when it cannot."""
        ...

    async def check_durability(self) -> None:
        """Raises a PosthouseError when what is answered as kept could be lost in a power cut."""
        ...

    async def backup(self, path: Path) -> None:
        """Writes a consistent copy while work goes on.

        ConflictError when the path exists or the database has its own tool for it.
        """
        ...

    async def epoch(self) -> int:
        """The restore marker: 0 until somebody sets it."""
        ...

    async def set_epoch(self, number: int) -> None:
        """Sets the restore marker."""
        ...

    async def advance_idempotency_generation(self) -> int:
        """Counts one more hour on the monotonic clock; the number keys are kept under from now on."""
        ...

    async def purge_idempotency(self, older_than_generation: int) -> int:
        """Forgets keys of earlier generations, in small transactions; how many."""
        ...

    async def counters(self, workspace_id: Id | None = None) -> dict[CounterKey, int]:
        """The events counted as they were written."""
        ...

    async def recount(self, workspace_id: Id | None = None) -> dict[CounterKey, int]:
        """The same counted from the events themselves (walks all of them): equal to :meth:`counters`, always."""
        ...

    async def misplaced(self) -> int:
        """Messages that are not in exactly one of queue and states (walks everything): 0, always."""
        ...

    async def clock_reading(self) -> int | None:
        """The store's own clock (microseconds since the epoch) where it has one apart from this machine's."""
        ...


class Flight(Protocol):
    """One attempt's black box: it survives the death of the process (not of the machine)."""

    def may_begin(self) -> bool:
        """Asked immediately before the first byte of the message leaves. False: the lease is gone, do not send."""
        ...

    def committed(self) -> None:
        """Said immediately before the byte that may cause delivery leaves (the final dot). From here on a crash is in doubt."""
        ...


class Provider(Protocol):
    """A way out that is up. One object serves many sends at a time."""

    row: ProviderRow
    concurrency: int
    """How many sends at a time it can use (connections)."""
    loopback: bool
    """Whether it only reaches this machine (manual domain verification is good enough for it)."""

    async def send(self, outbound: Any, flight: Flight) -> Outcome:
        """One attempt. Never raises for what the other side does; a defect of ours may raise, which counts as Deferred."""
        ...

    async def close(self) -> None:
        """Says goodbye to the other side and lets go of everything."""
        ...


class ProviderFactory(Protocol):
    """Makes providers from rows."""

    def __call__(self, row: ProviderRow, secret: dict[str, Any]) -> Provider:
        """ValidationError when the settings are wrong, pointer by field."""
        ...
