"""What the room of webhooks needs from outside."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from posthouse.core.kernel.ids import Id
from posthouse.core.webhooks.model import Attempt, Endpoint, Filter, Line, Pause, Posted, Step, Waiting


class WebhookStore(Protocol):
    """Endpoints (every change of one raises the settings generation), their lines, and the log."""

    async def add_endpoint(self, endpoint: Endpoint, cursor: int) -> None:
        """Keeps a new endpoint whose line begins behind ``cursor``. ConflictError when the name is taken."""
        ...

    async def endpoints(self, workspace_id: Id | None) -> list[tuple[Endpoint, Line]]:
        """Those of a workspace, or of all; oldest first."""
        ...

    async def update_endpoint(self, before: Endpoint, after: Endpoint) -> None:
        """Replaces its settings. NotFoundError when there is none, ConflictError when they are not ``before`` any more."""
        ...

    async def remove_endpoint(self, workspace_id: Id, endpoint_id: Id) -> None:
        """Forgets it, its line and its log. NotFoundError when there is none."""
        ...

    async def pause_endpoint(self, endpoint_id: Id, why: Pause | None, now: int) -> None:
        """Pauses, or (None) lets it go on: whatever waits is due now, and its three days begin anew."""
        ...

    async def hold_line(self, endpoint_id: Id, token: int, now: int, until: int) -> bool:
        """Takes or keeps the right to deliver to an endpoint. False: another process has it, or the endpoint is paused or gone."""
        ...

    async def let_line_go(self, token: int) -> None:
        """Gives back all lines of a holder."""
        ...

    async def due(self, endpoint_id: Id, now: int, limit: int) -> list[Waiting]:
        """Events of an endpoint whose time has come, by ``seq``."""
        ...

    async def keep_step(self, endpoint_id: Id, token: int, step: Step, now: int) -> int | None:
        """Keeps what a turn changed, in one transaction; how many events wait now. None: the line is not ours any more, nothing was kept."""
        ...

    async def ask_again(self, endpoint_id: Id, seqs: Sequence[int], now: int) -> None:
        """Makes events due now, whether they were delivered before or not."""
        ...

    async def add_attempt(self, attempt: Attempt) -> None:
        """Adds to the log alone (a test)."""
        ...

    async def attempts(self, workspace_id: Id, which: Filter) -> list[Attempt]:
        """The log, newest first."""
        ...

    async def purge_attempts(self, before: Id, limit: int) -> int:
        """Forgets up to so many attempts older than an identifier; how many."""
        ...


class Poster(Protocol):
    """Makes one request."""

    def check(self, url: str) -> str:
        """What is wrong with a URL, in words; empty: nothing."""
        ...

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Posted:
        """POSTs; never raises for what the other side does."""
        ...

    async def close(self) -> None:
        """Lets connections go."""
        ...
