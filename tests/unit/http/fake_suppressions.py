"""A suppression list in memory."""

from collections.abc import Sequence

from posthouse.core.messages.model import Channel
from posthouse.core.suppressions.model import Action, LogEntry, Suppression, SuppressionQuery


class FakeSuppressions:
    """A list in memory: what SuppressionStore promises, as far as people use it."""

    def __init__(self) -> None:
        self.rows: list[Suppression] = []
        self.log: list[LogEntry] = []

    async def suppression_generation(self) -> int:
        return len(self.log)

    async def suppress(self, entries: Sequence[Suppression], softs: Sequence[object] = ()) -> list[Suppression]:
        new = []
        for entry in entries:
            old = next((row for row in self.rows if _identity(row) == _identity(entry)), None)
            if old is None or entry.reaches_beyond(old):
                self.rows = [row for row in self.rows if row is not old] + [entry]
                self.log.append(
                    LogEntry(entry.id, entry.created_at, Action.ADDED if old is None else Action.CHANGED, entry)
                )
                new.append(entry)
        return new

    async def unsuppress(self, entries: Sequence[Suppression]) -> list[Suppression]:
        gone = [row for row in self.rows if any(_identity(row) == _identity(entry) for entry in entries)]
        self.rows = [row for row in self.rows if row not in gone]
        self.log += [LogEntry(entry.id, entry.created_at, Action.REMOVED, entry) for entry in entries]
        return gone

    async def suppressions_of(self, workspace_id: bytes, channel: Channel, address: str) -> list[Suppression]:
        wanted = (workspace_id, channel, address)
        return [row for row in self.rows if (row.workspace_id, row.channel, row.address) == wanted]

    async def suppression(self, workspace_id: bytes, suppression_id: bytes) -> Suppression | None:
        return next((row for row in self.rows if (row.workspace_id, row.id) == (workspace_id, suppression_id)), None)

    async def suppressions(self, query: SuppressionQuery) -> list[Suppression]:
        found = [
            row
            for row in sorted(self.rows, key=lambda row: row.id, reverse=True)
            if row.workspace_id == query.workspace_id
            and query.channel in (None, row.channel)
            and query.address in (None, row.address)
            and query.reason in (None, row.reason)
            and query.covers in (None, row.covers)
            and (query.before is None or row.id < query.before)
        ]
        return found[: query.limit]

    async def suppression_log(self, workspace_id: bytes, channel: Channel, address: str, limit: int) -> list[LogEntry]:
        return [one for one in reversed(self.log) if one.suppression.address == address][:limit]

    async def suppressed_after(self, place: object, limit: int) -> list[tuple[int, bytes, bytes, int, str]]:
        return []

    async def purge_soft_bounces(self, before: int) -> int:
        return 0


def _identity(entry: Suppression) -> tuple[object, ...]:
    return (entry.workspace_id, entry.channel, entry.address, entry.covers, entry.reason)
