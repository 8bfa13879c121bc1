"""Who has unsubscribed, told from the events alone: the last word of a person about a workspace's commercial mail."""

from posthouse.core.kernel.ids import Id
from posthouse.core.messages.model import Channel
from posthouse.core.tracking.ports import TrackingStore


class EventOptOuts:
    """Opt-outs as the events have them (ports.OptOuts): what the doors record is all there is to keep.

    Args:
        store: where events are.
    """

    def __init__(self, store: TrackingStore) -> None:
        self._store = store

    async def unsubscribe(
        self, workspace_id: Id, channel: Channel, address: str, *, message_id: Id | None = None, evidence: str = ""
    ) -> None:
        """Nothing to do: the event that follows says it."""

    async def resubscribe(
        self, workspace_id: Id, channel: Channel, address: str, *, message_id: Id | None = None
    ) -> bool:
        """Whether there is anything to take back."""
        del message_id
        return await self.is_out(workspace_id, channel, address)

    async def is_out(self, workspace_id: Id, channel: Channel, address: str) -> bool:
        """Whether the person's last word was to unsubscribe."""
        return await self._store.opted_out(workspace_id, channel, address)
