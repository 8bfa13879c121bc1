"""A sandbox in memory."""

from collections.abc import Sequence

from posthouse.core.delivery.model import SandboxMessage


class FakeSandbox:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.rows: dict[bytes, SandboxMessage] = {}

    async def keep_sandbox(
        self, message_id: bytes, workspace_id: bytes, at: int, sender: str, recipients: Sequence[str], content: bytes
    ) -> None:
        self.rows[message_id] = SandboxMessage(message_id, workspace_id, at, sender, tuple(recipients), content)

    async def sandbox_list(self, workspace_id: bytes, limit: int, before: bytes | None) -> list[SandboxMessage]:
        rows = sorted(self.rows.values(), key=lambda row: row.message_id, reverse=True)
        found = [
            row for row in rows if row.workspace_id == workspace_id and (before is None or row.message_id < before)
        ]
        return found[:limit]

    async def sandbox_message(self, workspace_id: bytes, message_id: bytes) -> SandboxMessage | None:
        row = self.rows.get(message_id)
        return row if row is not None and row.workspace_id == workspace_id else None
